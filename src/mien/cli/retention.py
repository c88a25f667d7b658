"""`mien retention`: what is kept until when, and the end of what is overdue."""

from __future__ import annotations

from datetime import datetime

import typer
from rich.table import Table

from mien.cli.erase import describe, print_report
from mien.cli.options import Home, Json, open_library
from mien.cli.output import out, print_json

app = typer.Typer(no_args_is_help=True, help="How long anything is kept.")


@app.command("run")
def run(*, home: Home = None, as_json: Json = False) -> None:
    """Erase what is overdue. Adding, searching and doctor do so too; a timer may call this."""
    with open_library(home) as library:
        report = library.enforce_retention()
    if as_json:
        print_json({"erasure": None} if report is None else describe(report))
    elif report is None:
        out.print("Nothing is overdue.")
    else:
        print_report(report)


@app.command("list")
def list_(*, home: Home = None, as_json: Json = False) -> None:
    """Show when the first of what each grant brought in will be erased, and each collection's."""
    with open_library(home) as library:
        deadlines = library.deadlines()
        in_collections = library.collection_deadlines()
    if as_json:
        rows = [
            {"grant_id": deadline.grant.grant_id, "erase_at": deadline.erase_at.isoformat()}
            for deadline in deadlines
        ]
        collections = [
            {"collection": one.name, "erase_at": one.erase_at.isoformat()} for one in in_collections
        ]
        print_json({"deadlines": rows, "collections": collections})
        return
    table = Table("Grant", "Grantor", "First erasure")
    for deadline in deadlines:
        table.add_row(deadline.grant.grant_id, deadline.grant.grantor, _show(deadline.erase_at))
    out.print(table if deadlines else "Nothing is held.")
    for one in in_collections:
        out.print(f"The first of collection {one.name} goes from it at {_show(one.erase_at)}.")


def _show(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="minutes")
