"""What a migration of a collection to another model is asked for, and what it tells.

A face that cannot be described anew has a reason: a stable code, of permission, of a file, or
one of those here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from mien.permission.verdict import ALLOWED, Reason, Verdict


class Obstacle(StrEnum):
    """Why a face that is held has no template of the new model; docs/guide/models.md explains."""

    FACE_NOT_FOUND = "face-not-found"
    OTHER_PERSON = "other-person"
    ENROL_AGAIN = "enrol-again"
    NO_PLACE = "no-place"
    CHANGED = "changed"
    SEALED_AWAY = "sealed-away"


WAITING = frozenset({str(Reason.UNDER_CASE)})
"""What is decided elsewhere: no loss of it can be accepted."""


class MigrationState(StrEnum):
    """How far a migration has come."""

    EXAMINED = "examined"
    """A dry run: nothing was changed."""

    UNFINISHED = "unfinished"
    """Searches are answered by the old model; something stands in the way of the new one."""

    SWITCHED = "switched"
    """The collection is of the new model, and nothing is left of the old one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationRequest:
    """Which collection, to which pack. A loss is accepted by naming how many templates it is."""

    collection: str
    pack: str
    is_dry: bool = False
    accepted_loss: int | None = None
    workers: int = 1
    max_file_bytes: int


@dataclass(slots=True)
class MigrationReport:
    """What became of the faces of a collection; `verdict` is about the migration as a whole.

    `made` have a template of the new model. `lost` cannot have one, and `waiting` not yet, each
    with why. `found` are faces that the new model sees and the old did not: they do not enter.
    `again` are the ids of people who have to enrol again. A dry run looked closely at `sampled`
    faces of which it found `matched`, and from that estimates its seconds.
    """

    verdict: Verdict = ALLOWED
    state: MigrationState = MigrationState.UNFINISHED
    model: str = ""
    photos: int = 0
    faces: int = 0
    made: int = 0
    found: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    again: tuple[str, ...] = ()
    sampled: int = 0
    matched: int = 0
    estimated_s: float | None = None
    seconds: float = 0.0

    def miss(self, reason: str, faces: int) -> None:
        """Counts faces that cannot be described anew now."""
        counted = self.waiting if reason in WAITING else self.lost
        if faces:
            counted[reason] += faces


MigrationProgress = Callable[[MigrationReport], None]
"""Called with the report so far, often; it must not keep it."""
