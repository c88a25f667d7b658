"""`mien doctor`: tells whether everything is in order here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import typer
from rich.table import Table

from mien import __version__
from mien.cli.options import Home, Json, open_library
from mien.cli.output import out, print_json, warn
from mien.service.doctor import CollectionHealth, Diagnosis, find_versions
from mien.service.model_book import ModelState

app = typer.Typer()


@app.command("doctor")
def doctor(*, home: Home = None, as_json: Json = False) -> None:
    """Show versions, models, counts, and the index's recall and speed on this machine."""
    with open_library(home) as library:
        diagnosis = library.examine()
        models = library.models().list()
        folder = str(library.settings.home)
    if as_json:
        print_json({"home": folder, **_describe(diagnosis, models)})
    else:
        out.print(_tabulate_versions(folder), _tabulate_models(models))
        out.print(f"Grants: {diagnosis.grants}, of which in force: {diagnosis.grants_in_force}")
        out.print(_tabulate_collections(diagnosis) if diagnosis.collections else "No collections.")
    for changed in _find_changed(diagnosis):
        warn(changed)
    for health in diagnosis.collections:
        if health.unreadable_faces:
            warn(
                f"{health.unreadable_faces:,} faces of collection {health.name} are lost: their "
                "sealed files are missing or damaged. Restore the data folder with its keys, "
                "or add their photos to a new collection."
            )
        if health.waiting:
            warn(
                f"{health.waiting:,} photos of collection {health.name} have not been compared "
                "with everybody who is enrolled: mien people rescan"
            )


def _find_changed(diagnosis: Diagnosis) -> Iterator[str]:
    for grant_id in diagnosis.changed_grants:
        yield (
            f"The grant {grant_id} is not what was last recorded here, and allows nothing. Repeat "
            "the command that was cut short, restore the newest catalog, or end it with: "
            f"mien grant revoke {grant_id}"
        )
    for name in diagnosis.changed_collections:
        yield (
            f"The collection {name} is not what it was made as, and answers nothing. "
            "Restore the newest catalog."
        )


def _describe(diagnosis: Diagnosis, models: Sequence[ModelState]) -> dict[str, object]:
    return {
        "versions": find_versions(__version__),
        "models": [
            {"id": one.card.id, "licence": one.card.licence, "is_pulled": one.is_pulled}
            for one in models
        ],
        "grants": diagnosis.grants,
        "grants_in_force": diagnosis.grants_in_force,
        "changed_grants": list(diagnosis.changed_grants),
        "changed_collections": list(diagnosis.changed_collections),
        "collections": [_describe_health(health) for health in diagnosis.collections],
    }


def _describe_health(health: CollectionHealth) -> dict[str, object]:
    return {
        "name": health.name,
        "basis": health.basis,
        "model": health.model_id,
        "photos": health.photos,
        "faces": health.faces,
        "unreadable_faces": health.unreadable_faces,
        "waiting": health.waiting,
        "index": health.engine,
        "index_recall": health.recall,
        "search_ms": health.search_ms,
    }


def _tabulate_versions(folder: str) -> Table:
    table = Table(show_header=False, box=None)
    table.add_row("home", folder)
    for name, number in find_versions(__version__).items():
        table.add_row(name, number)
    return table


def _tabulate_models(models: Sequence[ModelState]) -> Table:
    """Those that are here or in use; `mien models list` shows all there are."""
    table = Table("Model", "Licence", "Weights")
    for one in models:
        if one.is_pulled or one.is_used:
            state = "here" if one.is_pulled else "not fetched"
            table.add_row(one.card.id, one.card.licence, state)
    return table


def _tabulate_collections(diagnosis: Diagnosis) -> Table:
    table = Table("Collection", "Basis", "Photos", "Faces", "Index", "Recall", "Search")
    for health in diagnosis.collections:
        table.add_row(
            health.name,
            health.basis,
            f"{health.photos:,}",
            f"{health.faces:,}",
            health.engine,
            "-" if health.recall is None else f"{health.recall:.4f}",
            "-" if health.search_ms is None else f"{health.search_ms:.2f} ms",
        )
    return table
