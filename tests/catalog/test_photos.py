"""Photos are known by their bytes, and locations tell where those are and where they were."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, func, select

from catalog.samples import (
    NOW,
    add_collection,
    add_faces,
    add_grant,
    locate,
    make_sha256,
    new_photo,
)
from mien.catalog.photos import (
    LocationState,
    add_photo,
    find_photo_id,
    is_known,
    iter_photo_uuids,
    iter_present_uris,
    mark_vanished,
    photo_uuid_of,
)
from mien.catalog.schema import locations, photos
from mien.types import CollectionId, GrantId

LATER = NOW + timedelta(days=1)


def states(connection: Connection) -> list[tuple[str, int, str]]:
    """URI, photo and state of every location, in the order they were made."""
    rows = connection.execute(
        select(locations.c.uri, locations.c.photo_id, locations.c.state).order_by(locations.c.id)
    )
    return [tuple(row) for row in rows]


@pytest.fixture
def grant_id(connection: Connection) -> GrantId:
    return add_grant(connection)


def test_the_same_bytes_are_one_photo(connection: Connection) -> None:
    first = add_photo(connection, new_photo(1), at=NOW)
    assert add_photo(connection, new_photo(1), at=LATER) == first
    assert add_photo(connection, new_photo(2), at=NOW) != first
    assert find_photo_id(connection, make_sha256(1)) == first
    assert find_photo_id(connection, make_sha256(3)) is None
    assert connection.execute(select(func.count()).select_from(photos)).scalar_one() == 2


def test_a_photo_is_recorded_as_it_was_first_met(connection: Connection) -> None:
    add_photo(connection, new_photo(1), at=NOW)
    add_photo(connection, new_photo(1), at=LATER)
    row = connection.execute(select(photos)).one()
    assert row.first_seen_at == NOW
    assert (row.size_bytes, row.width_px, row.height_px) == (1001, 640, 480)
    assert (row.caption, row.credit, row.copyright) == ("caption 1", "Ada", "2026")


def test_the_id_of_a_photos_keys_comes_from_its_bytes_alone(connection: Connection) -> None:
    add_photo(connection, new_photo(1), at=NOW)
    expected = UUID(make_sha256(1)[:32])
    assert UUID(photo_uuid_of(make_sha256(1))) == expected
    assert list(iter_photo_uuids(connection)) == [str(expected)]


def test_the_same_bytes_at_two_places_have_two_locations(
    connection: Connection, grant_id: GrantId
) -> None:
    photo_id = add_photo(connection, new_photo(1), at=NOW)
    for uri in ("file:///a.jpg", "file:///b.jpg"):
        locate(connection, photo_id, uri=uri, grant_id=grant_id)
    assert states(connection) == [
        ("file:///a.jpg", photo_id, "present"),
        ("file:///b.jpg", photo_id, "present"),
    ]


def test_finding_a_photo_again_renews_its_location(
    connection: Connection, grant_id: GrantId
) -> None:
    photo_id = add_photo(connection, new_photo(1), at=NOW)
    locate(connection, photo_id, uri="file:///a.jpg", grant_id=grant_id, fingerprint="1")
    locate(connection, photo_id, uri="file:///a.jpg", grant_id=grant_id, fingerprint="2", at=LATER)
    row = connection.execute(select(locations)).one()
    assert (row.fingerprint, row.added_at, row.seen_at) == ("2", NOW, LATER)


def test_one_place_under_two_grants_is_recorded_under_both(
    connection: Connection, grant_id: GrantId
) -> None:
    photo_id = add_photo(connection, new_photo(1), at=NOW)
    other = add_grant(connection, 2)
    for each in (grant_id, other, grant_id):
        locate(connection, photo_id, uri="file:///a.jpg", grant_id=each)
    found = connection.execute(select(locations.c.grant_id, locations.c.state)).all()
    assert [tuple(row) for row in found] == [(grant_id, "present"), (other, "present")]


def test_another_photo_at_a_place_replaces_the_one_before_under_every_grant(
    connection: Connection, grant_id: GrantId
) -> None:
    old, new = (add_photo(connection, new_photo(number), at=NOW) for number in (1, 2))
    other = add_grant(connection, 2)
    for each in (grant_id, other):
        locate(connection, old, uri="file:///a.jpg", grant_id=each)
    locate(connection, old, uri="file:///b.jpg", grant_id=grant_id)
    locate(connection, new, uri="file:///a.jpg", grant_id=grant_id)
    assert states(connection) == [
        ("file:///a.jpg", old, "replaced"),
        ("file:///a.jpg", old, "replaced"),
        ("file:///b.jpg", old, "present"),
        ("file:///a.jpg", new, "present"),
    ]


def test_a_photo_that_comes_back_is_present_again(
    connection: Connection, grant_id: GrantId
) -> None:
    old, new = (add_photo(connection, new_photo(number), at=NOW) for number in (1, 2))
    for photo_id in (old, new, old):
        locate(connection, photo_id, uri="file:///a.jpg", grant_id=grant_id)
    assert states(connection) == [
        ("file:///a.jpg", old, "present"),
        ("file:///a.jpg", new, "replaced"),
    ]


def test_a_vanished_photo_is_not_called_replaced(connection: Connection, grant_id: GrantId) -> None:
    old, new = (add_photo(connection, new_photo(number), at=NOW) for number in (1, 2))
    locate(connection, old, uri="file:///a.jpg", grant_id=grant_id)
    mark_vanished(connection, [1])
    locate(connection, new, uri="file:///a.jpg", grant_id=grant_id)
    assert [state for _, _, state in states(connection)] == ["vanished", "present"]


def test_only_the_named_locations_vanish(connection: Connection, grant_id: GrantId) -> None:
    photo_id = add_photo(connection, new_photo(1), at=NOW)
    for name in "abc":
        locate(connection, photo_id, uri=f"file:///{name}.jpg", grant_id=grant_id)
    mark_vanished(connection, [2])
    assert [state for _, _, state in states(connection)] == ["present", "vanished", "present"]


def test_a_file_is_known_while_place_looks_grant_and_collection_are_the_same(
    connection: Connection, grant_id: GrantId
) -> None:
    collection, empty = add_collection(connection), add_collection(connection, "empty")
    other = add_grant(connection, 2)
    photo_id = add_faces(connection, 1, collection_id=collection.id)
    locate(connection, photo_id, uri="file:///a.jpg", grant_id=grant_id, fingerprint="1")

    def known(
        uri: str = "file:///a.jpg",
        fingerprint: str = "1",
        *,
        grant_id: GrantId = grant_id,
        collection_id: CollectionId = collection.id,
    ) -> bool:
        return is_known(
            connection,
            uri=uri,
            fingerprint=fingerprint,
            grant_id=grant_id,
            collection_id=collection_id,
        )

    assert known()
    assert not known("file:///b.jpg")
    assert not known(fingerprint="2")
    assert not known(grant_id=other)
    assert not known(collection_id=empty.id)
    mark_vanished(connection, [1])
    assert not known()


def test_present_uris_are_those_below_a_prefix_under_the_grant(
    connection: Connection, grant_id: GrantId
) -> None:
    photo_id, other = add_photo(connection, new_photo(1), at=NOW), add_grant(connection, 2)
    inside = ["file:///a_b/1.jpg", "file:///a_b/x/2.jpg"]
    outside = ["file:///axb/3.jpg", "file:///A_B/4.jpg", "file:///a_b.jpg", "file:///c/a_b/5.jpg"]
    for uri in [*inside, *outside]:
        locate(connection, photo_id, uri=uri, grant_id=grant_id)
    locate(connection, photo_id, uri="file:///a_b/6.jpg", grant_id=other)

    def present() -> list[tuple[int, str]]:
        return list(iter_present_uris(connection, prefix="file:///a_b/", grant_id=grant_id))

    assert present() == [(1, inside[0]), (2, inside[1])]
    mark_vanished(connection, [1])
    assert present() == [(2, inside[1])]


@pytest.mark.parametrize("name", ["100%/", "100%25/", "a\\b/", "%/", "_/"])
def test_a_prefix_means_its_letters_and_no_pattern(
    connection: Connection, grant_id: GrantId, name: str
) -> None:
    photo_id = add_photo(connection, new_photo(1), at=NOW)
    locate(connection, photo_id, uri=f"file:///{name}a.jpg", grant_id=grant_id)
    locate(connection, photo_id, uri="file:///100 other/a.jpg", grant_id=grant_id)
    found = iter_present_uris(connection, prefix=f"file:///{name}", grant_id=grant_id)
    assert [uri for _, uri in found] == [f"file:///{name}a.jpg"]


def test_the_states_are_the_ones_that_stand_in_catalogs() -> None:
    states = {"present", "vanished", "replaced", "quarantined"}
    assert {str(state) for state in LocationState} == states
