"""Users and API keys: what each may do, and who may give it to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mien.permission.caller import OPERATIONS, Caller, Operation, Role
from mien.permission.verdict import ALLOWED, Reason, Verdict, refuse

LONGEST_KEY = timedelta(days=366)
CALLS_A_MINUTE = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What may be done, in which collections and for which purposes; none named is any."""

    operations: frozenset[Operation]
    collections: frozenset[str] | None = None
    purposes: frozenset[str] | None = None


EVERYTHING = Rights(operations=frozenset(Operation))
"""What whoever holds the home and its keys may give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may sign in, as long as it is what was recorded here (`is_vouched`)."""

    user_id: str
    name: str
    role: Role
    created_at: datetime
    collections: frozenset[str] | None = None
    purposes: frozenset[str] | None = None
    is_active: bool = True
    has_password: bool = False
    has_second_factor: bool = False
    is_vouched: bool = False

    @property
    def is_in_force(self) -> bool:
        return self.is_vouched and self.is_active

    @property
    def rights(self) -> Rights:
        return Rights(
            operations=OPERATIONS[self.role], collections=self.collections, purposes=self.purposes
        )

    @property
    def actor(self) -> str:
        return f"user:{self.user_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What a program asks with, for a user; `last_used_on` is the start of a day."""

    key_id: str
    name: str
    owner_id: str
    rights: Rights
    calls_a_minute: int
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_on: datetime | None = None
    is_vouched: bool = False

    @property
    def actor(self) -> str:
        return f"key:{self.key_id}"

    def is_in_force(self, at: datetime) -> bool:
        return self.is_vouched and self.revoked_at is None and self.made_at <= at < self.expires_at


def rights_of(caller: Caller) -> Rights:
    return Rights(
        operations=caller.operations, collections=caller.collections, purposes=caller.purposes
    )


def may_give(giver: Rights, given: Rights) -> Verdict:
    """May these rights be given, changed or taken by whoever has those?"""
    is_within = (
        given.operations <= giver.operations
        and _is_within(given.collections, giver.collections)
        and _is_within(given.purposes, giver.purposes)
    )
    return ALLOWED if is_within else refuse(Reason.MORE_THAN_YOURS)


def may_know(knower: Rights, known: Rights) -> bool:
    """May somebody who is bound know of a user or key at all? Not of what lies outside."""
    return _is_within(known.collections, knower.collections) and _is_within(
        known.purposes, knower.purposes
    )


def call_as_user(user: User) -> Caller | None:
    """The user as a caller; nobody where the account is not in force."""
    if not user.is_in_force:
        return None
    return Caller(
        actor=user.actor,
        name=user.name,
        operations=user.rights.operations,
        collections=user.collections,
        purposes=user.purposes,
        calls_a_minute=CALLS_A_MINUTE,
    )


def call_as_key(key: ApiKey, *, owner: User, at: datetime) -> Caller | None:
    """The key as a caller, within what its owner may do now; nobody where either has ended."""
    if not (owner.is_in_force and key.is_in_force(at) and key.owner_id == owner.user_id):
        return None
    wanted = key.rights.operations | {Operation.ACCOUNT}  # whoever asks may know who they are
    return Caller(
        actor=key.actor,
        name=key.name,
        operations=wanted & owner.rights.operations,
        collections=_narrow(key.rights.collections, owner.collections),
        purposes=_narrow(key.rights.purposes, owner.purposes),
        calls_a_minute=key.calls_a_minute,
    )


def is_in_charge(user: User) -> bool:
    """Is this somebody who may look after everybody else?"""
    is_bounded = user.collections is not None or user.purposes is not None
    return user.is_in_force and user.role is Role.ADMIN and not is_bounded


def _is_within(given: frozenset[str] | None, held: frozenset[str] | None) -> bool:
    return held is None or (given is not None and given <= held)


def _narrow(wanted: frozenset[str] | None, held: frozenset[str] | None) -> frozenset[str] | None:
    if wanted is None or held is None:
        return held if wanted is None else wanted
    return wanted & held
