"""Looking without searching: exactly where every condition holds, and never by less."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from mien.permission.basis import Basis
from mien.permission.grant import Grant, may_apply, may_browse, may_search
from mien.permission.judgement import may_confirm
from mien.permission.quality import QualityFilter, may_keep
from mien.permission.use import Use
from mien.permission.verdict import Reason
from mien.testing import GOOD
from property.strategies import bases, grants, moments, purposes

few = settings(max_examples=20)
DAY = timedelta(days=1)


@few
@given(grants(), bases, moments)
def test_photos_are_looked_at_exactly_where_every_condition_holds(
    grant: Grant, basis: Basis, at: datetime
) -> None:
    conditions = [
        grant.is_vouched,
        grant.revoked_at is None,
        grant.valid_from <= at,
        at < grant.valid_until,
        "display" in grant.uses,
        basis in grant.bases,
    ]
    verdict = may_browse(grant, basis=basis, at=at)
    assert verdict.is_allowed is all(conditions)
    assert bool(verdict.reasons) is not verdict.is_allowed


@few
@given(grants(), bases, moments, st.sets(st.sampled_from(Use)), st.sets(bases))
def test_a_grant_that_allows_less_shows_no_more(
    grant: Grant, basis: Basis, at: datetime, uses: set[Use], kept: set[Basis]
) -> None:
    less = replace(grant, uses=grant.uses & uses, bases=grant.bases & kept)
    if may_browse(less, basis=basis, at=at).is_allowed:
        assert may_browse(grant, basis=basis, at=at).is_allowed


@few
@given(grants(), bases, moments, st.integers(0, 3))
def test_a_shorter_grant_shows_no_more(grant: Grant, basis: Basis, at: datetime, days: int) -> None:
    shorter = replace(
        grant, valid_from=grant.valid_from + days * DAY, valid_until=grant.valid_until - days * DAY
    )
    if may_browse(shorter, basis=basis, at=at).is_allowed:
        assert may_browse(grant, basis=basis, at=at).is_allowed


@few
@given(grants(), bases, moments, moments)
def test_once_a_grant_is_over_it_shows_nothing_ever_again(
    grant: Grant, basis: Basis, first: datetime, second: datetime
) -> None:
    earlier, later = sorted([first, second])
    if Reason.GRANT_EXPIRED in may_browse(grant, basis=basis, at=earlier).reasons:
        assert not may_browse(grant, basis=basis, at=later).is_allowed


@few
@given(grants(), bases, moments, purposes)
def test_purposes_and_the_use_of_searching_change_nothing_about_looking(
    grant: Grant, basis: Basis, at: datetime, purpose: str
) -> None:
    other = replace(grant, purposes=frozenset({purpose}), uses=frozenset(grant.uses ^ {Use.SEARCH}))
    assert may_browse(other, basis=basis, at=at) == may_browse(grant, basis=basis, at=at)


@few
@given(grants(), bases, moments, purposes)
def test_to_look_and_to_search_ask_for_the_same_grant_in_force(
    grant: Grant, basis: Basis, at: datetime, purpose: str
) -> None:
    reasons = set(may_apply(grant, at=at).reasons)
    assert reasons <= set(may_browse(grant, basis=basis, at=at).reasons)
    assert reasons <= set(may_search(grant, purpose=purpose, basis=basis, at=at).reasons)
    if grant.uses == {Use.DISPLAY}:
        assert not may_search(grant, purpose=purpose, basis=basis, at=at).is_allowed


@few
@given(grants(), bases, moments, moments)
def test_what_is_revoked_is_not_looked_at(
    grant: Grant, basis: Basis, at: datetime, revoked_at: datetime
) -> None:
    revoked = replace(grant, revoked_at=revoked_at)
    assert not may_browse(revoked, basis=basis, at=at).is_allowed


@few
@given(st.sampled_from(["user:", "key:", "link:", "", "cli:"]), st.text(max_size=8))
def test_only_keys_and_links_stand_in_for_a_person(kind: str, name: str) -> None:
    verdict = may_confirm(f"{kind}{name}")
    is_stand_in = f"{kind}{name}".startswith(("key:", "link:"))
    assert verdict.is_allowed is not is_stand_in
    assert not verdict.reasons or verdict.reasons == (Reason.NOT_A_PERSON,)


@few
@given(st.floats(0, 100), st.floats(0, 100), st.sampled_from(QualityFilter))
def test_a_better_face_is_kept_wherever_a_worse_one_is(
    first: float, second: float, chosen: QualityFilter
) -> None:
    worse, better = (replace(GOOD, value=value) for value in sorted([first, second]))
    if may_keep(worse, chosen=chosen).is_allowed:
        assert may_keep(better, chosen=chosen).is_allowed
    for stricter in chosen.stricter:
        if may_keep(worse, chosen=stricter).is_allowed:
            assert may_keep(worse, chosen=chosen).is_allowed
