"""Nothing is allowed unless every condition holds: the rules once more, said naively."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from mien.permission.basis import Basis
from mien.permission.grant import Grant, may_add, may_apply, may_keep, may_search
from mien.permission.verdict import Reason, Verdict, combine
from property.strategies import bases, grants, moments, purposes

uris = st.sampled_from(
    [
        "file:///photos/a.jpg",
        "file:///photos/b/c.jpg",
        "file:///photos/../b.jpg",
        "https://a.example/x.jpg",
        "photos/a.jpg",
    ]
)
COVERED = {
    ("file:///photos/", "file:///photos/a.jpg"),
    ("file:///photos/", "file:///photos/b/c.jpg"),
    ("file:///photos/a.jpg", "file:///photos/a.jpg"),
    ("https://a.example/", "https://a.example/x.jpg"),
}
"""All pairs of the drawn scopes and addresses where one covers the other."""


@given(grants(), moments)
def test_a_grant_applies_exactly_while_it_is_in_force(grant: Grant, at: datetime) -> None:
    in_force = (
        grant.is_vouched and grant.revoked_at is None and grant.valid_from <= at < grant.valid_until
    )
    assert may_apply(grant, at=at).is_allowed is in_force


@given(grants(), uris, bases, moments)
def test_a_photo_enters_exactly_where_every_condition_holds(
    grant: Grant, uri: str, basis: Basis, at: datetime
) -> None:
    conditions = [
        grant.is_vouched,
        grant.revoked_at is None,
        grant.valid_from <= at,
        at < grant.valid_until,
        "store" in grant.uses,
        "template" in grant.uses,
        basis in grant.bases,
        any((part, uri) in COVERED for part in grant.scope),
    ]
    assert may_add(grant, uri=uri, basis=basis, at=at).is_allowed is all(conditions)


@given(grants(), purposes, bases, moments)
def test_a_search_is_answered_exactly_where_every_condition_holds(
    grant: Grant, purpose: str, basis: Basis, at: datetime
) -> None:
    conditions = [
        grant.is_vouched,
        grant.revoked_at is None,
        grant.valid_from <= at,
        at < grant.valid_until,
        "search" in grant.uses,
        basis in grant.bases,
        purpose in grant.purposes,
    ]
    assert may_search(grant, purpose=purpose, basis=basis, at=at).is_allowed is all(conditions)


@given(grants(), moments, moments)
def test_what_was_taken_in_is_kept_exactly_within_its_retention(
    grant: Grant, since: datetime, at: datetime
) -> None:
    within = grant.retention is None or at < since + grant.retention
    assert may_keep(grant, since=since, at=at).is_allowed is within


@given(grants(), st.tuples(uris, bases, moments), moments)
def test_what_is_revoked_never_comes_back(
    grant: Grant, asked: tuple[str, Basis, datetime], revoked_at: datetime
) -> None:
    uri, basis, at = asked
    fields = {name: getattr(grant, name) for name in Grant.__dataclass_fields__}
    revoked = Grant(**(fields | {"revoked_at": revoked_at}))
    assert not may_apply(revoked, at=at).is_allowed
    assert not may_add(revoked, uri=uri, basis=basis, at=at).is_allowed
    for purpose in grant.purposes:
        assert not may_search(revoked, purpose=purpose, basis=basis, at=at).is_allowed


@given(st.lists(st.lists(st.sampled_from(Reason), unique=True).map(tuple).map(Verdict)))
def test_combined_verdicts_allow_only_where_all_do(verdicts: list[Verdict]) -> None:
    combined = combine(verdicts)
    assert combined.is_allowed is all(verdict.is_allowed for verdict in verdicts)
    assert set(combined.reasons) == {reason for v in verdicts for reason in v.reasons}
    assert len(set(combined.reasons)) == len(combined.reasons)
