"""`mien retention`: what is kept until when, and the end of what is overdue."""

from __future__ import annotations

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
    """Show when the first of what each grant brought in will be erased."""
    with open_library(home) as library:
        deadlines = library.deadlines()
    if as_json:
        rows = [
            {"grant_id": deadline.grant.grant_id, "erase_at": deadline.erase_at.isoformat()}
            for deadline in deadlines
        ]
        print_json({"deadlines": rows})
        return
    table = Table("Grant", "Grantor", "First erasure")
    for deadline in deadlines:
        erase_at = deadline.erase_at.isoformat(sep=" ", timespec="minutes")
        table.add_row(deadline.grant.grant_id, deadline.grant.grantor, erase_at)
    out.print(table if deadlines else "Nothing is held.")
