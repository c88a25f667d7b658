"""Decisions about grants: each reason, each boundary, and several reasons at once."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mien.permission.basis import Basis
from mien.permission.grant import (
    Grant,
    GrantKind,
    ends_at,
    is_narrower,
    make_unreadable,
    may_add,
    may_apply,
    may_keep,
    may_search,
    may_use,
)
from mien.permission.use import ADDING, Use
from mien.permission.verdict import Reason, Verdict
from permission.samples import FROM, NOON, PHOTO, TICK, UNTIL, make_grant


def use_of(grant: Grant, use: Use, *, uri: str = PHOTO) -> tuple[Reason, ...]:
    return may_use(grant, use=use, uri=uri, since=FROM, at=NOON).reasons


LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def add(
    grant: Grant | None, *, uri: str = PHOTO, basis: Basis = Basis.HOUSEHOLD, at: datetime = NOON
) -> tuple[Reason, ...]:
    return may_add(grant, uri=uri, basis=basis, at=at).reasons


def search(
    grant: Grant,
    *,
    purpose: str = "family-album",
    basis: Basis = Basis.HOUSEHOLD,
    at: datetime = NOON,
) -> tuple[Reason, ...]:
    return may_search(grant, purpose=purpose, basis=basis, at=at).reasons


def test_a_grant_in_force_that_covers_everything_allows() -> None:
    grant = make_grant()
    assert may_apply(grant, at=NOON) == Verdict()
    assert add(grant) == ()
    assert search(grant) == ()
    assert may_keep(grant, since=FROM, at=NOON) == Verdict()


def test_without_a_grant_nothing_applies_and_nothing_enters() -> None:
    assert may_apply(None, at=NOON).reasons == (Reason.NO_GRANT,)
    assert add(None) == (Reason.NO_GRANT,)


@pytest.mark.parametrize(
    ("at", "reasons"),
    [
        (LONG_AGO, (Reason.GRANT_NOT_YET_VALID,)),
        (FROM - TICK, (Reason.GRANT_NOT_YET_VALID,)),
        (FROM, ()),
        (FROM + TICK, ()),
        (UNTIL - TICK, ()),
        (UNTIL, (Reason.GRANT_EXPIRED,)),
        (UNTIL + TICK, (Reason.GRANT_EXPIRED,)),
        (END_OF_TIME, (Reason.GRANT_EXPIRED,)),
    ],
)
def test_a_grant_holds_from_its_first_instant_up_to_its_last(
    at: datetime, reasons: tuple[Reason, ...]
) -> None:
    assert may_apply(make_grant(), at=at).reasons == reasons
    assert add(make_grant(), at=at) == reasons
    assert search(make_grant(), at=at) == reasons


def test_instants_are_compared_and_not_the_digits_of_their_zones() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert may_apply(make_grant(), at=datetime(2027, 1, 1, 8, 59, 59, tzinfo=tokyo)).is_allowed
    assert not may_apply(make_grant(), at=datetime(2027, 1, 1, 9, tzinfo=tokyo)).is_allowed


def test_a_grant_whose_end_lies_before_its_beginning_never_holds() -> None:
    grant = make_grant(valid_from=UNTIL, valid_until=FROM)
    for at in (LONG_AGO, FROM, NOON, UNTIL, END_OF_TIME):
        assert not may_apply(grant, at=at).is_allowed


@pytest.mark.parametrize("at", [LONG_AGO, FROM - TICK, FROM, NOON, UNTIL, END_OF_TIME])
@pytest.mark.parametrize("revoked_at", [LONG_AGO, FROM, NOON, UNTIL, END_OF_TIME])
def test_a_revoked_grant_stays_revoked_whatever_the_clock_says(
    at: datetime, revoked_at: datetime
) -> None:
    grant = make_grant(revoked_at=revoked_at)
    assert may_apply(grant, at=at).reasons == (Reason.GRANT_REVOKED,)
    assert add(grant, at=at) == (Reason.GRANT_REVOKED,)
    assert search(grant, at=at) == (Reason.GRANT_REVOKED,)


def test_a_grant_that_nobody_vouches_for_allows_nothing_and_says_only_that() -> None:
    for changes in ({}, {"revoked_at": NOON}, {"valid_until": FROM}):
        grant = make_grant(is_vouched=False, **changes)
        assert may_apply(grant, at=NOON).reasons == (Reason.GRANT_CHANGED,)
        assert add(grant) == search(grant) == (Reason.GRANT_CHANGED,)
        for use in Use:
            assert Reason.GRANT_CHANGED in use_of(grant, use)


def test_a_grant_has_to_be_vouched_for_by_somebody_who_says_so() -> None:
    fields = {name: getattr(make_grant(), name) for name in Grant.__dataclass_fields__}
    del fields["is_vouched"]
    assert Grant(**fields).is_vouched is False


def test_what_cannot_be_read_allows_nothing_even_if_it_were_vouched_for() -> None:
    for revoked_at in (None, NOON):
        grant = make_unreadable("x", revoked_at=revoked_at)
        assert not may_apply(grant, at=NOON).is_allowed
        grant = dataclasses.replace(grant, is_vouched=True)
        for at in (LONG_AGO, NOON, END_OF_TIME - TICK):
            assert not may_apply(grant, at=at).is_allowed
            assert not may_add(grant, uri=PHOTO, basis=Basis.HOUSEHOLD, at=at).is_allowed
        assert ends_at(grant) == (revoked_at or END_OF_TIME)


@pytest.mark.parametrize("use", Use)
def test_each_use_is_asked_for_by_itself(use: Use) -> None:
    assert use_of(make_grant(uses=frozenset({use})), use) == ()
    assert use_of(make_grant(uses=frozenset(Use) - {use}), use) == (Reason.USE_NOT_GRANTED,)


def test_all_reasons_against_a_use_are_told_in_a_fixed_order() -> None:
    grant = make_grant(uses=frozenset(), scope=(), revoked_at=NOON, retention=TICK)
    assert use_of(grant, Use.DISPLAY) == (
        Reason.GRANT_REVOKED,
        Reason.USE_NOT_GRANTED,
        Reason.OUT_OF_SCOPE,
        Reason.RETENTION_ENDED,
    )


@pytest.mark.parametrize("kind", GrantKind)
def test_no_grant_of_any_kind_reaches_a_platform(kind: GrantKind) -> None:
    everything = ("https://www.facebook.com/", "https://scontent.fbcdn.net/a.jpg")
    grant = make_grant(kind=kind, scope=everything, uses=frozenset(Use), bases=frozenset(Basis))
    for uri in ("https://www.facebook.com/a.jpg", "https://scontent.fbcdn.net/a.jpg"):
        assert add(grant, uri=uri) == (Reason.PLATFORM_FORBIDS,)
        for use in Use:
            assert use_of(grant, use, uri=uri) == (Reason.PLATFORM_FORBIDS,)


def test_a_grant_is_narrowed_in_its_bases_too() -> None:
    both = make_grant(bases=frozenset({Basis.HOUSEHOLD, Basis.ENROLLED_ONLY}))
    assert is_narrower(make_grant(), both)
    assert not is_narrower(both, make_grant())


@pytest.mark.parametrize("missing", ADDING)
def test_a_photo_enters_only_where_both_storing_and_templates_are_allowed(missing: Use) -> None:
    grant = make_grant(uses=frozenset(Use) - {missing})
    assert add(grant) == (Reason.USE_NOT_GRANTED,)


def test_adding_asks_for_no_other_use() -> None:
    assert add(make_grant(uses=frozenset(ADDING))) == ()


def test_searching_asks_for_the_use_search_and_no_other() -> None:
    assert search(make_grant(uses=frozenset({Use.SEARCH}))) == ()
    assert search(make_grant(uses=frozenset(Use) - {Use.SEARCH})) == (Reason.USE_NOT_GRANTED,)


def test_no_use_follows_from_another() -> None:
    nothing = make_grant(uses=frozenset())
    assert add(nothing) == (Reason.USE_NOT_GRANTED,)
    assert search(nothing) == (Reason.USE_NOT_GRANTED,)


@pytest.mark.parametrize("granted", Basis)
@pytest.mark.parametrize("asked", Basis)
def test_the_basis_must_be_the_one_granted(granted: Basis, asked: Basis) -> None:
    expected = () if granted is asked else (Reason.BASIS_MISMATCH,)
    assert add(make_grant(bases=frozenset({granted})), basis=asked) == expected
    assert search(make_grant(bases=frozenset({granted})), basis=asked) == expected


def test_each_of_several_bases_is_allowed_and_no_other() -> None:
    grant = make_grant(bases=frozenset({Basis.HOUSEHOLD, Basis.ENROLLED_ONLY}))
    assert add(grant, basis=Basis.ENROLLED_ONLY) == search(grant, basis=Basis.HOUSEHOLD) == ()
    assert add(grant, basis=Basis.DOCUMENTED_BASIS) == (Reason.BASIS_MISMATCH,)


@pytest.mark.parametrize("basis", Basis)
def test_a_grant_without_bases_allows_none(basis: Basis) -> None:
    grant = make_grant(bases=frozenset())
    assert add(grant, basis=basis) == search(grant, basis=basis) == (Reason.BASIS_MISMATCH,)


@pytest.mark.parametrize(
    "uri",
    [
        "file:///photos-evil/ada.jpg",
        "file:///photos/../etc/ada.jpg",
        "file:///photos",
        "https://photos.example/photos/ada.jpg",
        "ada.jpg",
        "",
    ],
)
def test_a_photo_outside_the_scope_does_not_enter(uri: str) -> None:
    assert add(make_grant(), uri=uri) == (Reason.OUT_OF_SCOPE,)


def test_a_grant_without_scope_covers_nothing() -> None:
    assert add(make_grant(scope=())) == (Reason.OUT_OF_SCOPE,)


@pytest.mark.parametrize(
    "purpose", ["", "family", "family-albums", "Family-Album", "family-album ", "*", "family_album"]
)
def test_only_the_very_purpose_granted_may_be_searched_for(purpose: str) -> None:
    assert search(make_grant(), purpose=purpose) == (Reason.PURPOSE_NOT_GRANTED,)


def test_each_of_several_purposes_may_be_searched_for() -> None:
    grant = make_grant(purposes=frozenset({"family-album", "yearbook"}))
    assert search(grant, purpose="yearbook") == ()
    assert search(grant, purpose="family-album") == ()


def test_a_grant_without_purposes_answers_no_search() -> None:
    assert search(make_grant(purposes=frozenset())) == (Reason.PURPOSE_NOT_GRANTED,)


def test_all_reasons_against_adding_are_told_in_a_fixed_order() -> None:
    grant = make_grant(uses=frozenset(), scope=(), valid_until=FROM)
    assert add(grant, basis=Basis.DOCUMENTED_BASIS) == (
        Reason.GRANT_EXPIRED,
        Reason.USE_NOT_GRANTED,
        Reason.BASIS_MISMATCH,
        Reason.OUT_OF_SCOPE,
    )


def test_all_reasons_against_searching_are_told_in_a_fixed_order() -> None:
    grant = make_grant(uses=frozenset(), purposes=frozenset(), revoked_at=NOON, valid_until=FROM)
    assert search(grant, basis=Basis.DOCUMENTED_BASIS) == (
        Reason.GRANT_REVOKED,
        Reason.USE_NOT_GRANTED,
        Reason.BASIS_MISMATCH,
        Reason.PURPOSE_NOT_GRANTED,
    )


@pytest.mark.parametrize(
    ("kept", "reasons"),
    [
        (timedelta(0), ()),
        (timedelta(days=30) - TICK, ()),
        (timedelta(days=30), (Reason.RETENTION_ENDED,)),
        (timedelta(days=30) + TICK, (Reason.RETENTION_ENDED,)),
        (timedelta(days=9999), (Reason.RETENTION_ENDED,)),
    ],
)
def test_retention_ends_at_its_last_instant(kept: timedelta, reasons: tuple[Reason, ...]) -> None:
    grant = make_grant(retention=timedelta(days=30))
    assert may_keep(grant, since=NOON, at=NOON + kept).reasons == reasons


def test_without_retention_it_may_be_kept_for_ever() -> None:
    assert may_keep(make_grant(), since=LONG_AGO, at=END_OF_TIME).is_allowed


def test_a_retention_longer_than_the_calendar_is_no_error() -> None:
    grant = make_grant(retention=timedelta.max)
    assert may_keep(grant, since=NOON, at=END_OF_TIME).is_allowed


def test_retention_says_nothing_about_whether_the_grant_is_in_force() -> None:
    grant = make_grant(retention=timedelta(days=30), revoked_at=FROM)
    assert may_keep(grant, since=NOON, at=NOON).is_allowed


def test_a_grant_cannot_be_changed_after_it_was_made() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        make_grant().valid_until = END_OF_TIME  # type: ignore[misc]
