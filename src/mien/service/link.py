"""Values of links for guests: what a host makes, what a guest brings, what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mien.permission.link import GuestState, LinkTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDraft:
    """What a host wants to open, under the name that guests know the event by."""

    name: str
    collection: str
    purpose: str
    days: int = 7
    approves: bool = True
    searches_each: int = 3
    searches_hourly: int = 60
    searches_total: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link as it stands; `is_vouched` says that it is what was recorded here."""

    id: int
    link_id: str
    name: str
    collection: str
    purpose: str
    made_at: datetime
    revoked_at: datetime | None
    terms: LinkTerms
    is_vouched: bool

    @property
    def actor(self) -> str:
        """What the audit log knows those by who come through it."""
        return f"link:{self.link_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestRequest:
    """A request of a guest: the log of a link is made of them, and they name nobody.

    `is_enrolled` as long as there is a consent to withdraw.
    """

    request_id: str
    state: GuestState
    asked_at: datetime
    decided_at: datetime | None
    answered_at: datetime | None
    ends_at: datetime
    shown: int
    downloads: int
    consent_version: str
    is_enrolled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Selfie:
    """What a guest hands in; `guest` is the word that their browser is counted by, if any.

    `name` is asked where only enrolled people are kept.
    """

    content: bytes
    consent_version: str
    guest: str = ""
    name: str = ""
