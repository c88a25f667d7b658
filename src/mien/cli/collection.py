"""`mien collection`: galleries of faces that are searched together."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from mien.cli.options import Home, Json, open_library
from mien.cli.output import out, print_json
from mien.permission.basis import Basis
from mien.service.collections import CollectionSummary

app = typer.Typer(no_args_is_help=True, help="Galleries: one basis and one model each.")


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    *,
    basis: Annotated[Basis, typer.Option(help="On what basis it keeps templates.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make an empty collection."""
    with open_library(home) as library:
        made = library.create_collection(name, basis=basis)
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
    table = Table("Collection", "Basis", "Model", "Photos", "Faces")
    for one in found:
        table.add_row(one.name, one.basis, one.model_id, f"{one.photos:,}", f"{one.faces:,}")
    out.print(table if found else "There are no collections. A first mien add makes one.")


def describe(collection: CollectionSummary) -> dict[str, object]:
    """The collection as JSON values."""
    return {
        "name": collection.name,
        "basis": collection.basis,
        "model": collection.model_id,
        "photos": collection.photos,
        "faces": collection.faces,
    }
