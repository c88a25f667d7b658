"""Chains of events: only ever added to, and believed only as this vault last saw them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest

from mien.catalog import consents as rows
from mien.catalog.connect import Connection
from mien.catalog.people import StoredPerson
from mien.errors import CatalogError, ConflictError
from mien.library import Library
from mien.permission.consent import Consent, ConsentEvent, ConsentState, may_rely_on
from mien.permission.verdict import Reason, Verdict
from mien.service import consents
from mien.service.consents import Statement, Terms
from service.enrolling import enrol
from service.logs import tamper
from service.stage import PURPOSE, Stage, query

State = ConsentState


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as opened:
        yield opened


@pytest.fixture
def ann(stage: Stage, library: Library) -> StoredPerson:
    return enrol(stage, library, 1, "Ann")


def consent_of(library: Library, person: StoredPerson) -> Consent:
    deployment = library._deployment
    with deployment.database.reading() as connection:
        found = consents.find_consents(deployment, connection, person_ids=[person.id])
    (consent,) = found[person.id]
    return consent


def reasons(stage: Stage, library: Library, person: StoredPerson) -> tuple[Reason, ...]:
    return may_rely_on(consent_of(library, person), at=stage.now).reasons


@contextmanager
def writing(library: Library) -> Iterator[Connection]:
    with library._deployment.database.writing() as connection:
        yield connection


def say(
    stage: Stage, library: Library, person: StoredPerson, state: ConsentState, **changes: Any
) -> Consent | Verdict:
    gives = state in {State.GIVEN, State.RENEWED}
    fields: dict[str, Any] = {
        "state": state,
        "at": stage.now,
        "valid_until": stage.now + timedelta(days=900) if gives else None,
    }
    event = ConsentEvent(**(fields | changes))
    consent_id = consent_of(library, person).consent_id
    with writing(library) as connection:
        return consents.append_statement(
            library._deployment,
            connection,
            consent_id=consent_id,
            statement=Statement(event=event),
        )


def test_what_was_said_is_believed(stage: Stage, library: Library, ann: StoredPerson) -> None:
    consent = consent_of(library, ann)
    assert consent.is_vouched
    assert consent.state is State.GIVEN
    assert consent.purposes == {PURPOSE}
    assert reasons(stage, library, ann) == ()


def test_events_are_added_and_none_is_changed(
    stage: Stage, library: Library, ann: StoredPerson
) -> None:
    catalog = stage.home / "catalog.db"
    before = query(catalog, "SELECT * FROM consent_events")
    stage.now += timedelta(days=1)
    renewed = say(stage, library, ann, State.RENEWED)
    assert isinstance(renewed, Consent)
    assert renewed.is_vouched
    after = query(catalog, "SELECT * FROM consent_events ORDER BY id")
    assert after[:1] == before
    assert [row[2:4] for row in after] == [(0, "ConsentGiven"), (1, "RenewedConsentGiven")]
    assert consent_of(library, ann).events == renewed.events


@pytest.mark.parametrize(
    ("state", "changes", "reason"),
    [
        (State.GIVEN, {}, Reason.CONSENT_CONFLICT),
        (State.REQUESTED, {}, Reason.CONSENT_CONFLICT),
        (State.RENEWED, {"valid_until": None}, Reason.CONSENT_CONFLICT),
        (State.WITHDRAWN, {"valid_until": "later"}, Reason.CONSENT_CONFLICT),
        (State.RENEWED, {"at": "earlier"}, Reason.CONSENT_CONFLICT),
    ],
)
def test_what_cannot_follow_is_refused_and_not_written(
    stage: Stage,
    library: Library,
    ann: StoredPerson,
    *,
    state: ConsentState,
    changes: dict[str, Any],
    reason: Reason,
) -> None:
    moments = {"later": stage.now + timedelta(days=1), "earlier": stage.now - timedelta(days=1)}
    resolved = {name: moments.get(value, value) for name, value in changes.items()}
    refused = say(stage, library, ann, state, **resolved)
    assert isinstance(refused, Verdict)
    assert refused.reasons == (reason,)
    assert len(consent_of(library, ann).events) == 1
    assert reasons(stage, library, ann) == ()


def test_nothing_follows_a_withdrawal(stage: Stage, library: Library, ann: StoredPerson) -> None:
    assert isinstance(say(stage, library, ann, State.WITHDRAWN), Consent)
    for state in State:
        refused = say(stage, library, ann, state)
        assert isinstance(refused, Verdict)
        assert refused.reasons == (Reason.CONSENT_WITHDRAWN,)
    assert reasons(stage, library, ann) == (Reason.CONSENT_WITHDRAWN,)


def test_a_consent_does_not_begin_with_what_cannot_begin_one(
    stage: Stage, library: Library, ann: StoredPerson
) -> None:
    event = ConsentEvent(state=State.RENEWED, at=stage.now, valid_until=stage.now)
    with pytest.raises(ConflictError, match="contradicts"), writing(library) as connection:
        consents.record_consent(
            library._deployment,
            connection,
            person=ann,
            terms=Terms(purposes=["press"]),
            first=Statement(event=event),
        )
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM consents") == [1]


def test_a_person_may_have_several_consents(
    stage: Stage, library: Library, ann: StoredPerson
) -> None:
    event = ConsentEvent(state=State.GIVEN, at=stage.now, valid_until=stage.now + timedelta(days=1))
    with writing(library) as connection:
        second = consents.record_consent(
            library._deployment,
            connection,
            person=ann,
            terms=Terms(purposes=["press", "press"]),
            first=Statement(event=event),
        )
    assert second.purposes == {"press"}
    assert len(library.people().get("Ann").consents) == 2


TAMPERINGS = {
    "a date": "UPDATE consent_events SET valid_until = valid_until + 1",
    "a moment": "UPDATE consent_events SET at = at - 1",
    "a state": "UPDATE consent_events SET state = 'RenewedConsentGiven'",
    "a party": "UPDATE consent_events SET party = 'guardian'",
    "a place": "UPDATE consent_events SET number = 5",
    "the evidence": "UPDATE consent_events SET sealed = x'00'",
    "an event removed": "DELETE FROM consent_events",
    "an event inserted": "INSERT INTO consent_events (consent_id, number, state, at, valid_until,"
    " party, sealed) SELECT consent_id, 1, 'RenewedConsentGiven', at, valid_until + 1, party,"
    " sealed FROM consent_events",
    "a purpose": """UPDATE consents SET purposes = '["family-album", "press"]'""",
    "a purpose less": "UPDATE consents SET purposes = '[]'",
    "purposes that are none": "UPDATE consents SET purposes = '{}'",
    "the terms": "UPDATE consents SET sealed = x'00'",
    "the consent's id": "UPDATE consents SET uuid = 'another' WHERE id = 1",
    "the person's id": "UPDATE people SET uuid = 'another' WHERE id = 1",
    "coming of age": "UPDATE people SET of_age_at = 1",
    "somebody else's": "UPDATE consents SET person_id = (SELECT max(id) FROM people)",
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_rows_that_were_touched_allow_nothing(
    stage: Stage, library: Library, ann: StoredPerson, tampering: str
) -> None:
    ben = enrol(stage, library, 2, "Ben")
    tamper(stage, TAMPERINGS[tampering])
    deployment = library._deployment
    with deployment.database.reading() as connection:
        everybody = consents.find_consents(deployment, connection, person_ids=[ann.id, ben.id])
    found = [consent for of_one in everybody.values() for consent in of_one]
    touched = [consent for consent in found if not consent.is_vouched]
    assert touched
    for consent in touched:
        assert may_rely_on(consent, at=stage.now).reasons == (Reason.CONSENT_CHANGED,)


def test_a_state_that_nobody_knows_is_unknown(
    stage: Stage, library: Library, ann: StoredPerson
) -> None:
    """Even one that this vault vouches for, as a later version's would be."""
    tamper(stage, "UPDATE consent_events SET state = 'ConsentGivenTwice'")
    deployment = library._deployment
    with writing(library) as connection:
        (stored,) = rows.find_consents(connection, [ann.id])[ann.id]
    deployment.vault.notary.vouch(f"consent:{stored.uuid}", consents.describe_chain(stored))
    consent = consent_of(library, ann)
    assert consent.is_vouched
    assert consent.state is State.UNKNOWN
    assert reasons(stage, library, ann) == (Reason.CONSENT_CONFLICT,)


