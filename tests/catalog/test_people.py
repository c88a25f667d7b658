"""People and their templates as rows: names, ids that only rise, and who may be overdue."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select, update

from catalog.samples import NOW, add_collection, add_faces, make_uuid
from mien.catalog import consents, people
from mien.catalog.people import NewEnrolments, NewPerson, StoredPerson
from mien.catalog.schema import enrolments, faces
from mien.errors import ConflictError, NotFoundError
from mien.types import PersonId

MODEL, OTHER_MODEL = "a" * 64, "b" * 64
DAY = timedelta(days=1)


def add(connection: Connection, number: int, name: str, **changes: datetime | None) -> StoredPerson:
    new = NewPerson(uuid=make_uuid(number), name=name, of_age_at=changes.get("of_age_at"))
    return people.add_person(connection, new, at=changes.get("at") or NOW)


def enrol(connection: Connection, person_id: PersonId, *sealed: bytes, model: str = MODEL) -> None:
    new = NewEnrolments(
        person_id=person_id, model_digest=model, key_uuid=make_uuid(9), sealed=sealed
    )
    people.add_enrolments(connection, new, at=NOW)


def ids_of(connection: Connection, person_id: PersonId) -> list[int]:
    found = people.find_enrolments(connection, [person_id], model_digest=MODEL)
    return [enrolment.id for enrolment in found]


def test_a_person_is_found_by_id_and_by_name(connection: Connection) -> None:
    ada = add(connection, 1, "Ada Lovelace")
    add(connection, 2, "Ben")
    assert ada.touched_at == ada.enrolled_at == NOW
    for name in ("Ada Lovelace", "ada lovelace ", "ADA LOVELACE", make_uuid(1)):
        assert people.get_person(connection, name) == ada
    assert people.get_person(connection, make_uuid(1).upper()) == ada


@pytest.mark.parametrize("name", ["Ada", "Lovelace", "", "%", make_uuid(3)])
def test_nobody_is_found_by_a_part_of_a_name(connection: Connection, name: str) -> None:
    add(connection, 1, "Ada Lovelace")
    with pytest.raises(NotFoundError, match="mien people list"):
        people.get_person(connection, name)


def test_two_of_a_name_are_told_apart_by_id(connection: Connection) -> None:
    first, second = add(connection, 1, "Ada"), add(connection, 2, "ada")
    with pytest.raises(ConflictError, match=f"{first.uuid}, {second.uuid}"):
        people.get_person(connection, "Ada")
    assert people.get_person(connection, second.uuid) == second
    assert list(people.iter_people(connection)) == [first, second]


def test_the_name_of_an_id_does_not_hide_whose_id_it_is(connection: Connection) -> None:
    """Somebody called like another's id must not be taken for them."""
    ada = add(connection, 1, "Ada")
    add(connection, 2, make_uuid(1))
    assert people.get_person(connection, make_uuid(1)) == ada


def test_a_touch_moves_the_years_and_nothing_else(connection: Connection) -> None:
    ada, ben = add(connection, 1, "Ada"), add(connection, 2, "Ben")
    people.touch_person(connection, ada.id, at=NOW + DAY)
    touched, untouched = people.iter_people(connection)
    assert (touched.touched_at, touched.enrolled_at) == (NOW + DAY, NOW)
    assert untouched == ben


def test_templates_are_those_of_the_people_and_the_model_asked_for(connection: Connection) -> None:
    ada, ben = add(connection, 1, "Ada"), add(connection, 2, "Ben")
    enrol(connection, ada.id, b"1", b"2")
    enrol(connection, ben.id, b"3")
    enrol(connection, ada.id, b"4", model=OTHER_MODEL)
    both = people.find_enrolments(connection, [ben.id, ada.id, ada.id], model_digest=MODEL)
    assert [(one.id, one.person_id, one.sealed) for one in both] == [
        (1, ada.id, b"1"),
        (2, ada.id, b"2"),
        (3, ben.id, b"3"),
    ]
    assert people.find_enrolments(connection, [], model_digest=MODEL) == []
    assert people.count_enrolments(connection, model_digest=MODEL) == {ada.id: 2, ben.id: 1}
    assert people.count_enrolments(connection, model_digest=OTHER_MODEL) == {ada.id: 1}


def test_many_people_are_asked_for_in_parts(connection: Connection) -> None:
    for number in range(1, 1203):
        enrol(connection, add(connection, number, str(number)).id, b"%d" % number)
    ids = [PersonId(number) for number in range(1, 1203)]
    found = people.find_enrolments(connection, ids, model_digest=MODEL)
    assert [one.id for one in found] == ids


