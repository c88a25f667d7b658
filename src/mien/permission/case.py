"""A case, what a subject or a rights holder asks for: how it moves, and when it is due.

    received -> quarantined -> decided -> executed -> verified -> closed

What hides waits in quarantine until somebody decides; what does not is decided as received.
No state is left out, none is entered twice, and a closed case is over.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta
from enum import StrEnum

from mien.permission.verdict import ALLOWED, Reason, Verdict, refuse

INTIMATE_DUE = timedelta(hours=48)
RIGHTS_DUE = timedelta(days=30)

_MONTHS = 12


class CaseKind(StrEnum):
    """What is asked for."""

    TAKEDOWN = "takedown"
    """A holder of rights, or a site, wants something gone."""

    ACCESS = "access"
    """Somebody wants to know what is held."""

    OBJECTION = "objection"
    """Somebody wants not to be searched for."""

    ERASURE = "erasure"
    """Somebody wants to be erased."""

    RECTIFICATION = "rectification"
    """Somebody wants something put right."""

    @property
    def hides(self) -> bool:
        """Whether what is meant is out of every answer from the moment the case is opened."""
        return self in {CaseKind.TAKEDOWN, CaseKind.OBJECTION, CaseKind.ERASURE}


class Channel(StrEnum):
    """On which way a request came; all lead to the same case."""

    WEB = "web"
    MAIL = "mail"
    API = "api"
    DESK = "desk"


class CaseState(StrEnum):
    """How far a case has come."""

    RECEIVED = "received"
    QUARANTINED = "quarantined"
    DECIDED = "decided"
    EXECUTED = "executed"
    VERIFIED = "verified"
    CLOSED = "closed"


def next_state(kind: CaseKind, state: CaseState) -> CaseState | None:
    """The one state that may follow; nothing may follow the last."""
    path = [s for s in CaseState if kind.hides or s is not CaseState.QUARANTINED]
    later = path[path.index(state) + 1 :]
    return later[0] if later else None


def is_undecided(state: CaseState) -> bool:
    return state in {CaseState.RECEIVED, CaseState.QUARANTINED}


def may_counter(kind: CaseKind, state: CaseState) -> bool:
    """May the other side be heard? To a notice of rights, and before it is decided."""
    return kind is CaseKind.TAKEDOWN and is_undecided(state)


def due_at(kind: CaseKind, *, received_at: datetime, is_intimate: bool = False) -> datetime:
    """Until when a case is to be answered.

    Intimate images 48 hours; requests of subjects one calendar month (GDPR article 12(3)),
    and where the next month has no such day, its last; notices of rights 30 days.
    """
    if is_intimate:
        return received_at + INTIMATE_DUE
    if kind is CaseKind.TAKEDOWN:
        return received_at + RIGHTS_DUE
    return _add_month(received_at)


def _add_month(moment: datetime) -> datetime:
    months = moment.year * _MONTHS + moment.month  # that of the next month, counted from 0
    year, month = months // _MONTHS, months % _MONTHS + 1
    day = min(moment.day, monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)


def may_take_in(*, is_under_case: bool) -> Verdict:
    """May a photo come in, as far as open cases go?"""
    return refuse(Reason.UNDER_CASE) if is_under_case else ALLOWED
