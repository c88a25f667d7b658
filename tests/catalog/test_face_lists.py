"""Lists of faces: those that may be shown, in order, from any place on."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, text

from catalog.samples import (
    NOW,
    add_collection,
    add_faces,
    add_grant,
    locate,
    make_uuid,
    visible_ids,
)
from mien.catalog.face_lists import count_visible, find_ids, find_page
from mien.catalog.faces import CoveringGrant, SearchScope
from mien.catalog.photos import iter_present_uris, mark_vanished
from mien.types import CollectionId, FaceId, GrantId


def fill(connection: Connection, *, photos: int) -> tuple[SearchScope, GrantId]:
    """That many photos of two faces each, every other one under another grant."""
    collection = add_collection(connection)
    grants = add_grant(connection), add_grant(connection, 2)
    for number in range(photos):
        photo_id = add_faces(connection, number, collection_id=collection.id, faces=2)
        locate(connection, photo_id, uri=f"file:///{number}.jpg", grant_id=grants[number % 2])
    covering = CoveringGrant(grants[0], None, is_for_display=True)
    return SearchScope(collection.id, (covering,)), grants[0]


def test_pages_are_the_visible_faces_in_order(trial: Connection) -> None:
    scope, _ = fill(trial, photos=9)
    every, after = [], 0
    while page := find_page(trial, scope, after=after, limit=3):
        assert len(page) <= 3
        every += page
        after = page[-1]
    assert every == visible_ids(trial, scope)
    assert count_visible(trial, scope) == len(every) == 10


def test_what_vanished_or_is_kept_no_longer_is_in_no_page(trial: Connection) -> None:
    scope, grant = fill(trial, photos=4)
    gone = next(iter_present_uris(trial, prefix="file:///", grant_id=grant))
    mark_vanished(trial, [gone[0]])
    assert count_visible(trial, scope) == 2
    over = SearchScope(scope.collection_id, scope.grants, kept_after=NOW + timedelta(days=1))
    assert (find_page(trial, over, after=0, limit=9), count_visible(trial, over)) == ([], 0)


def test_without_a_grant_there_is_nothing(trial: Connection) -> None:
    scope, _ = fill(trial, photos=2)
    nothing = SearchScope(scope.collection_id, ())
    assert (find_page(trial, nothing, after=0, limit=9), count_visible(trial, nothing)) == ([], 0)


def test_ids_are_found_in_their_own_collection(trial: Connection) -> None:
    scope, _ = fill(trial, photos=1)
    first = visible_ids(trial, scope)[0]
    uuid = trial.execute(text("SELECT uuid FROM faces WHERE id = :id"), {"id": first}).scalar_one()
    uuids = {uuid, make_uuid(99)}
    assert find_ids(trial, scope.collection_id, uuids=uuids) == {uuid: FaceId(first)}
    assert find_ids(trial, CollectionId(99), uuids=uuids) == {}


def test_a_late_page_is_read_from_where_it_begins(trial: Connection) -> None:
    """And not from the beginning of the collection: the index is entered at the id."""
    fill(trial, photos=1)
    plan = trial.execute(
        text(
            "EXPLAIN QUERY PLAN SELECT faces.id FROM faces "
            "JOIN indexed_photos ON indexed_photos.id = faces.indexed_photo_id "
            "WHERE faces.id > 7 AND faces.collection_id = 1 ORDER BY faces.id LIMIT 3"
        )
    )
    steps = [row.detail for row in plan]
    assert any("ix_faces_collection_id (collection_id=? AND rowid>?)" in step for step in steps)
    assert not any("TEMP B-TREE" in step for step in steps)
