"""Access keys: what clients of Amazon's interface sign with, bound to one grant and one purpose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mien.permission.account import Rights, User
from mien.permission.caller import Caller, Operation
from mien.permission.charter import Charter, may_serve
from mien.permission.grant import Grant, may_apply
from mien.permission.purpose import check_purpose
from mien.permission.verdict import ALLOWED, Reason, Verdict, combine, refuse

OPERATIONS = frozenset(
    {Operation.VIEW, Operation.SEARCH, Operation.ADD, Operation.GRANT, Operation.CASE}
)
"""What an access key can be for: look, search, index, make collections, and erase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTerms:
    """What every call with a key is bound to.

    Photos come in under the grant, and only what came in under it is seen. The collections are
    all that the key may know of or make.
    """

    grant_id: str
    collections: frozenset[str]
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """What a client signs with, for a user; `last_used_on` is the start of a day."""

    access_key_id: str
    name: str
    owner_id: str
    operations: frozenset[Operation]
    terms: AccessTerms
    calls_a_minute: int
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_on: datetime | None = None
    is_vouched: bool = False

    @property
    def rights(self) -> Rights:
        """What it may do, as far as users and API keys have the like."""
        return make_rights(self.operations, self.terms)

    @property
    def actor(self) -> str:
        return f"access-key:{self.access_key_id}"

    def is_in_force(self, at: datetime) -> bool:
        return self.is_vouched and self.revoked_at is None and self.made_at <= at < self.expires_at


def make_rights(operations: Iterable[Operation], terms: AccessTerms) -> Rights:
    """What a key of these terms may do."""
    return Rights(
        operations=frozenset(operations),
        collections=terms.collections,
        purposes=frozenset({terms.purpose}),
    )


def may_bind(
    grant: Grant | None, *, purpose: str, charters: Iterable[Charter], at: datetime
) -> Verdict:
    """May a key be made for this grant and purpose, in collections that are there already?

    Each call asks again; this only keeps a key from being made that would be refused everything.
    """
    verdict = combine([check_purpose(purpose), may_apply(grant, at=at)])
    if grant is None or not verdict.is_allowed:
        return verdict
    verdicts = [ALLOWED if purpose in grant.purposes else refuse(Reason.PURPOSE_NOT_GRANTED)]
    for charter in charters:
        verdicts.append(may_serve(charter, purpose=purpose))
        is_same = charter.basis in grant.bases
        verdicts.append(ALLOWED if is_same else refuse(Reason.BASIS_MISMATCH))
    return combine(verdicts)


def call_as_access_key(key: AccessKey, *, owner: User, at: datetime) -> Caller | None:
    """The key as a caller, within what its owner may do now; nobody where either has ended."""
    if not (owner.is_in_force and key.is_in_force(at) and key.owner_id == owner.user_id):
        return None
    terms, rights = key.terms, owner.rights
    operations = (key.operations & OPERATIONS) | {Operation.ACCOUNT}  # they may know who they are
    collections = terms.collections
    if rights.collections is not None:
        collections &= rights.collections
    purposes = frozenset({terms.purpose})
    if rights.purposes is not None:
        purposes &= rights.purposes
    return Caller(
        actor=key.actor,
        name=key.name,
        operations=operations & rights.operations,
        collections=collections,
        purposes=purposes,
        calls_a_minute=key.calls_a_minute,
    )
