"""What a collection is for: what it keeps, for which purposes and how long, and who confirms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mien.permission.basis import Basis, find_strictest
from mien.permission.grant import Grant
from mien.permission.purpose import check_purpose
from mien.permission.verdict import ALLOWED, Reason, Verdict, combine, refuse

ALONE, TOGETHER = 1, 2
"""How many people confirm a match: at home one, elsewhere two, unless said otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """Made once, with the collection. Without purposes, it is for whatever its grants are for.

    `is_vouched` says that it is what was recorded here, and not what somebody made of its row.
    """

    basis: Basis
    purposes: frozenset[str] = frozenset()
    assessment: str = ""
    retention: timedelta | None = None
    confirmations: int = TOGETHER
    is_vouched: bool = False


UNREADABLE = Charter(basis=Basis.ENROLLED_ONLY)
"""What stands for a record that cannot be read: the strictest there is, and not vouched for."""


def make_charter(grant: Grant) -> Charter:
    """The charter of a collection that is made to hold what comes in under a grant."""
    # A grant without any basis allows none, not even the strictest.
    basis = find_strictest(grant.bases) or Basis.ENROLLED_ONLY
    charter = Charter(basis=basis, confirmations=count_confirmations(basis), is_vouched=True)
    if basis is not Basis.DOCUMENTED_BASIS:
        return charter
    return Charter(
        basis=basis,
        purposes=grant.purposes,
        assessment=grant.assessment,
        retention=grant.retention,
        confirmations=charter.confirmations,
        is_vouched=True,
    )


def count_confirmations(basis: Basis) -> int:
    """How many people confirm a match before it may be marked, unless said otherwise."""
    return ALONE if basis is Basis.HOUSEHOLD else TOGETHER


def may_rely_on(charter: Charter) -> Verdict:
    """Is the collection what it was made as?"""
    return ALLOWED if charter.is_vouched else refuse(Reason.COLLECTION_CHANGED)


def may_serve(charter: Charter, *, purpose: str) -> Verdict:
    """May the collection be searched for this purpose, if a grant allows it?"""
    verdict = combine([check_purpose(purpose), may_rely_on(charter)])
    if not verdict.is_allowed or not charter.purposes or purpose in charter.purposes:
        return verdict
    return refuse(Reason.PURPOSE_NOT_OF_COLLECTION)


def kept_after(charter: Charter, *, at: datetime) -> datetime | None:
    """What was taken in at that moment or before is kept no longer; nothing without a limit."""
    return None if charter.retention is None else at - charter.retention
