"""A home that keeps enrolled people only, and who is enrolled there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mien.library import Library
from mien.permission.basis import Basis
from mien.service.ingest import AddReport
from mien.service.rescan import RescanProgress, RescanReport
from service.enrolling import consent, portraits
from service.stage import PURPOSE, Stage

COLLECTION = "members"


def enrol(
    stage: Stage,
    library: Library,
    person: int,
    *purposes: str,
    days: int = 365,
    progress: RescanProgress = lambda _: None,
) -> None:
    """Enrols a drawn person under a name made of their number."""
    enrolled = library.enrol(
        name_of(person),
        *portraits(stage, person, number=1),
        consent=consent(stage, *purposes, days=days),
        progress=progress,
    )
    assert enrolled.verdict.is_allowed


def name_of(person: int) -> str:
    return f"Person {person}"


def add(
    stage: Stage, library: Library, *paths: Path, grant: str = "", quality: str = "none"
) -> AddReport:
    """Adds photos, the whole folder unless said otherwise, to the collection."""
    known = {summary.name for summary in library.collections()}
    if COLLECTION not in known:
        library.create_collection(COLLECTION, basis=Basis.ENROLLED_ONLY)
    if not grant:
        grant = stage.grant(library, PURPOSE, "other-purpose", bases=[Basis.ENROLLED_ONLY])
    chosen = paths or (stage.photos,)
    return library.add(*chosen, grant=grant, collection=COLLECTION, quality=quality)


def interrupt(work: Callable[[RescanProgress], None]) -> None:
    """Does something with a rescan in it, and interrupts that as soon as it says anything."""

    def stop(_: RescanReport) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(stop)
