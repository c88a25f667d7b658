"""On what basis a collection may keep templates of the people in its photos."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum


class Basis(StrEnum):
    """One a collection, the strictest first; a grant states which it allows. No other exists."""

    ENROLLED_ONLY = "enrolled_only"
    """Faces of enrolled people who consent; every other face is dropped in memory."""

    DOCUMENTED_BASIS = "documented_basis"
    """A named purpose, a reference to an impact assessment and a retention time."""

    HOUSEHOLD = "household"
    """The operator's own photos, for the operator alone."""


def has_papers(*, purposes: Collection[str], assessment: str, retention: object) -> bool:
    """Whether everything is named that a documented basis rests on."""
    return bool(purposes and assessment.strip() and retention)


def find_strictest(bases: Iterable[Basis]) -> Basis | None:
    """The one under which the least is kept; nothing where there is none."""
    return min(bases, key=list(Basis).index, default=None)
