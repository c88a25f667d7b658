"""The queries for photos to look at: in order, page by page, and never beyond their scope."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from catalog.samples import NOW, add_collection, add_faces, add_grant, locate, make_sha256
from mien.catalog.browse import (
    Position,
    find_by_place,
    find_collections_of_photo,
    find_face_ids,
    find_face_ids_beside,
    find_newest,
    find_visible_photo,
)
from mien.catalog.connect import Connection, Database
from mien.catalog.faces import CoveringGrant, SearchScope, Wanted, find_visible_faces
from mien.catalog.photos import photo_uuid_of
from mien.types import CollectionId, FaceId, GrantId

NAMES = ("c", "a", "b")


@pytest.fixture
def scope(connection: Connection) -> SearchScope:
    """Three photos of two faces each, under one grant, of which another covers none."""
    collection = add_collection(connection)
    grant = add_grant(connection, 1)
    add_grant(connection, 2)
    for number, name in enumerate(NAMES, start=1):
        photo = add_faces(connection, number, collection_id=collection.id, faces=2)
        locate(connection, photo, uri=f"file:///{name}.jpg", grant_id=grant)
    return SearchScope(collection.id, (CoveringGrant(grant, None, is_for_display=True),))


def names(found: list[object]) -> str:
    return "".join(one.places[0].uri[8] for one in found)  # type: ignore[attr-defined]


def test_the_last_row_is_the_newest(connection: Connection, scope: SearchScope) -> None:
    assert names(list(find_newest(connection, scope, limit=9))) == "bac"
    assert names(list(find_by_place(connection, scope, limit=9))) == "abc"


@pytest.mark.parametrize("find", [find_newest, find_by_place])
def test_a_page_begins_after_its_position(
    connection: Connection, scope: SearchScope, find: object
) -> None:
    every = find(connection, scope, limit=9)  # type: ignore[operator]
    after: Position | None = None
    met: list[object] = []
    for _ in every:
        (one,) = find(connection, scope, after=after, limit=1)  # type: ignore[operator]
        met.append(one)
        after = one.position
    assert met == every
    assert find(connection, scope, after=after, limit=1) == []  # type: ignore[operator]


@pytest.mark.parametrize(
    "narrow",
    [
        {"grants": ()},
        {"grants": (CoveringGrant(GrantId(2), None, is_for_display=True),)},
        {"grants": (CoveringGrant(GrantId(1), NOW + timedelta(days=1), is_for_display=True),)},
        {"kept_after": NOW + timedelta(days=1)},
        {"wanted": Wanted(below="file:///elsewhere")},
        {"wanted": Wanted(added_from=NOW + timedelta(days=1))},
        {"wanted": Wanted(added_before=NOW)},
        {"collection_id": CollectionId(9)},
    ],
)
def test_nothing_is_there_beyond_the_scope(
    connection: Connection, scope: SearchScope, narrow: dict[str, object]
) -> None:
    narrowed = replace(scope, **narrow)  # type: ignore[arg-type]
    assert find_newest(connection, narrowed, limit=9) == []
    assert find_by_place(connection, narrowed, limit=9) == []
    uuid = photo_uuid_of(make_sha256(1))
    assert find_visible_photo(connection, narrowed, photo_uuid=uuid) is None
    assert find_visible_faces(connection, narrowed, face_ids=[FaceId(1)]) == {}


def test_a_photo_under_two_grants_is_there_once(connection: Connection, scope: SearchScope) -> None:
    other = GrantId(2)
    photo = find_newest(connection, scope, limit=1)[0]
    locate(connection, photo.photo_id, uri=photo.places[0].uri, grant_id=other)
    wide = replace(scope, grants=(*scope.grants, CoveringGrant(other, None, is_for_display=False)))
    assert names(list(find_by_place(connection, wide, limit=9))) == "abc"
    assert len(find_newest(connection, wide, limit=9)[0].places) == 2
    assert len(find_newest(connection, scope, limit=9)[0].places) == 1


def test_faces_are_told_by_their_photo(connection: Connection, scope: SearchScope) -> None:
    first = find_by_place(connection, scope, limit=1)[0]
    ids = find_face_ids(connection, [first.id])[first.id]
    assert len(ids) == 2
    assert find_face_ids_beside(connection, ids[0]) == list(ids)


def test_a_photo_tells_its_collections(database: Database) -> None:
    with database.writing() as connection:
        collection = add_collection(connection)
        add_faces(connection, 1, collection_id=collection.id, faces=1)
        uuid = photo_uuid_of(make_sha256(1))
        assert find_collections_of_photo(connection, uuid) == [collection.name]
        assert find_collections_of_photo(connection, photo_uuid_of(make_sha256(2))) == []
