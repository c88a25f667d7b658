"""A grant, who allowed what, where and until when, and the decisions that follow from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from mien.permission.basis import Basis
from mien.permission.platforms import check_address
from mien.permission.scope import covers
from mien.permission.use import ADDING, Use
from mien.permission.verdict import ALLOWED, Reason, Verdict, combine, refuse


class GrantKind(StrEnum):
    """What sort of act the permission rests on."""

    OWNER_ASSERTION = "owner_assertion"
    SITE_GRANT = "site_grant"
    OPEN_LICENCE = "open_licence"
    ACCOUNT_EXPORT = "account_export"
    CONTRACT = "contract"


LONGEST_RETENTION = timedelta(days=36_500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What shows that the permission was given, told by its hash: no copy of it is kept."""

    name: str
    sha256: str
    media_type: str
    obtained_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A record of permission. Times carry their zone; `terms` is what the grantor asks for.

    `verified_by` is who made sure that the grantor may give it. `is_vouched` says that it is
    what was last recorded here, and not what somebody made of its row.
    """

    grant_id: str
    kind: GrantKind
    grantor: str
    scope: tuple[str, ...]
    uses: frozenset[Use]
    purposes: frozenset[str]
    bases: frozenset[Basis]
    valid_from: datetime
    valid_until: datetime
    contact: str = ""
    verified_by: str = ""
    jurisdiction: str = ""
    evidence: tuple[Evidence, ...] = ()
    assessment: str = ""
    retention: timedelta | None = None
    terms: str = ""
    revoked_at: datetime | None = None
    is_vouched: bool = False


def make_unreadable(grant_id: str, *, revoked_at: datetime | None) -> Grant:
    """What stands for a record that cannot be read: it allows nothing, and nothing ends it."""
    latest = datetime.max.replace(tzinfo=UTC)
    return Grant(
        grant_id=grant_id,
        kind=GrantKind.OWNER_ASSERTION,
        grantor="",
        scope=(),
        uses=frozenset(),
        purposes=frozenset(),
        bases=frozenset(),
        valid_from=latest,
        valid_until=latest,
        revoked_at=revoked_at,
    )


def may_apply(grant: Grant | None, *, at: datetime) -> Verdict:
    """Is the grant in force at this moment?"""
    if grant is None:
        return refuse(Reason.NO_GRANT)
    if not grant.is_vouched:
        return refuse(Reason.GRANT_CHANGED)
    if grant.revoked_at is not None:
        # Whatever date it carries: a clock set back must not bring a revoked grant to life.
        return refuse(Reason.GRANT_REVOKED)
    if at < grant.valid_from:
        return refuse(Reason.GRANT_NOT_YET_VALID)
    if at >= grant.valid_until:
        return refuse(Reason.GRANT_EXPIRED)
    return ALLOWED


def may_add(grant: Grant | None, *, uri: str, basis: Basis, at: datetime) -> Verdict:
    """May the photo at this address enter a collection of this basis?"""
    if grant is None:
        return refuse(Reason.NO_GRANT)
    return combine(
        [
            may_apply(grant, at=at),
            _allows_uses(grant, ADDING),
            ALLOWED if basis in grant.bases else refuse(Reason.BASIS_MISMATCH),
            check_address(uri),
            ALLOWED if covers(grant.scope, uri) else refuse(Reason.OUT_OF_SCOPE),
        ]
    )


def may_search(grant: Grant, *, purpose: str, basis: Basis, at: datetime) -> Verdict:
    """May photos under this grant answer a search for this purpose?"""
    return combine(
        [
            may_apply(grant, at=at),
            _allows_uses(grant, (Use.SEARCH,)),
            ALLOWED if basis in grant.bases else refuse(Reason.BASIS_MISMATCH),
            ALLOWED if purpose in grant.purposes else refuse(Reason.PURPOSE_NOT_GRANTED),
        ]
    )


def may_browse(grant: Grant, *, basis: Basis, at: datetime) -> Verdict:
    """May photos under this grant be looked at one by one, without searching for anybody?"""
    return combine(
        [
            may_apply(grant, at=at),
            _allows_uses(grant, (Use.DISPLAY,)),
            ALLOWED if basis in grant.bases else refuse(Reason.BASIS_MISMATCH),
        ]
    )


def may_use(grant: Grant, *, use: Use, uri: str, since: datetime, at: datetime) -> Verdict:
    """May this be done with what was taken in from this address at `since`?"""
    return combine(
        [
            may_apply(grant, at=at),
            _allows_uses(grant, (use,)),
            check_address(uri),
            ALLOWED if covers(grant.scope, uri) else refuse(Reason.OUT_OF_SCOPE),
            may_keep(grant, since=since, at=at),
        ]
    )


def may_keep(grant: Grant, *, since: datetime, at: datetime) -> Verdict:
    """Is what was taken in at `since` still within the retention that the grant states?"""
    if grant.retention is not None and at - since >= grant.retention:
        return refuse(Reason.RETENTION_ENDED)
    return ALLOWED


def is_narrower(grant: Grant, other: Grant) -> bool:
    """Does the grant allow nothing that the other does not?"""
    kept = grant.retention or timedelta.max
    return (
        all(part in other.scope or covers(other.scope, part.rstrip("/")) for part in grant.scope)
        and grant.purposes <= other.purposes
        and grant.uses <= other.uses
        and grant.bases <= other.bases
        and grant.valid_until <= other.valid_until
        and kept <= (other.retention or timedelta.max)
    )


def ends_at(grant: Grant) -> datetime:
    """From when on nothing can be done under the grant, as far as is known now."""
    return min(grant.valid_until, grant.revoked_at or grant.valid_until)


def keep_until(grant: Grant, *, since: datetime, grace: timedelta) -> datetime:
    """When what was taken in at `since` is to be erased.

    A grace period after the grant's end, or when the retention that it states is over.
    """
    latest = datetime.max.replace(tzinfo=UTC)
    end = min(ends_at(grant), latest - grace) + grace
    return end if grant.retention is None else min(end, since + grant.retention)


def _allows_uses(grant: Grant, uses: Iterable[Use]) -> Verdict:
    return ALLOWED if grant.uses.issuperset(uses) else refuse(Reason.USE_NOT_GRANTED)