def test_renewed_templates_stay_the_same_under_higher_ids(connection: Connection) -> None:
    ada, ben = add(connection, 1, "Ada"), add(connection, 2, "Ben")
    enrol(connection, ada.id, b"1", b"2")
    enrol(connection, ben.id, b"3")
    assert people.renew_enrolments(connection, ada.id) == 2
    assert ids_of(connection, ada.id) == [4, 5]
    assert ids_of(connection, ben.id) == [3]
    renewed = people.find_enrolments(connection, [ada.id], model_digest=MODEL)
    assert [(one.sealed, one.key_uuid) for one in renewed] == [
        (b"1", make_uuid(9)),
        (b"2", make_uuid(9)),
    ]
    assert connection.execute(select(enrolments.c.added_at).distinct()).scalars().all() == [NOW]


def test_ids_of_templates_rise_even_after_the_newest_are_gone(connection: Connection) -> None:
    ada = add(connection, 1, "Ada")
    enrol(connection, ada.id, b"1", b"2")
    connection.execute(enrolments.delete())
    assert people.renew_enrolments(connection, ada.id) == 0
    enrol(connection, ada.id, b"3")
    assert ids_of(connection, ada.id) == [3]


# Who may be overdue: everybody whom it is worth to look at, and few others.


def consent_to(
    connection: Connection, person: StoredPerson, *states: str, until: datetime = NOW
) -> None:
    new = consents.NewConsent(
        uuid=make_uuid(100 + person.id), person_id=person.id, purposes=["press"], sealed=b""
    )
    consent_id = consents.add_consent(connection, new)
    for number, state in enumerate(states):
        event = consents.StoredConsentEvent(
            number=number,
            state=state,
            at=NOW,
            valid_until=until if "Given" in state else None,
            party="person",
            sealed=b"",
        )
        consents.add_event(connection, consent_id=consent_id, event=event)


def overdue(
    connection: Connection, *, ended_until: datetime = NOW, untouched_since: datetime = NOW - DAY
) -> list[str]:
    found = people.find_perhaps_overdue(
        connection, ended_until=ended_until, untouched_since=untouched_since
    )
    return [person.name for person in found]


def test_those_whose_consent_ended_are_looked_at_while_anything_is_held(
    connection: Connection,
) -> None:
    ended, held = add(connection, 1, "Ended"), add(connection, 2, "Held")
    consent_to(connection, ended, "ConsentGiven", until=NOW)
    consent_to(connection, held, "ConsentGiven", until=NOW + DAY)
    assert overdue(connection) == []
    for person in (ended, held):
        enrol(connection, person.id, b"")
    assert overdue(connection) == ["Ended"]
    assert overdue(connection, ended_until=NOW + DAY) == ["Ended", "Held"]


def test_a_face_that_was_kept_counts_as_held(connection: Connection) -> None:
    ada = add(connection, 1, "Ada")
    consent_to(connection, ada, "ConsentGiven", until=NOW)
    add_faces(connection, 1, collection_id=add_collection(connection).id)
    assert overdue(connection) == []
    connection.execute(update(faces).values(person_id=ada.id))
    assert overdue(connection) == ["Ada"]


def test_those_who_took_it_back_are_looked_at_whatever_their_dates(connection: Connection) -> None:
    ada = add(connection, 1, "Ada")
    enrol(connection, ada.id, b"")
    consent_to(connection, ada, "ConsentGiven", "ConsentWithdrawn", until=NOW + DAY)
    assert overdue(connection) == ["Ada"]


def test_those_who_come_of_age_and_those_without_a_consent_are_looked_at(
    connection: Connection,
) -> None:
    child = add(connection, 1, "Child", of_age_at=NOW)
    consent_to(connection, child, "ConsentGiven", until=NOW + 99 * DAY)
    nobody = add(connection, 2, "Without consent")
    for person in (child, nobody):
        enrol(connection, person.id, b"")
    assert overdue(connection) == ["Child", "Without consent"]
    assert overdue(connection, ended_until=NOW - DAY) == ["Without consent"]


def test_those_untouched_for_long_are_looked_at_though_nothing_is_held(
    connection: Connection,
) -> None:
    add(connection, 1, "Old", at=NOW - DAY)
    add(connection, 2, "New")
    assert overdue(connection) == ["Old"]
