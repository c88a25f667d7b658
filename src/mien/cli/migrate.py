"""`mien models migrate`: bring a collection to another model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.progress import TimeElapsedColumn

from mien.cli.exits import Exit
from mien.cli.options import Home, Json, open_library
from mien.cli.output import explain, leave, out, print_json, warn
from mien.cli.progress import counting
from mien.errors import SettingsError
from mien.library import Library
from mien.service.migration import MigrationProgress, MigrationReport, MigrationState

app = typer.Typer()

_SECONDS_A_MINUTE = 60


@app.command("migrate")
def migrate(
    collection: Annotated[str, typer.Argument(metavar="COLLECTION", help="The gallery.")],
    *,
    to: Annotated[str, typer.Option("--to", metavar="PACK", help="The pack it is to be of.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what could be done, and how long it takes.")
    ] = False,
    accept_loss: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="Go on although exactly so many templates are lost."),
    ] = None,
    abandon: Annotated[
        bool, typer.Option("--abandon", help="Give up a migration that is under way.")
    ] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Describe a collection's faces anew with another model, from the photos where they lie.

    Searches are answered by the old model until every face is done. Run it again to go on.
    """
    if bool(to) == abandon:
        raise SettingsError("Name the pack with --to PACK, or give a migration up with --abandon.")
    with open_library(home) as library:
        if abandon:
            _abandon(library, collection, as_json=as_json)
            return
        with _going_on() as show:
            report = library.models().migrate(
                collection, to=to, is_dry=dry_run, accept_loss=accept_loss, progress=show
            )
    if as_json:
        print_json(describe(report))
    elif report.verdict.is_allowed:
        _print_report(report)
    if not report.verdict.is_allowed:
        explain(report.verdict)
    if not report.verdict.is_allowed or report.state is MigrationState.UNFINISHED:
        leave(Exit.REFUSED)


def describe(report: MigrationReport) -> dict[str, object]:
    """The report as JSON values."""
    return {
        "state": report.state,
        "model": report.model,
        "reasons": [str(reason) for reason in report.verdict.reasons],
        "photos": report.photos,
        "faces": report.faces,
        "made": report.made,
        "lost": dict(report.lost),
        "waiting": dict(report.waiting),
        "people_to_enrol_again": list(report.again),
        "other_faces_found": report.found,
        "sampled": report.sampled,
        "matched": report.matched,
        "estimated_s": report.estimated_s,
        "seconds": round(report.seconds, 3),
    }


def _abandon(library: Library, collection: str, *, as_json: bool) -> None:
    removed = library.models().abandon(collection)
    if as_json:
        print_json({"removed": removed})
    else:
        out.print(f"Given up: {removed:,} new templates removed. {collection} is as it was.")


def _print_report(report: MigrationReport) -> None:
    possible = report.faces - report.lost.total() - report.waiting.total()
    if report.state is MigrationState.EXAMINED:
        out.print(f"{possible:,} of {report.faces:,} faces can be described by {report.model}.")
        if report.sampled:
            out.print(f"In a sample, it found {report.matched} of {report.sampled} of them again.")
        if report.estimated_s is not None:
            out.print(f"That takes about {_say_time(report.estimated_s)}.")
    elif report.state is MigrationState.SWITCHED:
        out.print(f"Done: {report.made:,} faces are of {report.model}, and nothing else is left.")
    else:
        out.print(f"{report.made:,} of {report.faces:,} faces are done. The old model answers.")
    for reason, faces in sorted((report.lost + report.waiting).items()):
        warn(f"{faces:,} faces cannot be described anew: {reason}")
    for person in report.again:
        warn(f"{person} has to enrol again: MIEN_PACK=PACK mien people renew {person} PHOTO ...")
    if report.state is MigrationState.UNFINISHED and report.lost and not report.waiting:
        warn(f"To go on without them: --accept-loss {report.lost.total()}")


def _say_time(seconds: float) -> str:
    if seconds < _SECONDS_A_MINUTE:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / _SECONDS_A_MINUTE):,} min"


@contextmanager
def _going_on() -> Iterator[MigrationProgress]:
    """A bar on standard error, where that is a terminal."""
    with counting("Describing anew", clock=TimeElapsedColumn()) as count:

        def show(report: MigrationReport) -> None:
            count(report.made + report.lost.total() + report.waiting.total(), report.faces)

        yield show
