"""Consents as rows: handed out as they stand, in order, whoever wrote them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from catalog.samples import NOW, make_uuid
from mien.catalog import consents, people
from mien.catalog.consents import NewConsent, StoredConsent, StoredConsentEvent
from mien.errors import CatalogError, NotFoundError
from mien.types import PersonId

DAY = timedelta(days=1)


def event(number: int, state: str = "ConsentGiven", **changes: Any) -> StoredConsentEvent:
    fields: dict[str, Any] = {
        "number": number,
        "state": state,
        "at": NOW + number * DAY,
        "valid_until": NOW + 99 * DAY,
        "party": "person",
        "sealed": b"event %d" % number,
    }
    return StoredConsentEvent(**(fields | changes))


def add(connection: Connection, number: int, *events: StoredConsentEvent) -> PersonId:
    """Person and consent of this number."""
    new = people.NewPerson(uuid=make_uuid(number), name=f"Person {number}", of_age_at=None)
    person_id = people.add_person(connection, new, at=NOW).id
    consent_id = consents.add_consent(
        connection,
        NewConsent(
            uuid=make_uuid(100 + number),
            person_id=person_id,
            purposes=["family-album", "press"],
            sealed=b"terms",
        ),
    )
    for one in events:
        consents.add_event(connection, consent_id=consent_id, event=one)
    return person_id


def test_a_consent_comes_back_as_it_was_written(connection: Connection) -> None:
    first, second = event(0), event(1, "ConsentWithdrawn", valid_until=None, party="guardian")
    person_id = add(connection, 1, first, second)
    expected = StoredConsent(
        id=1,
        uuid=make_uuid(101),
        person_id=person_id,
        person_uuid=make_uuid(1),
        of_age_at=None,
        purposes=["family-album", "press"],
        sealed=b"terms",
        events=(first, second),
    )
    assert consents.get_consent(connection, make_uuid(101)) == expected
    assert list(consents.iter_consents(connection)) == [expected]
    assert consents.find_consents(connection, [person_id]) == {person_id: [expected]}


def test_events_stand_by_number_and_not_as_they_were_written(connection: Connection) -> None:
    add(connection, 1, event(2), event(0), event(1))
    found = consents.get_consent(connection, make_uuid(101))
    assert [one.number for one in found.events] == [0, 1, 2]


def test_no_two_events_have_one_place(connection: Connection) -> None:
    add(connection, 1, event(0))
    with pytest.raises(IntegrityError):
        consents.add_event(connection, consent_id=1, event=event(0, "ConsentWithdrawn"))


def test_a_consent_without_events_is_one_all_the_same(connection: Connection) -> None:
    add(connection, 1)
    assert consents.get_consent(connection, make_uuid(101)).events == ()


def test_only_the_consents_of_those_asked_for_are_found(connection: Connection) -> None:
    ids = [add(connection, number, event(0)) for number in (1, 2, 3)]
    found = consents.find_consents(connection, [ids[2], ids[0], ids[0]])
    assert {person: [one.uuid for one in of] for person, of in found.items()} == {
        ids[0]: [make_uuid(101)],
        ids[2]: [make_uuid(103)],
    }
    assert consents.find_consents(connection, []) == {}


def test_a_consent_that_nobody_gave_is_not_found(connection: Connection) -> None:
    with pytest.raises(NotFoundError, match=make_uuid(7)):
        consents.get_consent(connection, make_uuid(7))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consents SET purposes = 'no JSON'",
        "UPDATE consent_events SET at = 'noon'",
        "UPDATE consent_events SET valid_until = 9223372036854775807",
        "UPDATE people SET of_age_at = 'soon'",
    ],
)
@pytest.mark.parametrize(
    "read",
    [
        lambda c: consents.find_consents(c, [PersonId(1)]),
        lambda c: list(consents.iter_consents(c)),
        lambda c: consents.get_consent(c, make_uuid(101)),
    ],
    ids=["find", "iter", "get"],
)
def test_a_row_that_nothing_of_ours_wrote_is_told_and_not_passed_over(
    connection: Connection, statement: str, read: Callable[[Connection], object]
) -> None:
    add(connection, 1, event(0))
    connection.execute(text(statement))
    with pytest.raises(CatalogError, match="malformed"):
        read(connection)


def test_whatever_stands_in_a_column_is_read_as_what_it_should_be(connection: Connection) -> None:
    add(connection, 1, event(0))
    connection.execute(text("UPDATE consents SET sealed = 'text'"))
    connection.execute(text("UPDATE consent_events SET sealed = 5, state = x'00', party = 7"))
    found = consents.get_consent(connection, make_uuid(101))
    assert (found.sealed, found.events[0].sealed) == (b"text", b"5")
    assert (found.events[0].state, found.events[0].party) == ("\0", "7")
