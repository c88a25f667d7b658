"""What goes with a person, what goes with their templates alone, and what stays."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select, text

from catalog.samples import NOW, add_collection, add_faces, make_uuid
from catalog.test_consents import add, event
from mien.catalog import people
from mien.catalog.people import NewEnrolments
from mien.catalog.references import iter_enrolment_references, iter_person_references
from mien.catalog.removal import Removal, count_left, delete_rows, plan_removal
from mien.catalog.schema import consent_events, consents, enrolments, faces, metadata
from mien.catalog.selection import Selection, select_enrolled, select_person
from mien.types import FaceId, PersonId

ADA, BEN = PersonId(1), PersonId(2)


@pytest.fixture
def filled(connection: Connection) -> Connection:
    """Ada with templates under two keys and faces 1 and 2, Ben with one and face 3; 4 is free."""
    for number in (1, 2):
        add(connection, number, event(0), event(1, "RenewedConsentGiven"))
    for person_id, key, sealed in ((ADA, 11, b"1"), (ADA, 12, b"2"), (BEN, 21, b"3")):
        new = NewEnrolments(
            person_id=person_id, model_digest="", key_uuid=make_uuid(key), sealed=[sealed]
        )
        people.add_enrolments(connection, new, at=NOW)
    collection = add_collection(connection)
    for number in (1, 2):
        add_faces(connection, number, collection_id=collection.id, faces=2)
    for face_id, person_id in ((1, ADA), (2, ADA), (3, BEN)):
        connection.execute(faces.update().where(faces.c.id == face_id).values(person_id=person_id))
    return connection


def faces_of(removal: Removal) -> list[int]:
    return sorted(face_id for face_id, _, _ in removal.faces)


def test_with_a_person_goes_all_that_is_recorded_and_kept_for_them(filled: Connection) -> None:
    plan = plan_removal(filled, select_person(ADA))
    removal = plan.removal
    assert removal.people == [(1, make_uuid(1))]
    assert removal.consents == [(1, make_uuid(101))]
    assert removal.enrolments == [(1, make_uuid(11)), (2, make_uuid(12))]
    assert faces_of(removal) == [1, 2]
    assert plan.references == (
        f"person:{make_uuid(1)}",
        f"enrolments:{make_uuid(11)}",
        f"enrolments:{make_uuid(12)}",
    )
    assert (removal.photos, removal.locations, plan.uris) == ([], [], ())


def test_templates_go_alone_and_the_record_stays(filled: Connection) -> None:
    selection = select_enrolled(filled, [ADA])
    assert (set(selection.face_ids), set(selection.enrolment_ids)) == ({1, 2}, {1, 2})
    plan = plan_removal(filled, selection)
    assert (plan.removal.people, plan.removal.consents) == ([], [])
    delete_rows(filled, plan.removal, at=NOW)
    assert filled.execute(select(consent_events.c.number)).scalars().all() == [0, 1, 0, 1]
    assert [person.id for person in people.iter_people(filled)] == [ADA, BEN]
    assert filled.execute(select(enrolments.c.person_id)).scalars().all() == [BEN]


def test_nothing_of_anybody_else_goes(filled: Connection) -> None:
    removal = plan_removal(filled, select_person(ADA)).removal
    delete_rows(filled, removal, at=NOW)
    assert set(count_left(filled, removal).values()) == {0}
    assert filled.execute(select(consents.c.uuid)).scalars().all() == [make_uuid(102)]
    assert filled.execute(select(consent_events.c.consent_id)).scalars().all() == [2, 2]
    assert sorted(filled.execute(select(faces.c.id)).scalars()) == [3, 4]
    assert filled.execute(text("PRAGMA foreign_key_check")).all() == []


def test_what_is_left_is_counted_by_class(filled: Connection) -> None:
    removal = plan_removal(filled, select_person(ADA)).removal
    left = count_left(filled, removal)
    assert {name: number for name, number in left.items() if number} == {
        "faces": 2,
        "people": 1,
        "consents": 1,
        "templates": 2,
    }


def test_more_faces_may_go_with_a_person(filled: Connection) -> None:
    wanted = select_person(ADA).with_more(Selection(face_ids=[FaceId(4)]))
    assert faces_of(plan_removal(filled, wanted).removal) == [1, 2, 4]


def test_selections_add_up(filled: Connection) -> None:
    del filled
    both = Selection(face_ids=[FaceId(1)], location_ids=[3]).with_more(
        Selection(face_ids=[FaceId(2)], person_ids=[ADA], alike_to=[BEN])
    )
    assert set(both.face_ids) == {1, 2}
    assert (set(both.location_ids), set(both.person_ids), set(both.alike_to)) == ({3}, {1}, {2})


def test_whom_to_look_like_is_nothing_to_erase_by_itself() -> None:
    assert Selection(alike_to=[ADA]).is_empty
    assert not Selection(person_ids=[ADA]).is_empty
    assert not Selection(enrolment_ids=[1]).is_empty


def test_what_a_ledger_calls_them_names_people_and_keys(filled: Connection) -> None:
    assert list(iter_person_references(filled)) == [
        (ADA, f"person:{make_uuid(1)}"),
        (BEN, f"person:{make_uuid(2)}"),
    ]
    assert [name for _, name in iter_enrolment_references(filled)] == [
        f"enrolments:{make_uuid(key)}" for key in (11, 12, 21)
    ]


def test_every_table_that_names_a_person_is_thought_of() -> None:
    """A table that refers to people must be emptied before them, or the erasure fails."""
    naming = {
        table.name
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "people"
    }
    assert naming == {"consents", "enrolments", "faces"}
