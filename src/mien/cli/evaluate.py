"""`mien evaluate`: how well people are told apart, on photos whose people are known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TimeRemainingColumn

from mien.cli.evaluation_tables import print_report
from mien.cli.exits import Exit
from mien.cli.options import Home, Json, open_library
from mien.cli.output import explain, leave, print_json
from mien.cli.progress import counting
from mien.errors import SettingsError
from mien.library import Library
from mien.service.evaluate import Evaluated, check_libraries, describe_report
from mien.service.evaluation_document import write_page

app = typer.Typer()


@app.command("evaluate")
def evaluate(
    labels: Annotated[
        Path | None,
        typer.Argument(
            metavar="[LABELS]",
            help="A folder with a folder for each person, or a CSV file: photo,person or a,b,same.",
            readable=False,
        ),
    ] = None,
    *,
    photos: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the photos of a CSV file lie.", readable=False),
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Where faces are: photo,x1,y1,x2,y2.", readable=False),
    ] = None,
    collection: Annotated[
        str | None, typer.Option(metavar="NAME", help="Evaluate a collection of enrolled people.")
    ] = None,
    purpose: Annotated[
        str, typer.Option(metavar="SLUG", help="Why its templates are read; a grant must allow it.")
    ] = "",
    replicates: Annotated[
        int, typer.Option(metavar="N", min=50, help="How often people are drawn for intervals.")
    ] = 500,
    page: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", readable=False, help="Also write a page."),
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Measure how well people are told apart, with intervals."""
    check_libraries(("scipy",) if page is None else ("scipy", "matplotlib"))
    if page is not None and not page.absolute().parent.is_dir():
        raise SettingsError(f"The page {page} cannot be written: its folder is not there.")
    if (labels is None) == (collection is None):
        raise SettingsError("Name labelled photos, or a collection with --collection.")
    with open_library(home) as library:
        if labels is not None:
            with counting("Looking at photos", clock=TimeRemainingColumn()) as seen:
                evaluation = library.evaluation(replicates=replicates)
                report = evaluation.of_photos(labels, photos=photos, boxes=boxes, seen=seen)
        else:
            evaluated = _of_collection(library, collection, purpose=purpose, draws=replicates)
            if evaluated.report is None:
                if as_json:
                    print_json({"refused": [r.value for r in evaluated.verdict.reasons]})
                explain(evaluated.verdict)
                leave(Exit.REFUSED)
            report = evaluated.report
    if as_json:
        print_json(describe_report(report))
    else:
        print_report(report)
    if page is not None:  # last, so that a full disk does not take the answer with it
        write_page(page, report)


def _of_collection(
    library: Library, collection: str | None, *, purpose: str, draws: int
) -> Evaluated:
    evaluation = library.evaluation(replicates=draws)
    return evaluation.of_collection(collection or "", purpose=purpose)
