"""What users and keys may, and that nobody gives more than they have."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.permission.account import (
    EVERYTHING,
    ApiKey,
    Rights,
    User,
    call_as_key,
    call_as_user,
    is_in_charge,
    may_give,
    may_know,
    rights_of,
)
from mien.permission.caller import OPERATIONS, Operation, Role
from mien.permission.verdict import Reason

NOW = datetime(2030, 5, 1, tzinfo=UTC)
ANN = User(
    user_id="ann",
    name="Ann",
    role=Role.CURATOR,
    created_at=NOW,
    collections=frozenset({"club", "press"}),
    is_vouched=True,
)
KEY = ApiKey(
    key_id="k",
    name="booth",
    owner_id="ann",
    rights=Rights(operations=frozenset({Operation.SEARCH, Operation.OPERATE})),
    calls_a_minute=7,
    made_at=NOW,
    expires_at=NOW + timedelta(days=1),
    is_vouched=True,
)
NAMES = st.none() | st.frozensets(st.sampled_from(["a", "b", "c"]))
RIGHTS = st.builds(
    Rights,
    operations=st.frozensets(st.sampled_from(list(Operation))),
    collections=NAMES,
    purposes=NAMES,
)


@pytest.mark.parametrize("change", [{"is_vouched": False}, {"is_active": False}])
def test_an_account_that_is_not_in_force_asks_for_nothing(change: dict[str, bool]) -> None:
    user = replace(ANN, **change)  # type: ignore[arg-type]
    assert call_as_user(user) is None
    assert call_as_key(KEY, owner=user, at=NOW) is None


def test_a_user_is_a_caller_with_the_rights_of_the_role() -> None:
    caller = call_as_user(ANN)
    assert caller is not None
    assert caller.actor == "user:ann"
    assert rights_of(caller) == ANN.rights
    assert caller.operations == OPERATIONS[Role.CURATOR]


def test_a_key_is_bounded_by_its_owner() -> None:
    caller = call_as_key(KEY, owner=ANN, at=NOW)
    assert caller is not None
    assert caller.operations == {Operation.SEARCH, Operation.ACCOUNT}
    assert caller.collections == frozenset({"club", "press"})
    assert caller.calls_a_minute == 7


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"is_vouched": False}, NOW),
        ({"revoked_at": NOW}, NOW),
        ({"owner_id": "ben"}, NOW),
        ({}, NOW + timedelta(days=1)),
        ({}, NOW - timedelta(seconds=1)),
    ],
)
def test_a_key_that_is_not_in_force_asks_for_nothing(
    change: dict[str, object], at: datetime
) -> None:
    assert call_as_key(replace(KEY, **change), owner=ANN, at=at) is None  # type: ignore[arg-type]


@given(rights=RIGHTS, collections=NAMES, purposes=NAMES, role=st.sampled_from(list(Role)))
def test_no_key_ever_has_more_rights_than_its_owner(
    rights: Rights,
    collections: frozenset[str] | None,
    purposes: frozenset[str] | None,
    role: Role,
) -> None:
    owner = replace(ANN, role=role, collections=collections, purposes=purposes)
    caller = call_as_key(replace(KEY, rights=rights), owner=owner, at=NOW)
    assert caller is not None
    assert may_give(owner.rights, rights_of(caller)).is_allowed
    free = replace(rights, operations=rights.operations | {Operation.ACCOUNT})
    assert may_give(free, rights_of(caller)).is_allowed


@given(giver=RIGHTS, given_rights=RIGHTS)
def test_nobody_gives_more_than_they_have(giver: Rights, given_rights: Rights) -> None:
    def reach(rights: Rights) -> set[tuple[Operation, str, str]]:
        """Everything that can be done with them, in a world of four collections and purposes."""
        world = ("a", "b", "c", "elsewhere")
        return {
            (operation, collection, purpose)
            for operation in rights.operations
            for collection in world
            for purpose in world
            if rights.collections is None or collection in rights.collections
            if rights.purposes is None or purpose in rights.purposes
        }

    verdict = may_give(giver, given_rights)
    if verdict.is_allowed:
        assert reach(given_rights) <= reach(giver)
    else:
        assert verdict.reasons == (Reason.MORE_THAN_YOURS,)
    assert may_give(EVERYTHING, given_rights).is_allowed
    assert may_give(giver, giver).is_allowed


def test_only_an_admin_without_bounds_is_in_charge() -> None:
    admin = replace(ANN, role=Role.ADMIN, collections=None)
    assert is_in_charge(admin)
    assert not is_in_charge(replace(admin, collections=frozenset({"club"})))
    assert not is_in_charge(replace(admin, purposes=frozenset()))
    assert not is_in_charge(replace(admin, is_vouched=False))
    assert not is_in_charge(replace(admin, is_active=False))
    assert not is_in_charge(replace(ANN, collections=None))


BOUNDS = st.none() | st.frozensets(st.sampled_from(["a", "b", "c"]))


def rights(collections: frozenset[str] | None, purposes: frozenset[str] | None) -> Rights:
    return Rights(operations=frozenset(), collections=collections, purposes=purposes)


@given(
    mine=st.tuples(BOUNDS, BOUNDS), theirs=st.tuples(BOUNDS, BOUNDS), more=st.tuples(BOUNDS, BOUNDS)
)
def test_whoever_is_bound_knows_of_those_within_their_bounds(
    mine: Any, theirs: Any, *, more: Any
) -> None:
    knower, known = rights(*mine), rights(*theirs)
    is_within = all(
        own is None or (other is not None and other <= own)
        for own, other in zip(mine, theirs, strict=True)
    )
    assert may_know(knower, known) == is_within
    assert may_know(knower, knower)
    assert may_know(EVERYTHING, known)
    further = rights(*more)
    if may_know(knower, known) and may_know(known, further):
        assert may_know(knower, further)


@given(mine=st.tuples(BOUNDS, BOUNDS), theirs=st.tuples(BOUNDS, BOUNDS))
def test_nobody_changes_whom_they_may_not_know_of(mine: Any, theirs: Any) -> None:
    knower, known = rights(*mine), rights(*theirs)
    if may_give(knower, known).is_allowed:
        assert may_know(knower, known)
