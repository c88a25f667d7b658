"""`mien add`: index photos under a grant."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from mien.cli.exits import Exit
from mien.cli.options import CollectionName, Home, Json, open_library
from mien.cli.output import err, explain, leave, out, print_json
from mien.permission.quality import QualityFilter
from mien.service.collections import DEFAULT_COLLECTION
from mien.service.ingest import AddReport, count_files

app = typer.Typer()

_SHOWN_FAILURES = 20


@app.command("add")
def add(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Photos and folders.", readable=False)
    ],
    *,
    grant: Annotated[
        str | None, typer.Option(metavar="ID", help="The grant that covers them.")
    ] = None,
    collection: CollectionName = DEFAULT_COLLECTION,
    quality: Annotated[
        QualityFilter,
        typer.Option(case_sensitive=False, help="How good a face must be to be kept."),
    ] = QualityFilter.NONE,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Index photos under a grant; run it again to go on, or to take in what is new."""
    with open_library(home) as library, progress_of(paths) as show:
        report = library.add(
            *paths, grant=grant, collection=collection, quality=quality, progress=show
        )
    if as_json:
        print_json(describe(report))
    else:
        print_report(report)
    if not report.verdict.is_allowed:
        explain(report.verdict)
    leave(exit_of(report))


@contextmanager
def progress_of(paths: list[Path]) -> Iterator[Callable[[AddReport], None]]:
    """A bar with rate and time left on standard error, where that is a terminal."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )
    with bar:
        task = bar.add_task("Indexing", total=None, rate="")
        if not bar.disable:
            # Counting takes a while in large folders; the work need not wait for it.
            threading.Thread(
                target=_count_into, args=(bar, task), kwargs={"paths": paths}, daemon=True
            ).start()
        began = time.monotonic()

        def show(report: AddReport) -> None:
            rate = report.met / max(time.monotonic() - began, 1e-9)
            bar.update(task, completed=report.met, rate=f"{rate:.1f}/s")

        yield show


def _count_into(bar: Progress, task: TaskID, *, paths: list[Path]) -> None:
    bar.update(task, total=count_files(paths))


def exit_of(report: AddReport) -> Exit:
    """What a run ends with: only when nothing was taken in is it more than a line."""
    if report.photos_new or report.photos_known:
        return Exit.DONE
    if report.refused or not report.verdict.is_allowed:
        return Exit.REFUSED
    return Exit.UNREADABLE if report.failed else Exit.DONE


def describe(report: AddReport) -> dict[str, object]:
    """The report as JSON values."""
    return {
        "photos_new": report.photos_new,
        "photos_known": report.photos_known,
        "reopened": report.reopened,
        "faces": report.faces,
        "dropped": {reason.value: number for reason, number in sorted(report.dropped.items())},
        "ignored": report.ignored,
        "refused": {reason.value: number for reason, number in sorted(report.refused.items())},
        "failed": [{"path": failed.path, "reason": failed.reason} for failed in report.failed],
        "seconds": round(report.seconds, 3),
    }


def print_report(report: AddReport) -> None:
    """The report for a person."""
    rate = (report.photos_new + report.photos_known) / max(report.seconds, 1e-9)
    out.print(
        f"{report.photos_new:,} new photos with {report.faces:,} faces, "
        f"{report.photos_known:,} known, in {report.seconds:.1f} s ({rate:.1f} photos a second)."
    )
    if report.reopened:
        out.print(
            f"{report.reopened:,} of the known photos are read again: an earlier run left out "
            "faces that this one keeps."
        )
    for reason, number in sorted(report.dropped.items()):
        err.print(f"Not kept: {number:,} faces. {reason.explanation} [{reason}]")
    for reason, number in sorted(report.refused.items()):
        err.print(f"Refused {number:,}: {reason.explanation} [{reason}]")
    for failed in report.failed[:_SHOWN_FAILURES]:
        err.print(f"Failed: {failed.path} ({failed.reason})", soft_wrap=True)
    if len(report.failed) > _SHOWN_FAILURES:
        err.print(f"... and {len(report.failed) - _SHOWN_FAILURES:,} more; --json lists them all.")
