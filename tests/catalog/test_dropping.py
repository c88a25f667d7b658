"""What of a collection is somebody's own, and the end of its row."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from catalog.samples import NOW, add_collection, add_faces, add_grant, locate, make_uuid
from catalog.statements import GUEST_LINK
from mien.catalog.collections import find_collection, is_there
from mien.catalog.dropping import delete_collection, is_shared, select_added, select_held_faces
from mien.catalog.face_groups import NewFaceGroup, add_group
from mien.catalog.links import add_link
from mien.catalog.runs import start_run
from mien.catalog.tags import StoredTag, find_tags, put_tags
from mien.types import CollectionId, FaceId, GrantId


def faces_of(connection: Connection, photo: int, collection_id: CollectionId) -> list[FaceId]:
    """The faces of an indexed photo, by the number of the photo."""
    blob_id = make_uuid((collection_id << 64) + photo)
    found = text(
        "SELECT f.id FROM faces f JOIN indexed_photos i ON i.id = f.indexed_photo_id "
        "WHERE i.blob_id = :blob ORDER BY f.id"
    )
    return [FaceId(row) for row in connection.execute(found, {"blob": blob_id}).scalars()]


def indexed(connection: Connection, photo: int, collection_id: CollectionId) -> int:
    blob_id = make_uuid((collection_id << 64) + photo)
    found = text("SELECT id FROM indexed_photos WHERE blob_id = :blob")
    return int(connection.execute(found, {"blob": blob_id}).scalar_one())


def add(
    connection: Connection,
    number: int,
    *grants: GrantId,
    collection_id: CollectionId,
    faces: int = 1,
) -> int:
    """A photo under these grants; the id that it is indexed under."""
    photo_id = add_faces(connection, number, collection_id=collection_id, faces=faces)
    for grant in grants:
        locate(connection, photo_id, uri=f"file:///{grant}/{number}.jpg", grant_id=grant)
    return indexed(connection, number, collection_id)


def group(number: int, collection_id: CollectionId, grant_id: GrantId) -> NewFaceGroup:
    return NewFaceGroup(
        uuid=make_uuid(number),
        collection_id=collection_id,
        grant_id=grant_id,
        reference=f"{number}",
        name=b"sealed",
    )


def test_what_came_in_under_a_grant_is_its_own_under_whichever_others_too(
    trial: Connection,
) -> None:
    own, other = add_grant(trial), add_grant(trial, 2)
    here, there = add_collection(trial).id, add_collection(trial, "there").id
    alone = add(trial, 1, own, collection_id=here)
    both = add(trial, 2, own, other, collection_id=here)
    add(trial, 3, other, collection_id=here)
    add(trial, 4, own, collection_id=there)
    named = add_group(trial, group(1, here, own), at=NOW)
    add_group(trial, group(2, here, other), at=NOW)
    add_group(trial, group(3, there, own), at=NOW)
    selection = select_added(trial, here, grant_id=own)
    assert set(selection.indexed_ids) == {alone, both}
    assert set(selection.face_group_ids) == {named.id}


@pytest.mark.parametrize("held", ["nothing", "a photo", "a link", "a name"])
def test_a_collection_is_shared_where_anything_of_others_is_in_it(
    trial: Connection, held: str
) -> None:
    own, other = add_grant(trial), add_grant(trial, 2)
    here = add_collection(trial).id
    add(trial, 1, own, other, collection_id=here)
    add_group(trial, group(1, here, own), at=NOW)
    if held == "a photo":
        add(trial, 2, other, collection_id=here)
    elif held == "a link":
        add_link(trial, GUEST_LINK)
    elif held == "a name":
        add_group(trial, group(2, here, other), at=NOW)
    assert is_shared(trial, CollectionId(here), grant_id=own) is (held != "nothing")


def test_a_photo_goes_with_the_last_of_its_faces_and_not_before(trial: Connection) -> None:
    grant, here = add_grant(trial), add_collection(trial).id
    there = add_collection(trial, "there").id
    whole = add(trial, 1, grant, collection_id=here, faces=2)
    add(trial, 2, grant, collection_id=here, faces=2)
    add(trial, 1, grant, collection_id=there, faces=2)
    one, _ = faces_of(trial, 2, here)
    selection = select_held_faces(trial, [*faces_of(trial, 1, here), one])
    assert set(selection.indexed_ids) == {whole}
    assert set(selection.face_ids) == {one}
    assert select_held_faces(trial, []).is_empty


def test_the_row_goes_with_its_tags_and_its_runs(trial: Connection) -> None:
    grant, made = add_grant(trial), add_collection(trial)
    start_run(trial, collection_id=made.id, grant_id=grant, at=NOW)
    put_tags(trial, made.id, new=[StoredTag("ab", b"sealed")])
    delete_collection(trial, made.id)
    assert find_collection(trial, made.name) is None
    assert not is_there(trial, made.id)
    assert find_tags(trial, made.id) == []
    again = add_collection(trial)
    assert again.id > made.id


def test_a_row_with_anything_in_it_cannot_go(trial: Connection) -> None:
    made = add_collection(trial)
    add_faces(trial, 1, collection_id=made.id)
    with pytest.raises(IntegrityError):
        delete_collection(trial, made.id)
