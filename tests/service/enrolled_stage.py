"""A home that keeps enrolled people only, and who is enrolled there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from mien.library import Library
from mien.permission.basis import Basis
from mien.service.enrol import ConsentDraft, Enrolled
from mien.service.ingest import AddReport
from service.stage import PURPOSE, Stage

COLLECTION = "members"


def enrol(
    stage: Stage, library: Library, person: int, *purposes: str, seed: int = 900, days: int = 365
) -> Enrolled:
    """Enrols a drawn person under a name made of their number."""
    handed_in = stage.folder / "handed in" / f"{person}.png"
    handed_in.parent.mkdir(exist_ok=True)
    stage.draw("spare.png", person, seed=seed).rename(handed_in)
    consent = ConsentDraft(
        evidence="signed form 7, binder 3",
        purposes=purposes or (PURPOSE,),
        until=(stage.now + timedelta(days=days)).date(),
    )
    return library.enrol(name_of(person), handed_in, consent=consent)


def name_of(person: int) -> str:
    return f"Person {person}"


def add(stage: Stage, library: Library, *paths: Path, grant: str = "") -> AddReport:
    """Adds photos, the whole folder unless said otherwise, to the collection."""
    known = {summary.name for summary in library.collections()}
    if COLLECTION not in known:
        library.create_collection(COLLECTION, basis=Basis.ENROLLED_ONLY)
    if not grant:
        grant = stage.grant(library, PURPOSE, "other-purpose", bases=[Basis.ENROLLED_ONLY])
    return library.add(*(paths or (stage.photos,)), grant=grant, collection=COLLECTION)
