"""`mien retention`: what is kept until when, and the end of what is overdue."""

from __future__ import annotations

from collections.abc import Iterable

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
    """Show when the first of what each grant brought in will be erased, and what of people."""
    with open_library(home) as library:
        deadlines, people = library.deadlines(), list(library.people())
    if as_json:
        rows = [
            {"grant_id": deadline.grant.grant_id, "erase_at": deadline.erase_at.isoformat()}
            for deadline in deadlines
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
        print_json({"deadlines": rows, "people": of_people})
        return
    table = Table("Grant", "Grantor", "First erasure")
    for deadline in deadlines:
        erase_at = deadline.erase_at.isoformat(sep=" ", timespec="minutes")
        table.add_row(deadline.grant.grant_id, deadline.grant.grantor, erase_at)
    out.print(table if deadlines else "Nothing is held under any grant.")
    if people:
        out.print(_tabulate(people))


def _tabulate(people: Iterable[Person]) -> Table:
    table = Table("Person", "Name", "Templates until", "Record until")
    for person in people:
        ends = (person.templates_until, person.record_until)
        shown = (end.isoformat(sep=" ", timespec="minutes") for end in ends)
        table.add_row(person.stored.uuid, person.stored.name, *shown)
    return table
