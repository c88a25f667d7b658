"""What is held, counted: every row once, by collection and by grant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, insert, update

from catalog.samples import NOW, add_collection, add_faces, add_grant, locate, make_uuid
from mien.catalog.cases import NewCase, add_case
from mien.catalog.holdings import (
    Holding,
    count_cases,
    count_holdings,
    count_people,
    count_photos_by_grant,
    count_suppressions,
    find_sources,
)
from mien.catalog.people import NewPerson, add_person
from mien.catalog.schema import faces, indexed_photos, suppressions
from mien.permission.case import CaseKind


def test_nothing_is_held_in_an_empty_catalog(connection: Connection) -> None:
    add_collection(connection)
    add_grant(connection)
    assert count_holdings(connection) == {}
    assert count_photos_by_grant(connection) == {}
    assert find_sources(connection) == {}
    assert count_people(connection) == 0
    assert count_suppressions(connection) == {}
    assert count_cases(connection) == 0


def test_photos_faces_and_dropped_faces_are_counted_by_collection(connection: Connection) -> None:
    first, second = (add_collection(connection, name) for name in ("first", "second"))
    for number, kept in ((1, 2), (2, 3)):
        add_faces(connection, number, collection_id=first.id, faces=kept)
    add_faces(connection, 3, collection_id=second.id, faces=0)
    connection.execute(update(indexed_photos).values(dropped=7))
    assert count_holdings(connection) == {
        first.id: Holding(photos=2, faces=5, dropped=14, since=NOW),
        second.id: Holding(photos=1, faces=0, dropped=7, since=NOW),
    }


def test_a_photo_that_lost_its_faces_still_counts(connection: Connection) -> None:
    collection = add_collection(connection)
    add_faces(connection, 1, collection_id=collection.id, faces=2)
    connection.execute(delete(faces))
    assert count_holdings(connection) == {
        collection.id: Holding(photos=1, faces=0, dropped=0, since=NOW)
    }


def test_a_photo_in_two_places_counts_once_for_each_grant(connection: Connection) -> None:
    collection = add_collection(connection)
    first, second = (add_grant(connection, number) for number in (1, 2))
    photo = add_faces(connection, 1, collection_id=collection.id)
    for uri in ("file:///a.jpg", "file:///b.jpg"):
        locate(connection, photo, uri=uri, grant_id=first)
    locate(connection, photo, uri="file:///a.jpg", grant_id=second)
    other = add_faces(connection, 2, collection_id=collection.id)
    locate(connection, other, uri="file:///c.jpg", grant_id=second)
    assert count_photos_by_grant(connection) == {first: 1, second: 2}
    assert find_sources(connection) == {collection.id: {first, second}}


def test_sources_are_told_apart_by_collection(connection: Connection) -> None:
    first, second = (add_collection(connection, name) for name in ("first", "second"))
    grants = [add_grant(connection, number) for number in (1, 2)]
    for collection, grant, number in ((first, grants[0], 1), (second, grants[1], 2)):
        photo = add_faces(connection, number, collection_id=collection.id)
        locate(connection, photo, uri=f"file:///{number}.jpg", grant_id=grant)
    assert find_sources(connection) == {first.id: {grants[0]}, second.id: {grants[1]}}


def test_people_are_counted_and_not_told_of(connection: Connection) -> None:
    for number, of_age_at in enumerate((None, datetime(2040, 1, 1, tzinfo=UTC))):
        person = NewPerson(uuid=make_uuid(number), name="Ada", of_age_at=of_age_at)
        add_person(connection, person, at=NOW)
    assert count_people(connection) == 2


def test_suppressions_are_counted_by_level(connection: Connection) -> None:
    for number, level in enumerate(("face", "item", "face", "source")):
        connection.execute(
            insert(suppressions).values(
                uuid=make_uuid(number), level=level, made_at=NOW, sealed=b"", recovery=b""
            )
        )
    assert count_suppressions(connection) == {"face": 2, "item": 1, "source": 1}


def test_requests_are_counted_whatever_became_of_them(connection: Connection) -> None:
    for number in (1, 2):
        new = NewCase(
            uuid=make_uuid(number),
            kind=CaseKind.ACCESS,
            opened_at=NOW,
            due_at=NOW,
            sealed=b"sealed",
        )
        add_case(connection, new)
    assert count_cases(connection) == 2


def test_the_first_that_was_taken_in_is_told(connection: Connection) -> None:
    collection = add_collection(connection)
    for number in (1, 2):
        add_faces(connection, number, collection_id=collection.id)
    earlier = NOW - timedelta(days=9)
    connection.execute(
        update(indexed_photos).where(indexed_photos.c.id == 2).values(indexed_at=earlier)
    )
    assert count_holdings(connection)[collection.id].since == earlier