def test_a_consent_that_is_disowned_is_never_believed_again(
    stage: Stage, library: Library, ann: StoredPerson
) -> None:
    with writing(library) as connection:
        (stored,) = rows.find_consents(connection, [ann.id])[ann.id]
    consents.disown(library._deployment, stored)
    assert reasons(stage, library, ann) == (Reason.CONSENT_CHANGED,)
    refused = say(stage, library, ann, State.RENEWED)
    assert isinstance(refused, Verdict)
    assert refused.reasons == (Reason.CONSENT_CHANGED,)


# A machine that stops between the keys and the catalog.


class StoppedError(CatalogError):
    """The machine stopped."""


@contextmanager
def stopping(library: Library) -> Iterator[Connection]:
    """A transaction that never ends; what was done to the keys in it is done."""
    with suppress(StoppedError), writing(library) as connection:
        yield connection
        raise StoppedError


def stop_in(stage: Stage, library: Library, person: StoredPerson, *, state: ConsentState) -> None:
    """Says something, and stops before the catalog has it; the keys have."""
    consent_id = consent_of(library, person).consent_id
    event = ConsentEvent(
        state=state,
        at=stage.now,
        valid_until=stage.now + timedelta(days=900) if state is State.RENEWED else None,
    )
    with stopping(library) as connection:
        consents.append_statement(
            library._deployment,
            connection,
            consent_id=consent_id,
            statement=Statement(event=event),
        )


