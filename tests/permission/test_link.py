"""What a link opens, and how often: every limit at its edge, and never more for having less."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
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

few = settings(max_examples=20)
NOW = datetime(2030, 5, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
TERMS = LinkTerms(expires_at=NOW + timedelta(days=1))
COUNTS = st.integers(0, 5)
LIMITS = st.builds(
    LinkTerms,
    expires_at=st.just(NOW),
    searches_each=COUNTS,
    searches_hourly=COUNTS,
    searches_total=COUNTS,
)
USES = st.builds(LinkUse, total=COUNTS, hourly=COUNTS, own=COUNTS)


@pytest.mark.parametrize(
    ("is_vouched", "is_revoked", "is_late"), list(product([True, False], repeat=3))
)
def test_a_link_is_open_exactly_while_nothing_ended_it(
    *, is_vouched: bool, is_revoked: bool, is_late: bool
) -> None:
    verdict = may_open(
        TERMS,
        is_vouched=is_vouched,
        revoked_at=NOW if is_revoked else None,
        at=TERMS.expires_at if is_late else NOW,
    )
    assert verdict.is_allowed == (is_vouched and not is_revoked and not is_late)
    assert len(verdict.reasons) == (0 if verdict.is_allowed else 1)


@pytest.mark.parametrize(
    ("later", "is_open"), [(-TICK, True), (timedelta(0), False), (TICK, False)]
)
def test_a_link_ends_at_its_very_end(later: timedelta, *, is_open: bool) -> None:
    verdict = may_open(TERMS, is_vouched=True, revoked_at=None, at=TERMS.expires_at + later)
    assert verdict.is_allowed == is_open
    assert is_open or verdict.reasons == (Reason.LINK_EXPIRED,)


@pytest.mark.parametrize("revoked_at", [NOW - timedelta(days=1), NOW, NOW + timedelta(days=900)])
def test_a_clock_that_is_set_back_opens_no_ended_link(revoked_at: datetime) -> None:
    verdict = may_open(TERMS, is_vouched=True, revoked_at=revoked_at, at=NOW)
    assert verdict.reasons == (Reason.LINK_REVOKED,)


def test_of_a_changed_link_nothing_else_is_believed() -> None:
    verdict = may_open(TERMS, is_vouched=False, revoked_at=NOW, at=TERMS.expires_at)
    assert verdict.reasons == (Reason.LINK_CHANGED,)


@few
@given(terms=LIMITS, use=USES)
def test_once_more_is_allowed_exactly_below_every_limit(terms: LinkTerms, use: LinkUse) -> None:
    wanted = {
        reason
        for reason, number, most in (
            (Reason.LINK_SPENT, use.total, terms.searches_total),
            (Reason.GUEST_SPENT, use.own, terms.searches_each),
            (Reason.LINK_BUSY, use.hourly, terms.searches_hourly),
        )
        if number >= most
    }
    verdict = may_ask(terms, use)
    assert set(verdict.reasons) == wanted
    assert verdict.is_allowed == (not wanted)


@few
@given(terms=LIMITS, use=USES, more=USES)
def test_whoever_asked_more_often_may_not_more(
    terms: LinkTerms, use: LinkUse, more: LinkUse
) -> None:
    oftener = LinkUse(
        total=use.total + more.total, hourly=use.hourly + more.hourly, own=use.own + more.own
    )
    assert set(may_ask(terms, use).reasons) <= set(may_ask(terms, oftener).reasons)


@few
@given(terms=LIMITS, use=USES, more=COUNTS)
@pytest.mark.parametrize("limit", ["searches_each", "searches_hourly", "searches_total"])
def test_a_wider_limit_takes_nothing_away(
    limit: str, terms: LinkTerms, use: LinkUse, more: int
) -> None:
    wider = replace(terms, **{limit: getattr(terms, limit) + more})
    assert set(may_ask(wider, use).reasons) <= set(may_ask(terms, use).reasons)


@few
@given(terms=LIMITS, use=USES)
def test_whether_somebody_looks_changes_no_limit(terms: LinkTerms, use: LinkUse) -> None:
    unseen = replace(terms, approves=False)
    assert may_ask(unseen, use) == may_ask(replace(terms, approves=True), use)


def test_a_limit_of_nothing_lets_nobody_ask() -> None:
    none = LinkTerms(expires_at=NOW, searches_each=0, searches_hourly=0, searches_total=0)
    assert not may_ask(none, LinkUse()).is_allowed


def test_unless_a_host_says_otherwise_a_person_looks_and_little_is_open() -> None:
    assert TERMS.approves
    assert TERMS.searches_each <= TERMS.searches_hourly <= TERMS.searches_total
    assert timedelta(0) < SHOWN_FOR < WAITED_FOR < USUAL < LONGEST
    assert 0 < MAX_FMR <= 1e-4


def test_what_is_decided_against_or_over_is_not_open() -> None:
    over = {GuestState.DENIED, GuestState.OVER, GuestState.WITHDRAWN}
    assert set(GuestState) == OPEN | over
    assert not OPEN & over
