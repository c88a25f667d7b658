"""Names of photos that were handed in: by face and by name, within a scope, gone with the photo."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, delete

from catalog.samples import NOW, add_collection, add_faces, add_grant, locate, make_sha256
from mien.catalog import image_names
from mien.catalog.collections import Collection
from mien.catalog.faces import CoveringGrant, SearchScope
from mien.catalog.image_names import Named
from mien.catalog.landmarks import find_ids_of_photo, find_landmarks
from mien.catalog.removal import delete_rows, plan_removal
from mien.catalog.schema import locations
from mien.catalog.selection import Selection
from mien.types import CollectionId, FaceId, GrantId, PhotoId

URI = "upload:///phone/0123456789abcdef/photo.jpg"


@pytest.fixture
def collection(trial: Connection) -> Collection:
    return add_collection(trial)


@pytest.fixture
def grant_id(trial: Connection) -> GrantId:
    return add_grant(trial)


def _scope(collection: Collection, *grant_ids: GrantId) -> SearchScope:
    return SearchScope(collection.id, tuple(CoveringGrant(one, None, True) for one in grant_ids))


def _named(
    photo_id: PhotoId, collection_id: CollectionId, grant_id: GrantId, name: str = "ada"
) -> Named:
    return Named(
        photo_id=photo_id, collection_id=collection_id, grant_id=grant_id, uri=URI, name=name
    )


def _add(
    connection: Connection,
    number: int,
    collection: Collection,
    grant_id: GrantId,
    *,
    faces: int = 2,
) -> PhotoId:
    photo_id = add_faces(connection, number, collection_id=collection.id, faces=faces)
    locate(connection, photo_id, uri=URI, grant_id=grant_id)
    return photo_id


def test_a_name_is_found_by_every_face_of_the_photo_and_they_by_it(
    trial: Connection, collection: Collection, grant_id: GrantId
) -> None:
    photo_id = _add(trial, 1, collection, grant_id)
    image_names.add_name(trial, _named(photo_id, collection.id, grant_id), at=NOW)
    ids = find_ids_of_photo(trial, make_sha256(1), collection_id=collection.id)
    scope = _scope(collection, grant_id)
    assert image_names.find_names(trial, scope, face_ids=ids) == dict.fromkeys(ids, "ada")
    assert image_names.find_faces_named(trial, scope, name="ada") == ids
    assert image_names.find_faces_named(trial, scope, name="Ada") == []


def test_a_name_is_kept_once_and_a_photo_found_under_each_of_its_names(
    trial: Connection, collection: Collection, grant_id: GrantId
) -> None:
    photo_id = _add(trial, 1, collection, grant_id, faces=1)
    for name in ("first", "second", "first"):
        image_names.add_name(trial, _named(photo_id, collection.id, grant_id, name), at=NOW)
    scope = _scope(collection, grant_id)
    (face_id,) = find_ids_of_photo(trial, make_sha256(1), collection_id=collection.id)
    assert image_names.count_names(trial) == 2
    assert image_names.find_faces_named(trial, scope, name="second") == [face_id]
    assert image_names.find_names(trial, scope, face_ids=[face_id]) == {face_id: "first"}


def test_a_name_is_told_under_its_own_grant_and_in_its_own_collection_alone(
    trial: Connection, collection: Collection, grant_id: GrantId
) -> None:
    other_grant, other = add_grant(trial, 2), add_collection(trial, "other")
    photo_id = _add(trial, 1, collection, grant_id, faces=1)
    add_faces(trial, 1, collection_id=other.id)
    locate(trial, photo_id, uri=URI, grant_id=other_grant)
    image_names.add_name(trial, _named(photo_id, collection.id, grant_id), at=NOW)
    ids = find_ids_of_photo(trial, make_sha256(1), collection_id=collection.id)
    assert image_names.find_names(trial, _scope(collection, other_grant), face_ids=ids) == {}
    assert image_names.find_faces_named(trial, _scope(other, grant_id), name="ada") == []


def test_a_photo_of_nobody_gets_no_name(
    trial: Connection, collection: Collection, grant_id: GrantId
) -> None:
    photo_id = _add(trial, 1, collection, grant_id, faces=0)
    image_names.add_name(trial, _named(photo_id, collection.id, grant_id), at=NOW)
    assert image_names.count_names(trial) == 0


def test_those_in_a_photo_are_told_all_of_its_names(
    trial: Connection, collection: Collection, grant_id: GrantId
) -> None:
    photo_id = _add(trial, 1, collection, grant_id)
    for name in ("first", "second"):
        image_names.add_name(trial, _named(photo_id, collection.id, grant_id, name), at=NOW)
    assert image_names.find_names_at(trial, [photo_id]) == {photo_id: ["first", "second"]}


def test_a_name_goes_with_its_place(
    trial: Connection, collection: Collection, grant_id: GrantId
) -> None:
    photo_id = _add(trial, 1, collection, grant_id)
    image_names.add_name(trial, _named(photo_id, collection.id, grant_id), at=NOW)
    trial.execute(delete(locations).where(locations.c.photo_id == photo_id))
    assert image_names.count_names(trial) == 0


@pytest.mark.parametrize("going", [1, 2])
def test_a_name_goes_with_the_last_face_and_no_sooner(
    trial: Connection, collection: Collection, grant_id: GrantId, going: int
) -> None:
    photo_id = _add(trial, 1, collection, grant_id)
    image_names.add_name(trial, _named(photo_id, collection.id, grant_id), at=NOW)
    ids = find_ids_of_photo(trial, make_sha256(1), collection_id=collection.id)
    plan = plan_removal(trial, Selection(face_ids=ids[:going]))
    delete_rows(trial, plan.removal, at=NOW)
    assert image_names.count_names(trial) == (1 if going == 1 else 0)


@pytest.mark.parametrize("what", ["grant", "place", "collection"])
def test_a_name_goes_with_whatever_it_hangs_on(
    trial: Connection, collection: Collection, grant_id: GrantId, what: str
) -> None:
    photo_id = _add(trial, 1, collection, grant_id)
    image_names.add_name(trial, _named(photo_id, collection.id, grant_id), at=NOW)
    selection = {
        "grant": Selection(grant_ids=[grant_id]),
        "place": Selection(location_ids=[1]),
        "collection": Selection(indexed_ids=[1]),
    }[what]
    chosen = plan_removal(trial, selection)
    delete_rows(trial, chosen.removal, at=NOW)
    assert image_names.count_names(trial) == 0


def test_landmarks_are_read_as_they_were_kept(trial: Connection, collection: Collection) -> None:
    add_faces(trial, 1, collection_id=collection.id)
    ids = find_ids_of_photo(trial, make_sha256(1), collection_id=collection.id)
    found = find_landmarks(trial, ids)
    (landmarks,) = found.values()
    assert landmarks.as_array().round(2).tolist() == [
        [0.0, 0.0],
        [0.33, 1.0],
        [0.67, 2.0],
        [1.0, 3.0],
        [1.33, 4.0],
    ]
    assert find_landmarks(trial, [FaceId(99)]) == {}
