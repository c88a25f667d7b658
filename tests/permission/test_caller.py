"""Who may do what through the server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def caller(**changes: object) -> Caller:
    known: dict[str, object] = {"actor": "user:1", "name": "Ann", "operations": set(Operation)}
    return Caller(**(known | changes))  # type: ignore[arg-type]


def test_nobody_may_do_nothing() -> None:
    for operation in Operation:
        assert may_operate(None, operation).reasons == (Reason.NOT_SIGNED_IN,)


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.VIEWER, {"account", "view"}),
        (Role.SEARCHER, {"account", "view", "search", "judge"}),
        (
            Role.CURATOR,
            {"account", "view", "search", "judge", "add", "enrol", "grant", "case", "share"},
        ),
        (Role.ADMIN, {str(operation) for operation in Operation}),
        (Role.AUDITOR, {"account", "audit"}),
    ],
)
def test_what_each_role_may_do(role: Role, may: set[str]) -> None:
    assert {str(operation) for operation in OPERATIONS[role]} == may


def test_all_reasons_against_it_are_told() -> None:
    bound = caller(
        operations=frozenset(), collections=frozenset({"a"}), purposes=frozenset({"press"})
    )
    verdict = may_operate(bound, Operation.SEARCH, collection="b", purpose="family-album")
    assert verdict.reasons == (
        Reason.OPERATION_NOT_YOURS,
        Reason.COLLECTION_NOT_YOURS,
        Reason.PURPOSE_NOT_YOURS,
    )


def test_bounds_of_nothing_allow_nothing() -> None:
    nowhere = caller(collections=frozenset(), purposes=frozenset())
    assert not may_operate(nowhere, Operation.SEARCH, collection="a").is_allowed
    assert not may_operate(nowhere, Operation.SEARCH, purpose="press").is_allowed
    assert not may_reach(nowhere, "a")


@given(
    held=st.sets(st.sampled_from(list(Operation))),
    collections=st.none() | st.frozensets(st.sampled_from(["a", "b", "c"])),
    operation=st.sampled_from(list(Operation)),
    collection=st.sampled_from(["a", "b", "c", "", "A"]),
)
def test_it_is_allowed_exactly_where_everything_is_held(
    held: set[Operation],
    collections: frozenset[str] | None,
    operation: Operation,
    collection: str,
) -> None:
    one = caller(operations=frozenset(held), collections=collections)
    verdict = may_operate(one, operation, collection=collection)
    is_reached = collections is None or collection in collections
    assert verdict.is_allowed == (operation in held and is_reached)
    assert may_reach(one, collection) == is_reached


BOUNDS = st.none() | st.frozensets(st.sampled_from(["a", "b"]))


@given(collections=BOUNDS, purposes=BOUNDS)
def test_what_is_about_everything_is_for_whoever_is_bound_to_nothing(
    collections: frozenset[str] | None, purposes: frozenset[str] | None
) -> None:
    verdict = may_operate_everywhere(caller(collections=collections, purposes=purposes))
    assert (Reason.COLLECTION_NOT_YOURS in verdict.reasons) == (collections is not None)
    assert (Reason.PURPOSE_NOT_YOURS in verdict.reasons) == (purposes is not None)
    assert verdict.is_allowed == (collections is None and purposes is None)


@given(
    bounds=BOUNDS,
    wanted=st.sampled_from(["a", "b", "", "A", "a "]) | st.text(max_size=3),
    purposes=BOUNDS,
)
def test_an_empty_name_is_a_name_too(
    bounds: frozenset[str] | None, wanted: str, purposes: frozenset[str] | None
) -> None:
    """Only what is said to be about no collection is not asked about."""
    one = caller(collections=bounds, purposes=purposes)
    verdict = may_operate(one, Operation.SEARCH, collection=wanted, purpose=wanted)
    assert verdict.is_allowed == all(
        bound is None or wanted in bound for bound in (bounds, purposes)
    )
    assert may_operate(one, Operation.SEARCH).is_allowed


def test_nobody_but_an_admin_may_everything_and_nobody_nothing() -> None:
    assert {role for role in Role if OPERATIONS[role] == set(Operation)} == {Role.ADMIN}
    assert all(Operation.ACCOUNT in OPERATIONS[role] for role in Role)
    assert set(OPERATIONS) == set(Role)


def test_who_looks_at_what_others_did_sees_no_photo() -> None:
    seen = {Operation.VIEW, Operation.SEARCH, Operation.JUDGE, Operation.ADD, Operation.SHARE}
    assert not OPERATIONS[Role.AUDITOR] & seen
    assert all(
        Operation.AUDIT not in OPERATIONS[role] or role in {Role.AUDITOR, Role.ADMIN}
        for role in Role
    )
