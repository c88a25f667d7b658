"""Who asks through the server, and whether they may do this here.

What a caller may reach is said by their account or their key, never by what they send.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mien.permission.verdict import ALLOWED, Reason, Verdict, combine, refuse


class Operation(StrEnum):
    """What a route does; each route names exactly one."""

    VIEW = "view"
    """See photos, faces, people, sources and collections."""
    SEARCH = "search"
    """Search with a face, compare two."""
    JUDGE = "judge"
    """Keep, reject and confirm candidates, take along what was found."""
    ADD = "add"
    """Bring in photos under a grant."""
    ENROL = "enrol"
    """Enrol people, renew and withdraw for them."""
    GRANT = "grant"
    """Record, narrow and revoke grants; make collections."""
    CASE = "case"
    """Cases, opt-outs and erasure."""
    SHARE = "share"
    """Open a collection to those who were photographed, by link."""
    AUDIT = "audit"
    """Read the log and prove it; review searches."""
    OPERATE = "operate"
    """Users, keys, models, the doctor."""
    ACCOUNT = "account"
    """See who one is, and look after one's own account."""


class Role(StrEnum):
    """What an account is for."""

    VIEWER = "viewer"
    SEARCHER = "searcher"
    CURATOR = "curator"
    ADMIN = "admin"
    AUDITOR = "auditor"


_SEARCHING = frozenset({Operation.ACCOUNT, Operation.VIEW, Operation.SEARCH, Operation.JUDGE})
_CURATING = frozenset(
    {Operation.ADD, Operation.ENROL, Operation.GRANT, Operation.CASE, Operation.SHARE}
)

OPERATIONS: Mapping[Role, frozenset[Operation]] = {
    Role.VIEWER: frozenset({Operation.ACCOUNT, Operation.VIEW}),
    Role.SEARCHER: _SEARCHING,
    Role.CURATOR: _SEARCHING | _CURATING,
    Role.ADMIN: frozenset(Operation),
    Role.AUDITOR: frozenset({Operation.ACCOUNT, Operation.AUDIT}),
}
"""What each role may do. An auditor looks at what others did, and at no photo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody whose account or key was made sure of.

    `actor` is what the audit log knows them by. `collections` and `purposes` bound them where
    they are set, and `calls_a_minute` how often they may ask. `name` is for the caller's own eyes.
    """

    actor: str
    name: str
    operations: frozenset[Operation]
    collections: frozenset[str] | None = None
    purposes: frozenset[str] | None = None
    calls_a_minute: int = 600


def may_operate(
    caller: Caller | None,
    operation: Operation,
    *,
    collection: str | None = None,
    purpose: str | None = None,
) -> Verdict:
    """May the caller do this, in this collection, for this purpose?

    What is about no collection is not bounded by them: whoever lists several leaves out those
    that `may_reach` denies.
    """
    if caller is None:
        return refuse(Reason.NOT_SIGNED_IN)
    return combine(
        [
            _is_among(operation, caller.operations, otherwise=Reason.OPERATION_NOT_YOURS),
            _is_among(collection, caller.collections, otherwise=Reason.COLLECTION_NOT_YOURS),
            _is_among(purpose, caller.purposes, otherwise=Reason.PURPOSE_NOT_YOURS),
        ]
    )


def may_operate_everywhere(caller: Caller) -> Verdict:
    """May the caller do what is about all collections and purposes at once, such as erasing?

    Whoever is bound to some may not, whatever else they may do.
    """
    return combine(
        [
            ALLOWED if caller.collections is None else refuse(Reason.COLLECTION_NOT_YOURS),
            ALLOWED if caller.purposes is None else refuse(Reason.PURPOSE_NOT_YOURS),
        ]
    )


def may_reach(caller: Caller, collection: str) -> bool:
    """May the caller know of this collection at all?"""
    return caller.collections is None or collection in caller.collections


def _is_among(wanted: str | None, held: frozenset[str] | None, *, otherwise: Reason) -> Verdict:
    # What is not about a collection or a purpose is not bounded by them.
    return ALLOWED if held is None or wanted is None or wanted in held else refuse(otherwise)
