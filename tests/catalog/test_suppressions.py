"""Suppressions as rows: written once, replaced as a whole, erased with everything else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from catalog.samples import (
    NOW,
    add_collection,
    add_faces,
    add_grant,
    locate,
    make_sha256,
    make_uuid,
)
from catalog.samples import open_catalog as open_it
from mien.catalog import suppressions as rows
from mien.catalog.removal import count_left, delete_rows, plan_removal
from mien.catalog.selection import select_suppression
from mien.errors import CatalogError, NotFoundError
from mien.permission.suppression import Level

ITEM = rows.SuppressionRow(
    uuid=make_uuid(1),
    level=Level.ITEM,
    made_at=NOW,
    sealed=b"sealed item",
    portrait=None,
    recovery=b"its key",
)
FACE = replace(ITEM, uuid=make_uuid(2), level=Level.FACE, sealed=b"sealed", portrait=b"portrait")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with open_it(tmp_path) as database, database.writing() as connection:
        yield connection


def test_what_was_recorded_is_read_in_order(connection: Connection) -> None:
    for row in (FACE, ITEM):
        rows.record_suppression(connection, row)
    assert list(rows.iter_suppressions(connection)) == [FACE, ITEM]
    assert rows.find_uuids(connection) == {ITEM.uuid, FACE.uuid}
    assert rows.get_suppression(connection, FACE.uuid) == FACE


def test_a_record_is_replaced_by_one_of_the_same_id(connection: Connection) -> None:
    for row in (FACE, ITEM, replace(FACE, sealed=b"with another model's template")):
        rows.record_suppression(connection, row)
    first, second = rows.iter_suppressions(connection)
    assert (first.sealed, second) == (b"with another model's template", ITEM)


def test_one_that_is_not_there_is_named(connection: Connection) -> None:
    with pytest.raises(NotFoundError, match=f"no opt-out {make_uuid(9)}"):
        rows.get_suppression(connection, make_uuid(9))


def test_wrapped_keys_are_replaced_by_themselves(connection: Connection) -> None:
    for row in (FACE, ITEM):
        rows.record_suppression(connection, row)
    rows.put_recoveries(connection, {FACE.uuid: b"new", make_uuid(9): b"of nobody"})
    assert rows.find_recoveries(connection) == {ITEM.uuid: b"its key", FACE.uuid: b"new"}
    assert rows.get_suppression(connection, FACE.uuid) == replace(FACE, recovery=b"new")


def test_a_row_that_says_nonsense_stops_everything(connection: Connection) -> None:
    rows.record_suppression(connection, ITEM)
    connection.execute(text("UPDATE suppressions SET level = 'whim'"))
    with pytest.raises(CatalogError, match=f"{ITEM.uuid} in the catalog is malformed"):
        list(rows.iter_suppressions(connection))


def test_one_is_erased_and_the_other_stays(connection: Connection) -> None:
    for row in (FACE, ITEM):
        rows.record_suppression(connection, row)
    selection = select_suppression(connection, FACE.uuid)
    assert not selection.is_empty
    removal = plan_removal(connection, selection).removal
    assert count_left(connection, removal)["suppressions"] == 1
    delete_rows(connection, removal, at=NOW)
    assert count_left(connection, removal)["suppressions"] == 0
    assert rows.find_uuids(connection) == {ITEM.uuid}


def test_nothing_is_selected_where_there_is_nothing(connection: Connection) -> None:
    assert select_suppression(connection, make_uuid(9)).is_empty


def test_held_photos_are_told_with_their_blobs_and_places(connection: Connection) -> None:
    collection = add_collection(connection)
    photo_id = add_faces(connection, 1, collection_id=collection.id, faces=2)
    add_faces(connection, 2, collection_id=collection.id, faces=1)
    for number in (1, 2):
        for uri in ("file:///a.jpg", "file:///b.jpg"):
            locate(connection, photo_id, uri=uri, grant_id=add_grant(connection, 10 + number))
            break
    held = list(rows.iter_held_photos(connection))
    assert [photo.sha256 for photo in held] == [make_sha256(1), make_sha256(2)]
    assert list(rows.iter_held_photos(connection, make_sha256(2))) == held[1:]
    assert rows.find_places(connection, make_sha256(1)) == ["file:///a.jpg"]
    assert rows.find_places(connection, make_sha256(2)) == []
