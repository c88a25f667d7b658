"""A candidate that somebody takes along, with all that is said of it."""

from __future__ import annotations

from dataclasses import dataclass

from mien.catalog.browse import VisiblePlace
from mien.catalog.faces import VisibleFace
from mien.service.opinion import JudgementKind, Opinion
from mien.service.shown import Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """As the search showed it, as it may be seen now, and what people said of it."""

    shown: Shown
    face: VisibleFace
    opinion: Opinion
    places: tuple[VisiblePlace, ...]


def say(opinion: Opinion) -> str:
    """What people said, in a few words."""
    if opinion.rejected_by:
        return "rejected"
    if opinion.is_confirmed:
        return f"confirmed by {opinion.confirmed_by}"
    if opinion.confirmed_by:
        return f"confirmed by {opinion.confirmed_by} of {opinion.needed}"
    return "kept, not confirmed" if opinion.mine is JudgementKind.KEPT else "not confirmed"
