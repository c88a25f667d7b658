"""Where photos came from, as rows."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from catalog.samples import (
    NOW,
    add_collection,
    add_faces,
    add_grant,
    locate,
    make_sha256,
    make_uuid,
)
from mien.catalog.photos import LocationState, mark_vanished, photo_uuid_of
from mien.catalog.provenance import find_photo, iter_indexings, iter_places


def test_a_photo_is_found_by_its_hash_alone(connection: Connection) -> None:
    collection = add_collection(connection)
    photo_id = add_faces(connection, 1, collection_id=collection.id)
    found = find_photo(connection, make_sha256(1))
    assert found is not None
    assert (found.id, found.sha256, found.uuid) == (
        *(photo_id, make_sha256(1)),
        photo_uuid_of(make_sha256(1)),
    )
    assert (found.media_type, found.width_px, found.height_px) == ("image/jpeg", 640, 480)
    assert found.first_seen_at == NOW
    assert find_photo(connection, make_sha256(2)) is None


def test_every_place_is_told_with_its_grant_and_state(connection: Connection) -> None:
    collection = add_collection(connection)
    photo_id = add_faces(connection, 1, collection_id=collection.id)
    other_id = add_faces(connection, 2, collection_id=collection.id)
    one, two = (add_grant(connection, number) for number in (1, 2))
    later = NOW + timedelta(days=1)
    locate(connection, photo_id, uri="file:///a.jpg", grant_id=one)
    locate(connection, photo_id, uri="file:///b.jpg", grant_id=two, at=later)
    locate(connection, other_id, uri="file:///c.jpg", grant_id=two)
    mark_vanished(connection, [1])
    places = list(iter_places(connection, photo_id))
    assert [(p.uri, p.grant_id, p.state, p.added_at) for p in places] == [
        ("file:///a.jpg", make_uuid(1), LocationState.VANISHED, NOW),
        ("file:///b.jpg", make_uuid(2), LocationState.PRESENT, later),
    ]


def test_every_collection_is_told_with_the_faces_that_it_keeps(connection: Connection) -> None:
    one, two = add_collection(connection, "one"), add_collection(connection, "two")
    photo_id = add_faces(connection, 1, collection_id=one.id, faces=2)
    add_faces(connection, 1, collection_id=two.id, faces=0)
    add_faces(connection, 2, collection_id=two.id, faces=3)
    found = list(iter_indexings(connection, photo_id))
    assert [(i.collection, len(i.face_ids), i.dropped) for i in found] == [
        ("one", 2, 0),
        ("two", 0, 0),
    ]
    assert [i.indexed_at for i in found] == [NOW, NOW]
    assert len(set(found[0].face_ids)) == 2
