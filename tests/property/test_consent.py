"""Whatever events are put together, nobody is recognised but as the rules, said naively, allow."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mien.permission.consent import (
    PROCESSING,
    Consent,
    ConsentEvent,
    ConsentState,
    Party,
    ends_at,
    keep_until,
    may_append,
    may_process,
    may_rely_on,
)
from permission.consents import make_consent
from property.strategies import DAY, PURPOSES, moments, purposes

GRACE = 2 * DAY


@st.composite
def events(draw: st.DrawFn) -> ConsentEvent:
    state = draw(st.sampled_from(ConsentState))
    return ConsentEvent(
        state=state,
        at=draw(moments),
        # Mostly as it should be, so that long chains are met.
        valid_until=draw(moments if state in PROCESSING else st.none()),
        party=draw(st.sampled_from(Party)),
    )


@st.composite
def consents(draw: st.DrawFn) -> Consent:
    """Any events in a row, or only such as may follow each other."""
    consent = make_consent(
        events=(),
        purposes=frozenset(draw(st.sets(st.sampled_from(PURPOSES)))),
        of_age_at=draw(st.none() | moments),
        is_vouched=draw(st.booleans()),
    )
    chosen: list[ConsentEvent] = []
    is_honest = draw(st.booleans())
    for event in draw(st.lists(events(), max_size=8)):
        grown = make_consent(events=tuple(chosen), of_age_at=consent.of_age_at)
        if not is_honest or may_append(grown, event).is_allowed:
            chosen.append(event)
    fields = {name: getattr(consent, name) for name in Consent.__dataclass_fields__}
    return Consent(**(fields | {"events": tuple(chosen)}))


@given(consents(), purposes, moments)
def test_nobody_is_recognised_unless_every_condition_holds(
    consent: Consent, purpose: str, at: datetime
) -> None:
    if not may_process(consent, purpose=purpose, at=at).is_allowed:
        return
    last = consent.events[-1]
    assert consent.is_vouched
    assert purpose in consent.purposes
    assert last.state in {"ConsentGiven", "RenewedConsentGiven"}
    assert last.valid_until is not None
    assert last.at <= at < last.valid_until
    states = {event.state for event in consent.events}
    assert not states & {
        ConsentState.WITHDRAWN,
        ConsentState.REVOKED,
        ConsentState.INVALIDATED,
    }
    times = [event.at for event in consent.events]
    assert times == sorted(times)
    if consent.of_age_at is not None and last.at < consent.of_age_at:
        assert last.party is Party.GUARDIAN
        assert at < consent.of_age_at


@given(consents(), moments)
def test_an_honest_chain_in_force_allows_every_purpose_it_names(
    consent: Consent, at: datetime
) -> None:
    if not may_rely_on(consent, at=at).is_allowed:
        return
    for purpose in PURPOSES:
        allowed = may_process(consent, purpose=purpose, at=at).is_allowed
        assert allowed is (purpose in consent.purposes)


@given(consents(), events(), moments)
def test_what_may_not_follow_never_leads_to_more(
    consent: Consent, event: ConsentEvent, at: datetime
) -> None:
    if may_append(consent, event).is_allowed:
        return
    grown = make_consent(
        events=(*consent.events, event),
        of_age_at=consent.of_age_at,
        is_vouched=consent.is_vouched,
    )
    assert not may_rely_on(grown, at=at).is_allowed


@given(consents(), moments)
def test_a_withdrawal_can_follow_all_that_allows_anything(consent: Consent, at: datetime) -> None:
    if not may_rely_on(consent, at=at).is_allowed:
        return
    withdrawal = ConsentEvent(state=ConsentState.WITHDRAWN, at=at)
    assert may_append(consent, withdrawal).is_allowed
    ended = make_consent(events=(*consent.events, withdrawal), of_age_at=consent.of_age_at)
    for later in (at, at + timedelta(days=10_000)):
        assert not may_rely_on(ended, at=later).is_allowed
    assert keep_until([ended], grace=GRACE) == at


@given(consents(), moments)
def test_nothing_is_allowed_past_the_end_and_templates_outlive_it_by_the_grace(
    consent: Consent, at: datetime
) -> None:
    if not consent.events:
        return
    end, kept = ends_at(consent), keep_until([consent], grace=GRACE)
    assert kept is not None
    assert end <= kept <= end + GRACE
    if at >= end:
        assert not may_rely_on(consent, at=at).is_allowed
