from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from catalog.samples import (
    FACE,
    MODEL,
    add_collection,
    add_faces,
    add_grant,
    locate,
    make_sha256,
    make_uuid,
    open_catalog,
)
from mien.catalog.collections import (
    get_collection,
    set_next_model,
    switch_model,
)
from mien.catalog.connect import Database
from mien.catalog.photos import LocationState, photo_uuid_of
from mien.catalog.reembed import HeldPhoto, find_held
from mien.catalog.schema import faces, locations
from mien.types import CollectionId


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_catalog(tmp_path) as database:
        yield database


def held(connection: Connection, collection_id: CollectionId) -> list[HeldPhoto]:
    return find_held(connection, collection_id, after=0, limit=100)


def test_photos_come_with_their_faces_and_places(database: Database) -> None:
    with database.writing() as connection:
        collection = add_collection(connection).id
        one, two = add_grant(connection, 1), add_grant(connection, 2)
        photo = add_faces(connection, 1, collection_id=collection, faces=2)
        locate(connection, photo, uri="file:///a.jpg", grant_id=one)
        locate(connection, photo, uri="file:///b.jpg", grant_id=two)
        (found,) = held(connection, collection)
    assert (found.sha256, found.photo_uuid) == (make_sha256(1), photo_uuid_of(make_sha256(1)))
    assert [face.box for face in found.faces] == [FACE.box] * 2
    assert [face.person_id for face in found.faces] == [None, None]
    assert found.places == (("file:///a.jpg", make_uuid(1)), ("file:///b.jpg", make_uuid(2)))
    assert not found.is_withheld


def test_a_photo_without_faces_or_places_is_among_them(database: Database) -> None:
    with database.writing() as connection:
        collection = add_collection(connection).id
        add_faces(connection, 1, collection_id=collection, faces=0)
        (found,) = held(connection, collection)
    assert (found.faces, found.places, found.is_withheld) == ((), (), False)


def test_only_the_collection_asked_for_is_told(database: Database) -> None:
    with database.writing() as connection:
        one, two = add_collection(connection).id, add_collection(connection, "two").id
        add_faces(connection, 1, collection_id=one)
        add_faces(connection, 1, collection_id=two, faces=3)
        assert [len(photo.faces) for photo in held(connection, one)] == [1]
        assert [len(photo.faces) for photo in held(connection, two)] == [3]


def test_they_come_a_few_at_a_time_in_order(database: Database) -> None:
    with database.writing() as connection:
        collection = add_collection(connection).id
        for number in range(1, 8):
            add_faces(connection, number, collection_id=collection)
        seen: list[str] = []
        after = 0
        while some := find_held(connection, collection, after=after, limit=3):
            assert len(some) <= 3
            seen += [photo.sha256 for photo in some]
            after = some[-1].indexed_photo_id
    assert seen == [make_sha256(number) for number in range(1, 8)]


@pytest.mark.parametrize(
    ("state", "is_read", "is_withheld"),
    [
        (LocationState.PRESENT, True, False),
        (LocationState.VANISHED, True, False),
        (LocationState.REPLACED, False, False),
        (LocationState.QUARANTINED, False, True),
    ],
)
def test_a_place_is_read_where_the_photo_is_or_may_be_again(
    database: Database, state: LocationState, *, is_read: bool, is_withheld: bool
) -> None:
    with database.writing() as connection:
        collection = add_collection(connection).id
        photo = add_faces(connection, 1, collection_id=collection)
        locate(connection, photo, uri="file:///a.jpg", grant_id=add_grant(connection))
        connection.execute(update(locations).values(state=state))
        (found,) = held(connection, collection)
    assert bool(found.places) == is_read
    assert found.is_withheld == is_withheld


def test_who_a_face_is_kept_for_is_told(database: Database) -> None:
    with database.writing() as connection:
        collection = add_collection(connection).id
        add_faces(connection, 1, collection_id=collection)
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        connection.execute(update(faces).values(person_id=7))
        (found,) = held(connection, collection)
        assert found.faces[0].person_id == 7
        connection.execute(update(faces).values(person_id=None))


def test_a_new_collection_is_of_one_model_in_the_first_slot(database: Database) -> None:
    with database.writing() as connection:
        made = add_collection(connection)
    assert (made.slot, made.other_slot, made.next_digest) == (0, 1, "")


def test_the_next_model_is_noted_and_forgotten(database: Database) -> None:
    with database.writing() as connection:
        made = add_collection(connection)
        set_next_model(connection, made.id, digest="ab" * 32)
        assert get_collection(connection, "default").next_digest == "ab" * 32
        assert get_collection(connection, "default").model_digest == MODEL.digest
        set_next_model(connection, made.id, digest="")
        assert get_collection(connection, "default") == made


def test_a_switch_changes_model_and_slot_at_once(database: Database) -> None:
    other = replace(MODEL, model_id="other", digest="0e" * 32, dimension=9)
    with database.writing() as connection:
        made, bystander = add_collection(connection), add_collection(connection, "two")
        switch_model(connection, made, model=other)
        switched = get_collection(connection, "default")
        assert get_collection(connection, "two") == bystander
    assert (switched.model_id, switched.model_digest) == ("other", "0e" * 32)
    assert (switched.dimension, switched.slot, switched.other_slot) == (9, 1, 0)
    assert switched.revision == made.revision + 1
    assert switched.charter == made.charter
