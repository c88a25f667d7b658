"""Bounds of users, keys and callers: truth tables, and nothing gained by having less."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.permission.account import (
    CALLS_A_MINUTE,
    EVERYTHING,
    LONGEST_KEY,
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
from mien.permission.caller import (
    OPERATIONS,
    Caller,
    Operation,
    Role,
    may_operate,
    may_operate_everywhere,
    may_reach,
)
from mien.permission.verdict import Reason

few = settings(max_examples=20)
NOW = datetime(2030, 5, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
WORLD = ("a", "b", "c")
NAMES = st.none() | st.frozensets(st.sampled_from(WORLD))
OPERATION_SETS = st.frozensets(st.sampled_from(list(Operation)))
RIGHTS = st.builds(Rights, operations=OPERATION_SETS, collections=NAMES, purposes=NAMES)
USERS = st.builds(
    User,
    user_id=st.just("ann"),
    name=st.just("Ann"),
    role=st.sampled_from(list(Role)),
    created_at=st.just(NOW),
    collections=NAMES,
    purposes=NAMES,
    is_active=st.booleans(),
    is_vouched=st.booleans(),
)
KEYS = st.builds(
    ApiKey,
    key_id=st.just("k"),
    name=st.just("booth"),
    owner_id=st.sampled_from(["ann", "ann", "ben"]),
    rights=RIGHTS,
    calls_a_minute=st.integers(1, 9),
    made_at=st.just(NOW),
    expires_at=st.sampled_from([NOW, NOW + TICK, NOW + LONGEST_KEY]),
    revoked_at=st.none() | st.none() | st.just(NOW + timedelta(days=900)),
    is_vouched=st.booleans(),
)
ADMIN = User(user_id="ann", name="Ann", role=Role.ADMIN, created_at=NOW, is_vouched=True)
KEY = ApiKey(
    key_id="k",
    name="booth",
    owner_id="ann",
    rights=EVERYTHING,
    calls_a_minute=7,
    made_at=NOW,
    expires_at=NOW + timedelta(days=1),
    is_vouched=True,
)


def reach(rights: Rights) -> set[tuple[Operation, str, str]]:
    """Everything that may be done with these rights in a small world."""
    caller = Caller(
        actor="user:1",
        name="",
        operations=rights.operations,
        collections=rights.collections,
        purposes=rights.purposes,
    )
    every = product(Operation, (*WORLD, "elsewhere"), (*WORLD, "elsewhere"))
    return {
        (operation, collection, purpose)
        for operation, collection, purpose in every
        if may_operate(caller, operation, collection=collection, purpose=purpose).is_allowed
    }


@few
@given(user=USERS)
def test_a_user_calls_with_all_their_rights_or_not_at_all(user: User) -> None:
    caller = call_as_user(user)
    assert (caller is not None) == (user.is_vouched and user.is_active)
    if caller is not None:
        assert rights_of(caller) == user.rights
        assert caller.calls_a_minute == CALLS_A_MINUTE


@few
@given(user=USERS, key=KEYS)
def test_a_key_calls_exactly_while_it_and_its_owner_are_in_force(user: User, key: ApiKey) -> None:
    caller = call_as_key(key, owner=user, at=NOW)
    is_in_force = (
        user.is_vouched
        and user.is_active
        and key.is_vouched
        and key.revoked_at is None
        and key.expires_at > NOW
        and key.owner_id == user.user_id
    )
    assert (caller is not None) == is_in_force
    if caller is not None:
        own = reach(replace(key.rights, operations=key.rights.operations | {Operation.ACCOUNT}))
        assert reach(rights_of(caller)) == own & reach(user.rights)
        assert caller.actor == "key:k"


@few
@given(user=USERS, narrower=USERS, key=KEYS)
def test_a_key_never_gains_by_what_its_owner_loses(user: User, narrower: User, key: ApiKey) -> None:
    if not may_give(user.rights, narrower.rights).is_allowed:
        return
    before, after = (call_as_key(key, owner=one, at=NOW) for one in (user, narrower))
    if before is not None and after is not None:
        assert reach(rights_of(after)) <= reach(rights_of(before))


@few
@given(rights=RIGHTS, wider=RIGHTS, user=USERS)
def test_a_key_of_less_rights_does_no_more(rights: Rights, wider: Rights, user: User) -> None:
    if not may_give(wider, rights).is_allowed:
        return
    low, high = (
        call_as_key(replace(KEY, rights=one), owner=user, at=NOW) for one in (rights, wider)
    )
    if low is not None and high is not None:
        assert reach(rights_of(low)) <= reach(rights_of(high))


@pytest.mark.parametrize(
    ("at", "is_in_force"),
    [
        (KEY.made_at - TICK, False),
        (KEY.made_at, True),
        (KEY.expires_at - TICK, True),
        (KEY.expires_at, False),
        (KEY.expires_at + LONGEST_KEY, False),
    ],
)
def test_a_key_is_in_force_from_its_start_to_just_before_its_end(
    at: datetime, *, is_in_force: bool
) -> None:
    assert KEY.is_in_force(at) == is_in_force
    assert (call_as_key(KEY, owner=ADMIN, at=at) is not None) == is_in_force


@pytest.mark.parametrize("revoked_at", [NOW - TICK, NOW, NOW + timedelta(days=900)])
def test_a_revoked_key_is_over_whatever_date_it_carries(revoked_at: datetime) -> None:
    assert not replace(KEY, revoked_at=revoked_at).is_in_force(NOW)


@few
@given(first=RIGHTS, second=RIGHTS, third=RIGHTS)
def test_what_is_passed_on_stays_within_what_was_given(
    first: Rights, second: Rights, third: Rights
) -> None:
    if may_give(first, second).is_allowed and may_give(second, third).is_allowed:
        assert may_give(first, third).is_allowed
        assert reach(third) <= reach(first)


@few
@given(giver=RIGHTS)
def test_only_who_is_unbounded_gives_what_is_unbounded(giver: Rights) -> None:
    everything = Rights(operations=frozenset())
    is_unbounded = giver.collections is None and giver.purposes is None
    assert may_give(giver, everything).is_allowed == is_unbounded


@pytest.mark.parametrize(
    ("held", "known", "is_known"),
    [
        (None, None, True),
        (None, {"a"}, True),
        ({"a"}, None, False),
        ({"a"}, {"a"}, True),
        ({"a", "b"}, {"a"}, True),
        ({"a"}, {"a", "b"}, False),
        ({"a"}, {"b"}, False),
        (set(), set(), True),
        ({"a"}, set(), True),
        (set(), {"a"}, False),
    ],
)
@pytest.mark.parametrize("bound", ["collections", "purposes"])
def test_nobody_who_is_bound_knows_of_what_lies_outside(
    bound: str, held: set[str] | None, known: set[str] | None, *, is_known: bool
) -> None:
    def rights(names: set[str] | None) -> Rights:
        named: dict[str, Any] = {bound: None if names is None else frozenset(names)}
        return Rights(operations=frozenset(), **named)

    assert may_know(rights(held), rights(known)) == is_known


@few
@given(knower=RIGHTS, known=RIGHTS)
def test_what_somebody_may_give_they_may_know_of(knower: Rights, known: Rights) -> None:
    assert not may_give(knower, known).is_allowed or may_know(knower, known)


@few
@given(rights=RIGHTS)
def test_what_is_about_everything_asks_for_no_bounds_at_all(rights: Rights) -> None:
    caller = Caller(
        actor="user:1",
        name="",
        operations=rights.operations,
        collections=rights.collections,
        purposes=rights.purposes,
    )
    wanted = [
        reason
        for reason, bound in (
            (Reason.COLLECTION_NOT_YOURS, rights.collections),
            (Reason.PURPOSE_NOT_YOURS, rights.purposes),
        )
        if bound is not None
    ]
    assert list(may_operate_everywhere(caller).reasons) == wanted


@few
@given(rights=RIGHTS, operation=st.sampled_from(list(Operation)))
def test_what_names_no_collection_is_a_matter_of_the_operation_alone(
    rights: Rights, operation: Operation
) -> None:
    caller = Caller(
        actor="user:1",
        name="",
        operations=rights.operations,
        collections=rights.collections,
        purposes=rights.purposes,
    )
    assert may_operate(caller, operation).is_allowed == (operation in rights.operations)


@few
@given(
    rights=RIGHTS,
    operation=st.sampled_from(list(Operation)),
    collection=st.sampled_from([*WORLD, "", "A", "a "]),
    purpose=st.sampled_from([*WORLD, "", "A"]),
)
def test_every_reason_told_is_one_that_holds(
    rights: Rights, operation: Operation, collection: str, purpose: str
) -> None:
    caller = Caller(
        actor="user:1",
        name="",
        operations=rights.operations,
        collections=rights.collections,
        purposes=rights.purposes,
    )
    told = may_operate(caller, operation, collection=collection, purpose=purpose).reasons
    assert (Reason.OPERATION_NOT_YOURS in told) == (operation not in rights.operations)
    assert (Reason.COLLECTION_NOT_YOURS in told) != may_reach(caller, collection)
    is_for_it = rights.purposes is None or purpose in rights.purposes
    assert (Reason.PURPOSE_NOT_YOURS in told) != is_for_it
    assert len(told) == len(set(told))


@pytest.mark.parametrize("role", Role)
def test_everybody_looks_after_their_own_account_and_only_admins_after_others(role: Role) -> None:
    assert Operation.ACCOUNT in OPERATIONS[role]
    assert (Operation.OPERATE in OPERATIONS[role]) == (role is Role.ADMIN)
    assert is_in_charge(replace(ADMIN, role=role)) == (role is Role.ADMIN)


def test_roles_that_see_photos_widen_step_by_step_and_auditors_see_none() -> None:
    viewer, searcher, curator, admin = (
        OPERATIONS[role] for role in (Role.VIEWER, Role.SEARCHER, Role.CURATOR, Role.ADMIN)
    )
    assert viewer < searcher < curator < admin
    seen = {Operation.VIEW, Operation.SEARCH, Operation.JUDGE, Operation.ADD, Operation.ENROL}
    assert not OPERATIONS[Role.AUDITOR] & seen


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_nobody_makes_an_admin_who_is_none(role: Role) -> None:
    own = Rights(operations=OPERATIONS[role])
    assert not may_give(own, ADMIN.rights).is_allowed
    assert may_give(ADMIN.rights, own).is_allowed


def test_an_admin_of_one_collection_makes_no_admin_of_all() -> None:
    bounded = replace(ADMIN, collections=frozenset({"a"}))
    assert may_give(bounded.rights, ADMIN.rights).reasons == (Reason.MORE_THAN_YOURS,)
    assert not may_know(bounded.rights, ADMIN.rights)
    assert not is_in_charge(bounded)


@few
@given(user=USERS)
def test_whoever_is_in_charge_may_give_everything(user: User) -> None:
    assert not is_in_charge(user) or may_give(user.rights, EVERYTHING).is_allowed


def test_actors_name_ids_and_never_people() -> None:
    assert (ADMIN.actor, KEY.actor) == ("user:ann", "key:k")
    assert "Ann" not in ADMIN.actor
    assert "booth" not in KEY.actor
