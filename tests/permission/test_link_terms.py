"""Links for guests: how long they hold, how often they may be used, and which reason counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.permission.link import (
    LONGEST,
    MAX_FMR,
    OPEN,
    SHOWN_FOR,
    USUAL,
    WAITED_FOR,
    GuestState,
    LinkTerms,
    LinkUse,
    may_ask,
    may_open,
)
from mien.permission.verdict import Reason

NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)
TERMS = LinkTerms(expires_at=NOON)
MOMENT = timedelta(microseconds=1)


def test_a_link_holds_until_its_end_and_not_at_it() -> None:
    assert may_open(TERMS, is_vouched=True, revoked_at=None, at=NOON - MOMENT).is_allowed
    ended = may_open(TERMS, is_vouched=True, revoked_at=None, at=NOON)
    assert ended.reasons == (Reason.LINK_EXPIRED,)


@pytest.mark.parametrize("revoked_at", [NOON - timedelta(days=9), NOON, NOON + timedelta(days=9)])
def test_a_link_that_was_ended_is_ended_whenever_that_was(revoked_at: datetime) -> None:
    for at in (NOON - timedelta(days=10), NOON - MOMENT, NOON + timedelta(days=10)):
        verdict = may_open(TERMS, is_vouched=True, revoked_at=revoked_at, at=at)
        assert verdict.reasons == (Reason.LINK_REVOKED,)


@pytest.mark.parametrize("revoked_at", [None, NOON])
@pytest.mark.parametrize("at", [NOON - MOMENT, NOON, NOON + MOMENT])
def test_a_link_that_is_not_what_was_recorded_opens_nothing(
    revoked_at: datetime | None, at: datetime
) -> None:
    verdict = may_open(TERMS, is_vouched=False, revoked_at=revoked_at, at=at)
    assert verdict.reasons == (Reason.LINK_CHANGED,)


@pytest.mark.parametrize(
    ("use", "reasons"),
    [
        (LinkUse(), ()),
        (LinkUse(total=499, hourly=59, own=2), ()),
        (LinkUse(total=500), (Reason.LINK_SPENT,)),
        (LinkUse(hourly=60), (Reason.LINK_BUSY,)),
        (LinkUse(own=3), (Reason.GUEST_SPENT,)),
        (LinkUse(total=10**9, hourly=10**9, own=10**9), None),
    ],
)
def test_a_link_is_used_so_often(use: LinkUse, reasons: tuple[Reason, ...] | None) -> None:
    every = (Reason.LINK_SPENT, Reason.GUEST_SPENT, Reason.LINK_BUSY)
    assert may_ask(TERMS, use).reasons == (every if reasons is None else reasons)


counts = st.integers(0, 20)


@given(
    total=counts,
    hourly=counts,
    own=counts,
    most=st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(1, 20)),
)
def test_it_may_be_used_exactly_while_all_three_limits_are_not_reached(
    total: int, hourly: int, own: int, *, most: tuple[int, int, int]
) -> None:
    terms = LinkTerms(
        expires_at=NOON, searches_total=most[0], searches_hourly=most[1], searches_each=most[2]
    )
    is_within = total < most[0] and hourly < most[1] and own < most[2]
    use = LinkUse(total=total, hourly=hourly, own=own)
    assert may_ask(terms, use).is_allowed == is_within
    more = LinkUse(total=total + 1, hourly=hourly + 1, own=own + 1)
    assert not may_ask(terms, more).is_allowed or is_within


def test_a_link_is_careful_unless_its_host_says_otherwise() -> None:
    assert TERMS.approves
    assert (TERMS.searches_each, TERMS.searches_hourly, TERMS.searches_total) == (3, 60, 500)
    assert timedelta(0) < SHOWN_FOR < WAITED_FOR < USUAL < LONGEST
    assert 0 < MAX_FMR <= 1e-4


def test_nothing_is_kept_for_who_was_denied_or_is_done() -> None:
    over = {GuestState.DENIED, GuestState.OVER, GuestState.WITHDRAWN}
    assert set(GuestState) - over == OPEN
