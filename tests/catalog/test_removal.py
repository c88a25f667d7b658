"""What goes with a face, a location or a grant, and what stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from catalog.samples import (
    NOW,
    add_collection,
    add_faces,
    add_grant,
    locate,
    make_sha256,
    make_uuid,
    open_catalog,
)
from mien.catalog.collections import find_collection
from mien.catalog.photos import find_photo_id, photo_uuid_of, quarantine
from mien.catalog.removal import count_left, delete_rows, plan_removal
from mien.catalog.selection import (
    Deadlines,
    Selection,
    select_before,
    select_below,
    select_faces,
    select_grantor,
    select_overdue,
)
from mien.types import CollectionId, FaceId, GrantId


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """Two photos of two faces each: the first under grants 1 and 2, the second under 2 alone."""
    with open_catalog(tmp_path) as database, database.writing() as opened:
        collection = add_collection(opened)
        first, second = (
            add_faces(opened, number, collection_id=collection.id, faces=2) for number in (1, 2)
        )
        one, two = (add_grant(opened, number, grantor=f"Grantor {number}") for number in (1, 2))
        locate(opened, first, uri="file:///a/1.jpg", grant_id=one)
        locate(opened, first, uri="file:///b/1.jpg", grant_id=two)
        locate(opened, second, uri="file:///b/2.jpg", grant_id=two, at=NOW + timedelta(days=1))
        yield opened


def test_a_photo_goes_with_its_last_location(connection: Connection) -> None:
    removal = plan_removal(connection, Selection(location_ids=[3])).removal
    assert removal.photos == [(2, photo_uuid_of(make_sha256(2)))]
    assert [face_id for face_id, _, _ in removal.faces] == [3, 4]
    assert len(removal.blobs) == 1
    assert removal.covers == []


def test_a_photo_with_another_location_loses_the_one_and_its_grant(connection: Connection) -> None:
    removal = plan_removal(connection, Selection(location_ids=[1])).removal
    assert (removal.photos, removal.faces, removal.blobs) == ([], [], [])
    assert removal.covers == [(photo_uuid_of(make_sha256(1)), make_uuid(1))]


def test_a_face_goes_alone_and_its_blob_is_kept(connection: Connection) -> None:
    removal = plan_removal(connection, Selection(face_ids=[FaceId(1)])).removal
    assert [face_id for face_id, _, _ in removal.faces] == [1]
    assert (removal.photos, removal.blobs) == ([], [])
    assert [photo for _, photo in removal.kept_blobs] == [photo_uuid_of(make_sha256(1))]


def test_a_grant_goes_with_all_of_its_locations(connection: Connection) -> None:
    plan = plan_removal(connection, select_grantor(connection, "grantor 2 "))
    assert plan.removal.grants == [(2, make_uuid(2))]
    assert plan.removal.locations == [2, 3]
    assert plan.uris == ("file:///b/1.jpg", "file:///b/2.jpg")
    assert [photo_id for photo_id, _ in plan.removal.photos] == [2]


def test_what_is_planned_is_deleted_and_counted(connection: Connection) -> None:
    removal = plan_removal(connection, select_grantor(connection, "Grantor 2")).removal
    nobody = {"people": 0, "consents": 0, "templates": 0, "cases": 0, "suppressions": 0}
    nobody |= {"judgements": 0, "originals": 0, "face_groups": 0}
    expected = {"faces": 2, "photos": 1, "locations": 2, "grants": 1} | nobody
    assert count_left(connection, removal) == expected
    delete_rows(connection, removal, at=NOW)
    assert count_left(connection, removal) == dict.fromkeys(expected, 0)
    assert find_photo_id(connection, make_sha256(1)) == 1
    collection = find_collection(connection, "default")
    assert collection
    assert collection.revision == 1


def test_references_tell_locations_apart_by_the_moment(connection: Connection) -> None:
    before = plan_removal(connection, Selection(location_ids=[3]))
    delete_rows(connection, before.removal, at=NOW)
    photo_id = add_faces(connection, 2, collection_id=collection_id(connection))
    locate(connection, photo_id, uri="file:///b/2.jpg", grant_id=GrantId(2), at=NOW)
    after = plan_removal(connection, Selection(location_ids=[4]))
    assert before.references != after.references
    assert before.uris == after.uris


def collection_id(connection: Connection) -> CollectionId:
    found = find_collection(connection, "default")
    assert found
    return found.id


@pytest.mark.parametrize(
    ("address", "ids"),
    [
        ("file:///b/", {2, 3}),
        ("file:///b", {2, 3}),
        ("file:///b/2.jpg", {3}),
        ("file:///B/", set()),
        ("file:///b/2", set()),
        ("file:///_/", set()),
        ("file:///", {1, 2, 3}),
    ],
)
def test_below_an_address_is_exactly_below_it(
    connection: Connection, address: str, ids: set[int]
) -> None:
    assert set(select_below(connection, address).location_ids) == ids


def test_before_a_moment_is_before_it(connection: Connection) -> None:
    assert set(select_before(connection, NOW).location_ids) == set()
    assert set(select_before(connection, NOW + timedelta(seconds=1)).location_ids) == {1, 2}


def test_faces_that_nobody_knows_select_nothing(connection: Connection) -> None:
    assert select_faces(connection, [make_uuid(9)]).is_empty


def test_overdue_is_what_has_ended_lapsed_or_waited_long_enough(connection: Connection) -> None:
    nothing = {"ended": [], "kept_until": {}, "quarantined_until": NOW}
    assert select_overdue(connection, Deadlines(**nothing)).is_empty  # type: ignore[arg-type]
    ended = select_overdue(
        connection, Deadlines(ended=[GrantId(1)], kept_until={}, quarantined_until=NOW)
    )
    assert (set(ended.location_ids), set(ended.ended_grant_ids)) == ({1}, {1})
    lapsed = select_overdue(
        connection, Deadlines(ended=[], kept_until={GrantId(2): NOW}, quarantined_until=NOW)
    )
    assert (set(lapsed.location_ids), set(lapsed.ended_grant_ids)) == ({2}, set())
    quarantine(connection, [3], at=NOW)
    waited = select_overdue(connection, Deadlines(ended=[], kept_until={}, quarantined_until=NOW))
    assert set(waited.location_ids) == {3}


def test_a_photo_forgotten_in_one_collection_stays_in_another(connection: Connection) -> None:
    other = add_collection(connection, "other")
    add_faces(connection, 1, collection_id=other.id, faces=2)
    plan = plan_removal(connection, Selection(indexed_ids=[3]))
    removal = plan.removal
    assert [collection for _, _, collection in removal.faces] == [other.id, other.id]
    assert [indexed for indexed, _ in removal.blobs] == [3]
    assert (removal.photos, removal.locations, removal.kept_blobs) == ([], [], [])
    assert plan.sightings == ((make_sha256(1), other.uuid),)
    delete_rows(connection, removal, at=NOW)
    assert set(count_left(connection, removal).values()) == {0}
    assert find_photo_id(connection, make_sha256(1)) == 1


def test_a_photo_forgotten_in_its_only_collection_goes(connection: Connection) -> None:
    plan = plan_removal(connection, Selection(indexed_ids=[1]))
    assert plan.removal.photos == [(1, photo_uuid_of(make_sha256(1)))]
    assert plan.removal.locations == [1, 2]
    assert [indexed for indexed, _ in plan.removal.blobs] == [1]
    assert [face_id for face_id, _, _ in plan.removal.faces] == [1, 2]
    found = find_collection(connection, "default")
    assert found
    assert plan.sightings == ((make_sha256(1), found.uuid),)


def test_a_face_erased_from_a_photo_that_is_forgotten_too_keeps_nothing(
    connection: Connection,
) -> None:
    other = add_collection(connection, "other")
    add_faces(connection, 1, collection_id=other.id, faces=2)
    plan = plan_removal(connection, Selection(indexed_ids=[3], face_ids=[FaceId(1)]))
    assert [indexed for indexed, _ in plan.removal.blobs] == [3]
    assert len(plan.removal.kept_blobs) == 1
    assert sorted(face_id for face_id, _, _ in plan.removal.faces) == [1, 5, 6]


def test_overdue_in_a_collection_is_what_was_indexed_until_then(connection: Connection) -> None:
    collection = collection_id(connection)

    def overdue(moment: datetime) -> set[int]:
        deadlines = Deadlines(
            ended=[], kept_until={}, quarantined_until=NOW, indexed_until={collection: moment}
        )
        return set(select_overdue(connection, deadlines).indexed_ids)

    assert overdue(NOW) == {1, 2}
    assert overdue(NOW - timedelta(microseconds=1)) == set()
    assert not Selection(indexed_ids=[1]).is_empty


def test_a_grantor_who_is_no_text_hides_no_other(connection: Connection) -> None:
    connection.exec_driver_sql("UPDATE grants SET grantor = x'ff' WHERE id = 1")
    assert set(select_grantor(connection, "grantor 2").grant_ids) == {2}
    assert select_grantor(connection, "Grantor 1").is_empty
