"""A link that opens one collection to those who were photographed: its limits, and who may ask.

Nobody signs in there: the link is all that a guest brings, so that what it opens is little, for
a short time, and a person looks at who asks unless they chose not to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mien.permission.verdict import Reason, Verdict, combine, refuse

LONGEST = timedelta(days=30)
USUAL = timedelta(days=7)
WAITED_FOR = timedelta(hours=24)
"""How long a guest waits for an answer, at the most."""
SHOWN_FOR = timedelta(minutes=15)
"""How long an answer can be looked at, and its photos taken along."""
MAX_FMR = 1e-4
"""Whoever more strangers than that would reach is not shown to a guest."""


class GuestState(StrEnum):
    """How far a guest's request has come."""

    WAITING = "waiting"
    """For the host to look."""

    APPROVED = "approved"
    LOOKING = "looking"
    """The collection is looked through again for somebody who enrolled."""

    READY = "ready"
    ANSWERED = "answered"
    DENIED = "denied"
    OVER = "over"
    """Nobody decided in time, the link was ended, or the answer's time is over."""

    WITHDRAWN = "withdrawn"
    """Whoever enrolled withdrew."""


OPEN = frozenset(
    {
        *(GuestState.WAITING, GuestState.APPROVED, GuestState.LOOKING),
        *(GuestState.READY, GuestState.ANSWERED),
    }
)
"""The states in which anything is still kept for the guest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTerms:
    """What a host set: how long, how often, and whether they look at each request themselves."""

    expires_at: datetime
    approves: bool = True
    searches_each: int = 3
    searches_hourly: int = 60
    searches_total: int = 500


@dataclass(frozen=True, slots=True)
class LinkUse:
    """How often a link was used: in all, within the last hour, and by one guest."""

    total: int = 0
    hourly: int = 0
    own: int = 0


def may_open(
    terms: LinkTerms, *, is_vouched: bool, revoked_at: datetime | None, at: datetime
) -> Verdict:
    """Is the link in force?"""
    if not is_vouched:
        return refuse(Reason.LINK_CHANGED)
    if revoked_at is not None:
        return refuse(Reason.LINK_REVOKED)
    return Verdict() if at < terms.expires_at else refuse(Reason.LINK_EXPIRED)


def may_ask(terms: LinkTerms, use: LinkUse) -> Verdict:
    """May a guest who asked so often ask once more?"""
    return combine(
        [
            _below(use.total, terms.searches_total, reason=Reason.LINK_SPENT),
            _below(use.own, terms.searches_each, reason=Reason.GUEST_SPENT),
            _below(use.hourly, terms.searches_hourly, reason=Reason.LINK_BUSY),
        ]
    )


def _below(number: int, most: int, *, reason: Reason) -> Verdict:
    return Verdict() if number < most else refuse(reason)
