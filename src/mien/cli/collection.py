"""`mien collection`: galleries of faces that are searched together."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from mien.cli.options import Home, Json, open_library
from mien.cli.output import out, print_json
from mien.permission.basis import Basis
from mien.permission.charter import Charter
from mien.service.collections import CollectionSummary

app = typer.Typer(no_args_is_help=True, help="Galleries: one basis and one model each.")


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    *,
    basis: Annotated[Basis, typer.Option(help="On what basis it keeps templates.")],
    purpose: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SLUG", help="What it may be searched for; may be repeated. Default: anything."
        ),
    ] = None,
    assessment: Annotated[
        str, typer.Option(metavar="REF", help="The impact assessment of a documented basis.")
    ] = "",
    retention: Annotated[
        int | None, typer.Option(metavar="DAYS", min=1, help="How long it keeps a photo's faces.")
    ] = None,
    one_person_confirms: Annotated[
        bool,
        typer.Option(
            "--one-person-confirms",
            help="One person may confirm a match. Default: two, and at home one.",
        ),
    ] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make an empty collection."""
    with open_library(home) as library:
        made = library.create_collection(
            name,
            basis=basis,
            purposes=purpose or (),
            assessment=assessment,
            retention_days=retention,
            one_person_confirms=one_person_confirms,
        )
    if as_json:
        print_json(describe(made))
    else:
        out.print(f"Collection {made.name} made, with basis {made.basis}.")


@app.command("list")
def list_(*, home: Home = None, as_json: Json = False) -> None:
    """List all collections and how much they hold."""
    with open_library(home) as library:
        found = library.collections()
    if as_json:
        print_json({"collections": [describe(collection) for collection in found]})
        return
    table = Table(
        *("Collection", "Basis", "Purposes", "Kept", "Confirmed by", "Model", "Photos", "Faces")
    )
    for one in found:
        table.add_row(one.name, *_show_charter(one.charter), *_show_content(one))
    out.print(table if found else "There are no collections. A first mien add makes one.")


def describe(collection: CollectionSummary) -> dict[str, object]:
    """The collection as JSON values."""
    charter = collection.charter
    return {
        "name": collection.name,
        "basis": collection.basis,
        "purposes": sorted(charter.purposes),
        "assessment": charter.assessment,
        "retention_days": None if charter.retention is None else charter.retention.days,
        "confirmations": charter.confirmations,
        "is_unchanged": charter.is_vouched,
        "model": collection.model_id,
        "photos": collection.photos,
        "faces": collection.faces,
    }


def _show_charter(charter: Charter) -> tuple[str, ...]:
    if not charter.is_vouched:
        return ("changed", "-", "-", "-")
    return (
        charter.basis,
        ", ".join(sorted(charter.purposes)) or "as granted",
        "-" if charter.retention is None else f"{charter.retention.days:,} days",
        f"{charter.confirmations}",
    )


def _show_content(collection: CollectionSummary) -> tuple[str, ...]:
    return (collection.model_id, f"{collection.photos:,}", f"{collection.faces:,}")
