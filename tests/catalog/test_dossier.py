"""Everything held about photos is told: hidden, vanished and expired things too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from catalog.samples import (
    FACE,
    NOW,
    add_collection,
    add_faces,
    add_grant,
    locate,
    make_sha256,
    make_uuid,
    open_catalog,
)
from mien.catalog.dossier import find_photo_ids, iter_held
from mien.catalog.photos import LocationState, photo_uuid_of
from mien.catalog.schema import indexed_photos, locations
from mien.catalog.selection import Selection
from mien.types import Credit, FaceId, GrantId, PhotoId


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """Photo 1 with two faces in two collections at two places; photo 2 with one face at one."""
    with open_catalog(tmp_path) as database, database.writing() as connection:
        first, second = add_collection(connection), add_collection(connection, "second")
        grants = [add_grant(connection, number) for number in (1, 2)]
        for collection in (first, second):
            add_faces(connection, 1, collection_id=collection.id, faces=2)
        add_faces(connection, 2, collection_id=first.id)
        for grant_id in grants:
            locate(connection, PhotoId(1), uri=f"file:///{grant_id}.jpg", grant_id=grant_id)
        locate(connection, PhotoId(2), uri="file:///2.jpg", grant_id=grants[1])
        yield connection


def test_a_photo_is_told_with_all_that_hangs_on_it(connection: Connection) -> None:
    connection.execute(update(indexed_photos).where(indexed_photos.c.id == 2).values(dropped=3))
    (held,) = iter_held(connection, [PhotoId(1)])
    assert (held.sha256, held.photo_uuid) == (make_sha256(1), photo_uuid_of(make_sha256(1)))
    assert (held.size_bytes, held.width_px, held.height_px) == (1001, 640, 480)
    assert held.credit == Credit("caption 1", "Ada", "2026")
    assert (held.first_seen_at, held.media_type) == (NOW, "image/jpeg")
    assert [(place.uri, place.grant_id) for place in held.locations] == [
        ("file:///1.jpg", GrantId(1)),
        ("file:///2.jpg", GrantId(2)),
    ]
    assert [(one.collection, one.dropped) for one in held.indexed] == [
        ("default", 0),
        ("second", 3),
    ]
    faces = held.indexed[1].faces
    assert [face.uuid for face in faces] == [make_uuid((2 << 64) + n) for n in (1000, 1001)]
    assert faces[0].box == FACE.box
    assert held.indexed[1].blob_id == make_uuid((2 << 64) + 1)


@pytest.mark.parametrize("state", LocationState)
def test_no_state_of_a_place_hides_it_from_its_subject(
    connection: Connection, state: LocationState
) -> None:
    connection.execute(update(locations).values(state=state))
    (held,) = iter_held(connection, [PhotoId(1)])
    assert [place.state for place in held.locations] == [state, state]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), []),
        (Selection(face_ids=[FaceId(4)]), [1]),
        (Selection(face_ids=[FaceId(5)]), [2]),
        (Selection(location_ids=[3]), [2]),
        (Selection(grant_ids=[GrantId(1)]), [1]),
        (Selection(ended_grant_ids=[GrantId(2)]), [1, 2]),
        (Selection(face_ids=[FaceId(1)], location_ids=[1, 3]), [1, 2]),
        (Selection(face_ids=[FaceId(99)], location_ids=[99]), []),
    ],
)
def test_photos_are_found_by_whatever_of_them_is_meant(
    connection: Connection, selection: Selection, expected: list[int]
) -> None:
    assert find_photo_ids(connection, selection) == expected


def test_a_photo_that_is_in_no_collection_and_at_no_place_is_told_too(
    connection: Connection,
) -> None:
    held = list(iter_held(connection, [PhotoId(2), PhotoId(1)]))
    assert [one.sha256 for one in held] == [make_sha256(1), make_sha256(2)]
    assert list(iter_held(connection, [])) == []


def test_many_photos_are_told_in_parts(connection: Connection) -> None:
    ids = [add_faces(connection, number, collection_id=1) for number in range(10, 620)]  # type: ignore[arg-type]
    assert [one.sha256 for one in iter_held(connection, ids)] == [
        make_sha256(number) for number in range(10, 620)
    ]
