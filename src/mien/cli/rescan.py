"""`mien people rescan`: another look at photos, for people who were enrolled later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.progress import TimeRemainingColumn

from mien.cli.options import Home, Json, open_library
from mien.cli.output import out, print_json, warn
from mien.cli.progress import counting
from mien.service.rescan import RescanProgress, RescanReport

app = typer.Typer()

_SHOWN_FAILURES = 20


@app.command("rescan")
def rescan(*, home: Home = None, as_json: Json = False) -> None:
    """Go on looking through photos for people who were enrolled after them."""
    with open_library(home) as library, looking_again() as show:
        report = library.rescan(progress=show)
    if as_json:
        print_json(describe(report))
        return
    out.print(f"{report.photos:,} photos looked at again: {report.faces:,} more faces kept.")
    for failed in report.failed[:_SHOWN_FAILURES]:
        warn(f"{failed.path} still waits ({failed.reason})")
    if len(report.failed) > _SHOWN_FAILURES:
        warn(f"... and {len(report.failed) - _SHOWN_FAILURES:,} more; --json lists them all.")


@contextmanager
def looking_again() -> Iterator[RescanProgress]:
    """A bar on standard error, where that is a terminal and there is anything to look at."""
    with counting("Looking again", clock=TimeRemainingColumn()) as count:

        def show(report: RescanReport) -> None:
            count(report.photos + len(report.failed), report.waiting)

        yield show


def describe(report: RescanReport) -> dict[str, object]:
    """The report as JSON values."""
    return {
        "waiting": report.waiting,
        "photos": report.photos,
        "faces": report.faces,
        "failed": [{"path": failed.path, "reason": failed.reason} for failed in report.failed],
    }
