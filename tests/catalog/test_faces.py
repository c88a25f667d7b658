"""Which faces may be shown: those with a present location under a grant that covers the search."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from catalog.samples import (
    FACE,
    NOW,
    add_collection,
    add_faces,
    add_grant,
    locate,
    make_sha256,
    make_uuid,
    visible_ids,
)
from mien.catalog.faces import (
    CoveringGrant,
    SearchScope,
    VisibleFace,
    VisibleLocation,
    count_faces,
    count_photos,
    find_newer_ids,
    find_stored_faces,
    find_visible_faces,
    iter_blob_ids,
    iter_face_uuids,
    iter_identities,
)
from mien.catalog.indexed import is_indexed
from mien.catalog.photos import mark_vanished
from mien.catalog.schema import faces
from mien.types import CollectionId, Credit, FaceId, GrantId

DAY = timedelta(days=1)
HERE, THERE = "file:///here.jpg", "file:///there.jpg"


def scope_of(
    collection_id: CollectionId,
    *grants: GrantId,
    kept_after: datetime | None = None,
    is_for_display: bool = True,
) -> SearchScope:
    covering = (CoveringGrant(grant, kept_after, is_for_display) for grant in grants)
    return SearchScope(collection_id, tuple(covering))


def see(connection: Connection, scope: SearchScope) -> dict[FaceId, VisibleFace]:
    """All visible faces, asked for one by one and all at once."""
    every = [FaceId(row) for row in connection.execute(select(faces.c.id)).scalars()]
    found = find_visible_faces(connection, scope, face_ids=every)
    assert visible_ids(connection, scope) == sorted(found)
    return found


def uris(face: VisibleFace) -> list[str]:
    return [location.uri for location in face.locations]


@pytest.fixture
def collection_id(connection: Connection) -> CollectionId:
    return add_collection(connection).id


@pytest.fixture
def grant_id(connection: Connection) -> GrantId:
    return add_grant(connection, 1)


@pytest.fixture
def other_id(connection: Connection) -> GrantId:
    return add_grant(connection, 2)


def test_a_visible_face_comes_with_all_that_a_result_shows(
    connection: Connection, collection_id: CollectionId, grant_id: GrantId
) -> None:
    photo_id = add_faces(connection, 7, collection_id=collection_id)
    locate(connection, photo_id, uri=HERE, grant_id=grant_id)
    (face,) = see(connection, scope_of(collection_id, grant_id)).values()
    assert face.box == FACE.box
    assert face.confidence == FACE.confidence
    assert face.sha256 == make_sha256(7)
    assert (face.width_px, face.height_px) == (640, 480)
    assert face.credit == Credit("caption 7", "Ada", "2026")
    assert face.locations == (VisibleLocation(HERE, is_for_display=True),)
    assert face.stored.uuid == make_uuid((collection_id << 64) + 7000)
    assert face.stored.photo_uuid == str(UUID(make_sha256(7)[:32]))
    assert face.stored.blob_id == make_uuid((collection_id << 64) + 7)


def test_landmarks_are_kept_to_a_hundredth_of_a_pixel(
    connection: Connection, collection_id: CollectionId
) -> None:
    add_faces(connection, 1, collection_id=collection_id)
    kept = connection.execute(select(faces.c.landmarks)).scalar_one()
    assert kept == [[0, 0], [0.33, 1], [0.67, 2], [1, 3], [1.33, 4]]


def test_without_a_covering_grant_nothing_is_visible(
    connection: Connection, collection_id: CollectionId, grant_id: GrantId
) -> None:
    photo_id = add_faces(connection, 1, collection_id=collection_id)
    locate(connection, photo_id, uri=HERE, grant_id=grant_id)
    assert see(connection, scope_of(collection_id)) == {}


def test_a_face_without_a_location_is_not_visible(
    connection: Connection, collection_id: CollectionId, grant_id: GrantId
) -> None:
    add_faces(connection, 1, collection_id=collection_id)
    assert see(connection, scope_of(collection_id, grant_id)) == {}


def test_an_uncovered_grants_location_is_never_named(
    connection: Connection, collection_id: CollectionId, grant_id: GrantId, other_id: GrantId
) -> None:
    photo_id = add_faces(connection, 1, collection_id=collection_id)
    locate(connection, photo_id, uri=THERE, grant_id=other_id)
    locate(connection, photo_id, uri=HERE, grant_id=grant_id)
    (face,) = see(connection, scope_of(collection_id, grant_id)).values()
    assert uris(face) == [HERE]
    (face,) = see(connection, scope_of(collection_id, other_id)).values()
    assert uris(face) == [THERE]


def test_two_locations_under_two_grants_are_both_named_once(
    connection: Connection, collection_id: CollectionId, grant_id: GrantId, other_id: GrantId
) -> None:
    photo_id = add_faces(connection, 1, collection_id=collection_id)
    locate(connection, photo_id, uri=THERE, grant_id=other_id)
    locate(connection, photo_id, uri=HERE, grant_id=grant_id)
    locate(connection, photo_id, uri=HERE, grant_id=other_id)
    (face,) = see(connection, scope_of(collection_id, grant_id, other_id)).values()
    assert uris(face) == [THERE, HERE]


@pytest.mark.parametrize("order", [1, -1])
def test_one_place_may_be_displayed_where_any_of_its_grants_allows_it(
    connection: Connection,
    collection_id: CollectionId,
    grant_id: GrantId,
    other_id: GrantId,
    *,
    order: int,
) -> None:
    photo_id = add_faces(connection, 1, collection_id=collection_id)
    for each in (grant_id, other_id)[::order]:
        locate(connection, photo_id, uri=HERE, grant_id=each)
    shown, hidden = CoveringGrant(grant_id, None, True), CoveringGrant(other_id, None, False)
    for covering, is_for_display in (((shown, hidden), True), ((hidden,), False)):
        (face,) = see(connection, SearchScope(collection_id, covering)).values()
        assert face.locations == (VisibleLocation(HERE, is_for_display),)
        assert face.is_for_display is is_for_display


def test_vanished_and_replaced_locations_are_not_named(
    connection: Connection, collection_id: CollectionId, grant_id: GrantId
) -> None:
    one = add_faces(connection, 1, collection_id=collection_id)
    two = add_faces(connection, 2, collection_id=collection_id)
    scope = scope_of(collection_id, grant_id)
    locate(connection, one, uri=HERE, grant_id=grant_id)
    locate(connection, one, uri=THERE, grant_id=grant_id)
    mark_vanished(connection, [2])
    assert [uris(face) for face in see(connection, scope).values()] == [[HERE]]
    locate(connection, two, uri=HERE, grant_id=grant_id)
    assert [(face.sha256, uris(face)) for face in see(connection, scope).values()] == [
        (make_sha256(2), [HERE])
    ]
    locate(connection, one, uri=THERE, grant_id=grant_id)
    assert len(see(connection, scope)) == 2


@pytest.mark.parametrize(
    ("kept_after", "is_visible"),
    [(NOW - DAY, True), (NOW - timedelta(microseconds=1), True), (NOW, False), (NOW + DAY, False)],
)
def test_retention_counts_from_when_the_location_was_added(
    connection: Connection,
    collection_id: CollectionId,
    grant_id: GrantId,
    kept_after: datetime,
    *,
    is_visible: bool,
) -> None:
    photo_id = add_faces(connection, 1, collection_id=collection_id)
    locate(connection, photo_id, uri=HERE, grant_id=grant_id, at=NOW)
    locate(connection, photo_id, uri=HERE, grant_id=grant_id, at=NOW + 9 * DAY)
    scope = scope_of(collection_id, grant_id, kept_after=kept_after)
    assert bool(see(connection, scope)) is is_visible


def test_a_grant_without_retention_keeps_what_another_no_longer_may(
    connection: Connection, collection_id: CollectionId, grant_id: GrantId, other_id: GrantId
) -> None:
    photo_id = add_faces(connection, 1, collection_id=collection_id)
    locate(connection, photo_id, uri=HERE, grant_id=grant_id)
    locate(connection, photo_id, uri=THERE, grant_id=other_id)
    grants = (CoveringGrant(grant_id, NOW, True), CoveringGrant(other_id, None, True))
    (face,) = see(connection, SearchScope(collection_id, grants)).values()
    assert uris(face) == [THERE]


def test_a_photo_in_two_collections_shows_the_faces_of_the_one_searched(
    connection: Connection, collection_id: CollectionId, grant_id: GrantId
) -> None:
    other = add_collection(connection, "other").id
    photo_id = add_faces(connection, 1, collection_id=collection_id, faces=2)
    assert add_faces(connection, 1, collection_id=other, faces=3) == photo_id
    locate(connection, photo_id, uri=HERE, grant_id=grant_id)
    assert list(see(connection, scope_of(collection_id, grant_id))) == [1, 2]
    assert list(see(connection, scope_of(other, grant_id))) == [3, 4, 5]


def test_faces_that_are_not_there_are_not_found(
    connection: Connection, collection_id: CollectionId, grant_id: GrantId
) -> None:
    scope = scope_of(collection_id, grant_id)
    assert find_visible_faces(connection, scope, face_ids=[FaceId(1), FaceId(-1)]) == {}
    assert find_visible_faces(connection, scope, face_ids=[]) == {}
    assert find_stored_faces(connection, [FaceId(1)]) == []


def test_more_faces_than_a_query_takes_are_found_at_once(
    connection: Connection, collection_id: CollectionId, grant_id: GrantId
) -> None:
    for number in range(3):
        photo_id = add_faces(connection, number, collection_id=collection_id, faces=401)
        locate(connection, photo_id, uri=f"file:///{number}.jpg", grant_id=grant_id)
    found = see(connection, scope_of(collection_id, grant_id))
    assert list(found) == list(range(1, 1204))
    stored = find_stored_faces(connection, list(found))
    assert {face.id: face for face in stored} == {key: face.stored for key, face in found.items()}


@pytest.mark.parametrize("asked", [[2, 3, 4], [2, 4], [4, 3, 2], [4], [1, 2, 3, 4, 5], [0, 1, 9]])
def test_the_faces_that_were_asked_for_are_found_and_no_others(
    connection: Connection, collection_id: CollectionId, asked: list[int]
) -> None:
    add_faces(connection, 1, collection_id=collection_id, faces=5)
    stored = find_stored_faces(connection, [FaceId(number) for number in asked])
    assert sorted(face.id for face in stored) == sorted({*asked} & {1, 2, 3, 4, 5})


def test_any_number_of_grants_may_cover_a_search(
    connection: Connection, collection_id: CollectionId
) -> None:
    """One grant a person is nothing odd: a school has thousands."""
    grants = [add_grant(connection, number) for number in range(1, 1501)]
    for number in (0, 750, 1499):
        photo_id = add_faces(connection, number, collection_id=collection_id)
        locate(connection, photo_id, uri=f"file:///{number}.jpg", grant_id=grants[number])
    assert len(see(connection, scope_of(collection_id, *grants))) == 3
    assert len(see(connection, scope_of(collection_id, *grants[1:]))) == 2


def test_a_photo_is_indexed_once_in_a_collection(
    connection: Connection, collection_id: CollectionId
) -> None:
    other = add_collection(connection, "other").id
    add_faces(connection, 1, collection_id=collection_id)
    assert is_indexed(connection, make_sha256(1), collection_id=collection_id)
    assert not is_indexed(connection, make_sha256(1), collection_id=other)
    assert not is_indexed(connection, make_sha256(2), collection_id=collection_id)
    with pytest.raises(IntegrityError):
        add_faces(connection, 1, collection_id=collection_id)


def test_a_photo_without_faces_is_indexed_too(
    connection: Connection, collection_id: CollectionId
) -> None:
    add_faces(connection, 1, collection_id=collection_id, faces=0)
    assert is_indexed(connection, make_sha256(1), collection_id=collection_id)
    assert count_photos(connection, collection_id) == 1
    assert count_faces(connection, collection_id) == 0


def test_identities_and_counts_are_those_of_one_collection(
    connection: Connection, collection_id: CollectionId
) -> None:
    other = add_collection(connection, "other").id
    add_faces(connection, 1, collection_id=collection_id, faces=2)
    add_faces(connection, 2, collection_id=other, faces=3)
    add_faces(connection, 3, collection_id=collection_id, faces=1)
    base = collection_id << 64
    assert list(iter_identities(connection, collection_id)) == [
        (1, make_uuid(base + 1000)),
        (2, make_uuid(base + 1001)),
        (6, make_uuid(base + 3000)),
    ]
    assert (count_photos(connection, collection_id), count_faces(connection, collection_id)) == (
        2,
        3,
    )
    assert (count_photos(connection, other), count_faces(connection, other)) == (1, 3)


def test_faces_of_a_collection_are_counted_and_listed_from_one_on(
    connection: Connection, collection_id: CollectionId
) -> None:
    other = add_collection(connection, "other").id
    add_faces(connection, 1, collection_id=collection_id, faces=2)
    add_faces(connection, 2, collection_id=other, faces=3)
    add_faces(connection, 3, collection_id=collection_id, faces=2)
    assert [count_faces(connection, collection_id, up_to=up_to) for up_to in (0, 1, 5, 6, 99)] == [
        *(0, 1, 2, 3, 4)
    ]
    assert [find_newer_ids(connection, collection_id, than=than) for than in (0, 1, 6, 7)] == [
        *([1, 2, 6, 7], [2, 6, 7], [7], [])
    ]
    assert find_newer_ids(connection, other, than=0) == [3, 4, 5]


def test_the_vault_is_told_every_blob_and_every_face(
    connection: Connection, collection_id: CollectionId
) -> None:
    add_faces(connection, 1, collection_id=collection_id, faces=2)
    add_faces(connection, 2, collection_id=collection_id, faces=0)
    base = collection_id << 64
    assert set(iter_blob_ids(connection)) == {make_uuid(base + 1), make_uuid(base + 2)}
    assert set(iter_face_uuids(connection)) == {make_uuid(base + 1000), make_uuid(base + 1001)}
