"""Decisions about consents: each state, each boundary, minors, and what contradicts itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

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
    state_at,
)
from mien.permission.verdict import Reason, Verdict
from permission.consents import make_consent, make_event
from permission.samples import FROM, NOON, TICK, UNTIL

GRACE = timedelta(days=30)
LATER = NOON + timedelta(days=1)
COMES_OF_AGE = datetime(2026, 9, 1, tzinfo=UTC)

State = ConsentState
GIVEN = make_event()
REQUESTED = make_event(State.REQUESTED)


def process(
    consent: Consent | None, *, purpose: str = "family-album", at: datetime = NOON
) -> tuple[Reason, ...]:
    return may_process(consent, purpose=purpose, at=at).reasons


def append(consent: Consent, event: ConsentEvent) -> tuple[Reason, ...]:
    return may_append(consent, event).reasons


def test_a_consent_that_is_given_allows_what_it_names() -> None:
    assert may_rely_on(make_consent(), at=NOON) == Verdict()
    assert process(make_consent()) == ()


def test_without_a_consent_nothing_is_done() -> None:
    assert process(None) == (Reason.NO_CONSENT,)
    assert may_rely_on(None, at=NOON).reasons == (Reason.NO_CONSENT,)


@pytest.mark.parametrize(
    ("purpose", "reason"),
    [
        ("press", Reason.PURPOSE_NOT_CONSENTED),
        ("family", Reason.PURPOSE_NOT_CONSENTED),
        ("", Reason.NO_PURPOSE),
        ("Family-Album", Reason.MALFORMED_PURPOSE),
        ("family-album ", Reason.MALFORMED_PURPOSE),
    ],
)
def test_only_a_purpose_that_was_named_is_allowed(purpose: str, reason: Reason) -> None:
    assert process(make_consent(), purpose=purpose)[0] is reason


def test_a_purpose_that_is_none_is_not_allowed_by_being_recorded() -> None:
    careless = make_consent(purposes=frozenset({"", "Any"}))
    assert process(careless, purpose="") == (Reason.NO_PURPOSE,)
    assert process(careless, purpose="Any") == (Reason.MALFORMED_PURPOSE,)


@pytest.mark.parametrize(
    ("at", "reasons"),
    [
        (FROM - TICK, (Reason.CONSENT_NOT_YET_VALID,)),
        (FROM, ()),
        (UNTIL - TICK, ()),
        (UNTIL, (Reason.CONSENT_EXPIRED,)),
        (datetime.max.replace(tzinfo=UTC), (Reason.CONSENT_EXPIRED,)),
    ],
)
def test_a_consent_holds_from_its_first_moment_to_just_before_its_last(
    at: datetime, reasons: tuple[Reason, ...]
) -> None:
    assert process(make_consent(), at=at) == reasons


# One way to each of the ten states.
WAYS: dict[ConsentState, tuple[ConsentEvent, ...]] = {
    State.REQUESTED: (REQUESTED,),
    State.DEFERRED: (REQUESTED, make_event(State.DEFERRED)),
    State.REFUSED: (REQUESTED, make_event(State.REFUSED)),
    State.GIVEN: (REQUESTED, GIVEN),
    State.RENEWED: (GIVEN, make_event(State.RENEWED)),
    State.EXPIRED: (GIVEN, make_event(State.EXPIRED)),
    State.WITHDRAWN: (GIVEN, make_event(State.WITHDRAWN)),
    State.REVOKED: (GIVEN, make_event(State.REVOKED)),
    State.INVALIDATED: (GIVEN, make_event(State.INVALIDATED)),
    State.UNKNOWN: (make_event(State.UNKNOWN),),
}


def test_all_ten_states_of_the_vocabulary_are_known() -> None:
    assert set(WAYS) == set(State)
    assert len(State) == 10


@pytest.mark.parametrize("state", State)
def test_nothing_is_done_in_any_state_but_two(state: ConsentState) -> None:
    consent = make_consent(*WAYS[state])
    assert consent.state is state
    assert may_rely_on(consent, at=NOON).is_allowed is (state in PROCESSING)
    assert {str(one) for one in PROCESSING} == {"ConsentGiven", "RenewedConsentGiven"}


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.REQUESTED, Reason.CONSENT_NOT_GIVEN),
        (State.DEFERRED, Reason.CONSENT_NOT_GIVEN),
        (State.REFUSED, Reason.CONSENT_NOT_GIVEN),
        (State.EXPIRED, Reason.CONSENT_EXPIRED),
        (State.WITHDRAWN, Reason.CONSENT_WITHDRAWN),
        (State.REVOKED, Reason.CONSENT_WITHDRAWN),
        (State.INVALIDATED, Reason.CONSENT_NOT_GIVEN),
        (State.UNKNOWN, Reason.CONSENT_NOT_GIVEN),
    ],
)
def test_each_other_state_has_its_reason(state: ConsentState, reason: Reason) -> None:
    assert process(make_consent(*WAYS[state])) == (reason,)


def test_a_clock_set_back_brings_no_withdrawn_consent_to_life() -> None:
    withdrawn = make_consent(GIVEN, make_event(State.WITHDRAWN, at=LATER))
    assert process(withdrawn, at=NOON) == (Reason.CONSENT_WITHDRAWN,)


def test_a_consent_nobody_vouches_for_allows_nothing_whatever_it_says() -> None:
    assert process(make_consent(is_vouched=False)) == (Reason.CONSENT_CHANGED,)


def test_a_consent_of_which_nothing_was_said_allows_nothing() -> None:
    silent = make_consent(events=())
    assert silent.state is State.UNKNOWN
    assert process(silent) == (Reason.CONSENT_NOT_GIVEN,)
    with pytest.raises(ValueError, match="nothing was recorded"):
        ends_at(silent)


@pytest.mark.parametrize(
    "events",
    [
        (GIVEN, GIVEN),
        (make_event(State.RENEWED),),
        (make_event(State.WITHDRAWN), GIVEN),
        (GIVEN, make_event(State.WITHDRAWN), make_event(State.RENEWED)),
        (GIVEN, make_event(State.WITHDRAWN), GIVEN),
        (GIVEN, make_event(State.REVOKED), make_event(State.RENEWED)),
        (GIVEN, make_event(State.INVALIDATED), make_event(State.RENEWED)),
        (REQUESTED, make_event(State.REFUSED), GIVEN),
        (GIVEN, make_event(State.RENEWED, at=FROM - TICK)),
        (make_event(valid_until=None),),
        (make_event(valid_until=FROM),),
        (make_event(valid_until=FROM - TICK),),
        (make_event(State.REQUESTED, valid_until=UNTIL), GIVEN),
    ],
)
def test_events_that_contradict_each_other_allow_nothing(events: tuple[ConsentEvent, ...]) -> None:
    assert process(make_consent(*events)) == (Reason.CONSENT_CONFLICT,)
    whole = [may_append(make_consent(events=events[:n]), e) for n, e in enumerate(events)]
    assert not all(verdict.is_allowed for verdict in whole)


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.REVOKED, State.INVALIDATED])
@pytest.mark.parametrize("following", State)
def test_nothing_follows_an_end(state: ConsentState, following: ConsentState) -> None:
    ended = make_consent(*WAYS[state])
    assert append(ended, make_event(following, at=LATER)) != ()


def test_a_renewal_after_a_withdrawal_is_told_why() -> None:
    withdrawn = make_consent(*WAYS[State.WITHDRAWN])
    assert append(withdrawn, make_event(State.RENEWED)) == (Reason.CONSENT_WITHDRAWN,)


def test_a_consent_that_expired_may_be_renewed() -> None:
    late = make_event(State.RENEWED, at=UNTIL + GRACE, valid_until=UNTIL + 2 * GRACE)
    assert append(make_consent(), late) == ()
    assert append(make_consent(*WAYS[State.EXPIRED]), late) == ()
    assert process(make_consent(GIVEN, late), at=UNTIL + GRACE) == ()


@pytest.mark.parametrize("state", [State.REQUESTED, State.GIVEN, State.RENEWED, State.EXPIRED])
def test_events_out_of_order_are_refused(state: ConsentState) -> None:
    consent = make_consent(*WAYS[state])
    early = make_event(State.INVALIDATED, at=FROM - TICK)
    assert append(consent, early) == (Reason.CONSENT_CONFLICT,)


# Minors: a guardian speaks until they come of age, and nobody after that.

BY_GUARDIAN = make_event(party=Party.GUARDIAN)


def test_a_minor_is_recognised_only_under_a_guardians_consent() -> None:
    alone = make_consent(of_age_at=COMES_OF_AGE)
    assert append(make_consent(events=(), of_age_at=COMES_OF_AGE), GIVEN) == (
        Reason.MINOR_WITHOUT_GUARDIAN,
    )
    assert process(alone) == (Reason.CONSENT_CONFLICT,)
    assert process(make_consent(BY_GUARDIAN, of_age_at=COMES_OF_AGE)) == ()


def test_what_a_guardian_consented_to_ends_when_the_minor_comes_of_age() -> None:
    consent = make_consent(BY_GUARDIAN, of_age_at=COMES_OF_AGE)
    assert ends_at(consent) == COMES_OF_AGE < UNTIL
    assert process(consent, at=COMES_OF_AGE - TICK) == ()
    assert process(consent, at=COMES_OF_AGE) == (Reason.CONSENT_EXPIRED,)


def test_a_guardians_consent_may_end_before_that() -> None:
    consent = make_consent(BY_GUARDIAN, of_age_at=UNTIL + GRACE)
    assert ends_at(consent) == UNTIL


def test_once_of_age_they_speak_for_themselves_alone() -> None:
    consent = make_consent(BY_GUARDIAN, of_age_at=COMES_OF_AGE)
    renewal = make_event(State.RENEWED, at=COMES_OF_AGE)
    assert append(consent, renewal) == ()
    assert ends_at(make_consent(BY_GUARDIAN, renewal, of_age_at=COMES_OF_AGE)) == UNTIL
    guardian = make_event(State.RENEWED, at=COMES_OF_AGE, party=Party.GUARDIAN)
    assert append(consent, guardian) == (Reason.CONSENT_CONFLICT,)


def test_a_minor_may_withdraw_without_their_guardian() -> None:
    consent = make_consent(BY_GUARDIAN, of_age_at=COMES_OF_AGE)
    assert append(consent, make_event(State.WITHDRAWN, at=NOON)) == ()


def test_somebody_may_speak_for_an_adult_who_cannot() -> None:
    assert process(make_consent(BY_GUARDIAN)) == ()


# Time.


@pytest.mark.parametrize(
    ("at", "state"),
    [(NOON, State.GIVEN), (UNTIL - TICK, State.GIVEN), (UNTIL, State.EXPIRED)],
)
def test_a_consent_expires_by_itself(at: datetime, state: ConsentState) -> None:
    assert state_at(make_consent(), at=at) is state


def test_what_was_withdrawn_does_not_expire() -> None:
    assert state_at(make_consent(*WAYS[State.WITHDRAWN]), at=UNTIL) is State.WITHDRAWN


def test_templates_wait_a_grace_period_after_the_end_and_none_after_a_withdrawal() -> None:
    withdrawn = make_consent(GIVEN, make_event(State.WITHDRAWN, at=NOON))
    assert keep_until([make_consent()], grace=GRACE) == UNTIL + GRACE
    assert keep_until([withdrawn], grace=GRACE) == NOON
    assert keep_until([withdrawn, make_consent()], grace=GRACE) == UNTIL + GRACE
    assert keep_until([], grace=GRACE) is None
    assert keep_until([make_consent(events=())], grace=GRACE) is None


def test_an_explicit_end_waits_for_the_grace_too() -> None:
    expired = make_consent(GIVEN, make_event(State.EXPIRED, at=NOON))
    assert keep_until([expired], grace=GRACE) == NOON + GRACE


def test_a_consent_without_an_end_in_sight_does_not_run_past_the_end_of_time() -> None:
    latest = datetime.max.replace(tzinfo=UTC)
    endless = make_consent(make_event(valid_until=latest))
    assert keep_until([endless], grace=GRACE) == latest
