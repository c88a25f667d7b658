"""Values of cases: who asks for what, what it is about, what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mien.catalog.audit import Json
from mien.permission.case import CaseKind, CaseState, Channel

Details = Mapping[str, Json]
"""What is sealed of an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a case is about, said in exactly one of these ways."""

    photos: tuple[str, ...] = ()
    faces: tuple[str, ...] = ()
    source: str = ""
    host: str = ""
    grantor: str = ""
    person: str = ""

    @property
    def is_wide(self) -> bool:
        """Whether nobody knows how much it may mean: an address and all that lies below it."""
        return bool(self.source or self.host or self.grantor)

    @property
    def kind(self) -> str:
        """In which way it was said; in none where a photo was handed in."""
        ways = {
            "photo": self.photos,
            "face": self.faces,
            "source": self.source,
            "host": self.host,
            "grantor": self.grantor,
            "person": self.person,
        }
        return next((name for name, value in ways.items() if value), "like")


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A face that may be of whoever asks; nobody has looked yet."""

    face_id: str
    collection: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRequest:
    """Who asks for what, sealed.

    `person_id` is who was known by the name then; `lookalikes` were found by a photo.
    """

    requester: str
    contact: str
    channel: Channel
    reason: str
    statement: str
    is_intimate: bool
    about: About
    person_id: str
    corrections: Mapping[str, str]
    lookalikes: tuple[Lookalike, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """What happened to a case and the state it was in then; `details` were sealed."""

    number: int
    state: CaseState
    at: datetime
    details: Details


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether what was asked for is done, and why. `erasure_id` is that of the erasure, if any."""

    is_granted: bool
    reason: str
    erasure_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case with its events; without a request where it is over and was forgotten."""

    id: int
    case_id: str
    kind: CaseKind
    opened_at: datetime
    due_at: datetime
    request: CaseRequest | None
    events: tuple[CaseEvent, ...] = field(repr=False)

    @property
    def state(self) -> CaseState:
        return self.events[-1].state

    @property
    def is_closed(self) -> bool:
        return self.state is CaseState.CLOSED

    @property
    def decision(self) -> Decision | None:
        """What was decided, if anything was."""
        found = self.find(CaseState.DECIDED)
        if found is None or not found.details:
            return None
        return Decision(
            is_granted=bool(found.details["granted"]),
            reason=str(found.details["reason"]),
            erasure_id=str(found.details["erasure"]),
        )

    @property
    def erasure_ids(self) -> list[str]:
        """The erasures that were done for the case, in order."""
        return self._list("erasures")

    @property
    def block_ids(self) -> list[str]:
        """What keeps out what the case is about."""
        return self._list("blocks")

    @property
    def confirmed(self) -> tuple[str, ...] | None:
        """The lookalikes that are the person's, once somebody has looked; the last word counts."""
        looks = [event.details for event in self.events if event.details.get("did") == "confirmed"]
        faces = looks[-1]["faces"] if looks else None
        return tuple(map(str, faces)) if isinstance(faces, list) else None

    @property
    def is_checked(self) -> bool:
        """Whether nobody has to look at anything before more is done."""
        has_lookalikes = self.request is not None and bool(self.request.lookalikes)
        return not has_lookalikes or self.confirmed is not None

    @property
    def was_hidden(self) -> bool:
        """Whether what it means was out of every answer from the moment it came in."""
        found = self.find(CaseState.QUARANTINED)
        return found is not None and not found.details.get("waits", False)

    @property
    def is_answered(self) -> bool:
        return any(event.details.get("did") == "answered" for event in self.events)

    def is_overdue(self, at: datetime) -> bool:
        return not self.is_closed and at > self.due_at

    def find(self, state: CaseState) -> CaseEvent | None:
        """The event that brought the case into a state."""
        return next((event for event in self.events if event.state is state), None)

    def _list(self, name: str) -> list[str]:
        listed = [event.details.get(name) for event in self.events]
        return [str(one) for ids in listed if isinstance(ids, list) for one in ids]
