"""`mien retention`: what is kept until when, and the end of what is overdue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import typer
from rich.table import Table

from mien.cli.erase import describe, print_report
from mien.cli.options import Home, Json, open_library
from mien.cli.output import out, print_json
from mien.service.people import Person

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
    """Show when the first of what each grant and collection holds will go, and what of people."""
    with open_library(home) as library:
        deadlines, people = library.deadlines(), list(library.people())
        in_collections = library.collection_deadlines()
    if as_json:
        rows = [
            {"grant_id": deadline.grant.grant_id, "erase_at": deadline.erase_at.isoformat()}
            for deadline in deadlines
        ]
        collections = [
            {"collection": one.name, "erase_at": one.erase_at.isoformat()} for one in in_collections
        ]
        of_people = [
            {
                "person_id": person.stored.uuid,
                "name": person.stored.name,
                "erase_templates_at": person.templates_until.isoformat(),
                "erase_record_at": person.record_until.isoformat(),
            }
            for person in people
        ]
        print_json({"deadlines": rows, "collections": collections, "people": of_people})
        return
    table = Table("Grant", "Grantor", "First erasure")
    for deadline in deadlines:
        table.add_row(deadline.grant.grant_id, deadline.grant.grantor, _show(deadline.erase_at))
    out.print(table if deadlines else "Nothing is held under any grant.")
    for one in in_collections:
        out.print(f"The first of collection {one.name} goes from it at {_show(one.erase_at)}.")
    if people:
        out.print(_tabulate(people))


def _tabulate(people: Iterable[Person]) -> Table:
    table = Table("Person", "Name", "Templates until", "Record until")
    for person in people:
        ends = (_show(person.templates_until), _show(person.record_until))
        table.add_row(person.stored.uuid, person.stored.name, *ends)
    return table


def _show(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="minutes")
