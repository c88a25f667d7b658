"""Groups of faces as rows: a face is in one at most, and a name goes with the last of its faces."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, delete, select
from sqlalchemy.exc import IntegrityError

from catalog.samples import NOW, add_collection, add_faces, add_grant, locate, make_uuid
from mien.catalog import face_groups as rows
from mien.catalog.face_groups import NewFaceGroup, StoredFaceGroup
from mien.catalog.faces import CoveringGrant, SearchScope
from mien.catalog.removal import count_left, delete_rows, plan_removal
from mien.catalog.schema import collections, faces
from mien.catalog.selection import Deadlines, Selection, select_grant, select_overdue
from mien.types import CollectionId, FaceId, GrantId

COLLECTION, OWN, OTHER = CollectionId(1), GrantId(1), GrantId(2)
SCOPE = SearchScope(COLLECTION, (CoveringGrant(OWN, None, True),))
OTHERS_SCOPE = SearchScope(COLLECTION, (CoveringGrant(OTHER, None, True),))


@pytest.fixture
def filled(trial: Connection) -> Connection:
    """Four faces, each of a photo of its own, under two grants."""
    collection = add_collection(trial)
    grants = [add_grant(trial, number) for number in (1, 2)]
    for number in range(1, 5):
        photo_id = add_faces(trial, number, collection_id=collection.id)
        locate(trial, photo_id, uri=f"file:///{number}", grant_id=grants[number > 2])
    return trial


def add(
    connection: Connection, number: int, *face_ids: int, grant_id: GrantId = OWN, name: str = ""
) -> StoredFaceGroup:
    new = NewFaceGroup(
        uuid=make_uuid(number),
        collection_id=COLLECTION,
        grant_id=grant_id,
        reference=name or f"{number}",
        name=b"sealed",
    )
    stored = rows.add_group(connection, new, at=NOW)
    rows.tie_faces(connection, stored.id, face_ids=[FaceId(one) for one in face_ids])
    return stored


def erase(connection: Connection, selection: Selection) -> list[tuple[int, str]]:
    """The groups that go with it."""
    removal = plan_removal(connection, selection).removal
    assert count_left(connection, removal)["face_groups"] == len(removal.face_groups)
    delete_rows(connection, removal, at=NOW)
    assert count_left(connection, removal)["face_groups"] == 0
    return removal.face_groups


def test_a_group_is_found_by_its_reference_under_its_own_grant(filled: Connection) -> None:
    own = add(filled, 1, 1, name="same")
    other = add(filled, 2, 3, grant_id=OTHER, name="same")
    assert rows.find_group(filled, SCOPE, reference="same") == own
    assert rows.find_group(filled, OTHERS_SCOPE, reference="same") == other
    assert rows.find_groups_of(filled, collection_id=COLLECTION, reference="same") == [own, other]
    assert rows.find_groups_by_id(filled, SCOPE, group_ids=[own.id, other.id]) == {own.id: own}
    assert list(rows.iter_visible_members(filled, SCOPE)) == [(own.id, 1, None)]
    assert (rows.count_groups(filled, SCOPE), rows.count_groups(filled, OTHERS_SCOPE)) == (1, 1)


def test_a_name_is_there_once_under_a_grant(filled: Connection) -> None:
    add(filled, 1, name="same")
    with pytest.raises(IntegrityError):
        add(filled, 2, name="same")


def test_a_face_is_in_one_group_at_most(filled: Connection) -> None:
    add(filled, 1, 1)
    with pytest.raises(IntegrityError):
        add(filled, 2, 1)


def test_groups_are_listed_page_by_page(filled: Connection) -> None:
    made = [add(filled, number) for number in range(1, 6)]
    first = rows.find_groups(filled, SCOPE, limit=2)
    assert first == made[:2]
    assert rows.find_groups(filled, SCOPE, after=first[-1].id, limit=9) == made[2:]


def test_taken_out_or_without_a_group_faces_stay(filled: Connection) -> None:
    group = add(filled, 1, 1, 2)
    rows.untie_faces(filled, group.id, face_ids=[FaceId(1), FaceId(3)])
    assert rows.find_group_ids(filled, [1, 2, 3]) == {2: group.id}
    assert rows.find_faces_of(filled, [group.id]) == {group.id: [2]}
    rows.delete_groups(filled, [group.id])
    assert rows.find_group_ids(filled, [1, 2, 3]) == {}
    assert list(filled.execute(select(faces.c.id).order_by(faces.c.id)).scalars()) == [1, 2, 3, 4]


def test_a_group_goes_with_the_last_of_its_faces_that_is_erased(filled: Connection) -> None:
    group = add(filled, 1, 1, 2)
    assert erase(filled, Selection(face_ids=[FaceId(1)])) == []
    assert rows.find_faces_of(filled, [group.id]) == {group.id: [2]}
    assert erase(filled, Selection(face_ids=[FaceId(2)])) == [(group.id, make_uuid(1))]
    assert rows.find_groups(filled, SCOPE, limit=9) == []


def test_a_group_whose_faces_were_taken_out_stays(filled: Connection) -> None:
    group = add(filled, 1, 1)
    rows.untie_faces(filled, group.id, face_ids=[FaceId(1)])
    assert erase(filled, Selection(face_ids=[FaceId(1)])) == []
    assert rows.find_groups(filled, SCOPE, limit=9) == [group]


def test_with_a_grant_go_its_groups_and_no_others(filled: Connection) -> None:
    empty = add(filled, 1)
    other = add(filled, 2, 3, grant_id=OTHER)
    assert erase(filled, select_grant(filled, OWN)) == [(empty.id, make_uuid(1))]
    assert rows.find_groups(filled, OTHERS_SCOPE, limit=9) == [other]


def test_a_name_without_faces_goes_when_its_grant_is_over(filled: Connection) -> None:
    empty = add(filled, 1)
    over = Deadlines(ended=[OWN], kept_until={}, quarantined_until=NOW)
    assert empty.id in select_overdue(filled, over).face_group_ids
    running = Deadlines(ended=[OTHER], kept_until={}, quarantined_until=NOW)
    assert list(select_overdue(filled, running).face_group_ids) == []


def test_nothing_of_a_group_is_left_without_its_collection(filled: Connection) -> None:
    other = add_collection(filled, "other")
    new = NewFaceGroup(
        uuid=make_uuid(9), collection_id=other.id, grant_id=OWN, reference="9", name=b"sealed"
    )
    group = rows.add_group(filled, new, at=NOW)
    filled.execute(delete(collections).where(collections.c.id == other.id))
    assert rows.count_groups_left(filled, [group.id]) == 0