def test_a_renewal_that_was_cut_short_allows_nothing_until_it_is_repeated(
    stage: Stage, library: Library, ann: StoredPerson
) -> None:
    stop_in(stage, library, ann, state=State.RENEWED)
    assert reasons(stage, library, ann) == (Reason.CONSENT_CHANGED,)
    stage.now += timedelta(hours=1)
    assert isinstance(say(stage, library, ann, State.RENEWED), Consent)
    assert reasons(stage, library, ann) == ()


def test_one_that_was_cut_short_again_and_again_is_mended_too(
    stage: Stage, library: Library, ann: StoredPerson
) -> None:
    for _ in range(3):
        stop_in(stage, library, ann, state=State.RENEWED)
    assert isinstance(say(stage, library, ann, State.RENEWED), Consent)
    assert reasons(stage, library, ann) == ()


def test_a_withdrawal_that_was_cut_short_ends_the_consent_for_good(
    stage: Stage, library: Library, ann: StoredPerson
) -> None:
    stop_in(stage, library, ann, state=State.WITHDRAWN)
    assert reasons(stage, library, ann) == (Reason.CONSENT_CHANGED,)
    refused = say(stage, library, ann, State.RENEWED)
    assert isinstance(refused, Verdict)
    assert refused.reasons == (Reason.CONSENT_CHANGED,)
    assert isinstance(say(stage, library, ann, State.WITHDRAWN), Consent)
    assert reasons(stage, library, ann) == (Reason.CONSENT_WITHDRAWN,)


def test_a_withdrawal_after_a_renewal_that_was_cut_short_ends_it_too(
    stage: Stage, library: Library, ann: StoredPerson
) -> None:
    stop_in(stage, library, ann, state=State.RENEWED)
    assert isinstance(say(stage, library, ann, State.WITHDRAWN), Consent)
    assert reasons(stage, library, ann) == (Reason.CONSENT_WITHDRAWN,)
