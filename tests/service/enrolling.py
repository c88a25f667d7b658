"""People to enrol: drawn photos of them, and what they consented to."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from mien.catalog.people import StoredPerson
from mien.library import Library
from mien.service.consent_draft import ConsentDraft
from service.stage import PURPOSE, Stage

EVIDENCE = "Form 12, signed on paper, in the red folder"


def consent(stage: Stage, *purposes: str, days: int = 365, **terms: Any) -> ConsentDraft:
    """A consent of an adult for a year, unless said otherwise."""
    draft: dict[str, Any] = {
        "evidence": EVIDENCE,
        "purposes": purposes or (PURPOSE,),
        "until": (stage.now + timedelta(days=days)).date(),
    }
    return ConsentDraft(**(draft | terms))


def portraits(stage: Stage, person: int, *, number: int = 2) -> list[Path]:
    """Photos of one person alone, outside the folder that grants are for."""
    return [stage.draw(f"../portraits/{person}-{n}.png", person) for n in range(number)]


def enrol(stage: Stage, library: Library, person: int, name: str, **terms: Any) -> StoredPerson:
    """Enrols a drawn person under a name; `photos` of theirs, 2 unless said otherwise."""
    purposes, number = terms.pop("purposes", ()), terms.pop("photos", 2)
    enrolled = library.enrol(
        name,
        *portraits(stage, person, number=number),
        consent=consent(stage, *purposes, **terms),
    )
    assert enrolled.person is not None, enrolled.verdict
    return enrolled.person
