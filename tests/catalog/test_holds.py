"""What cases hold back: every state comes back as it was, and only when the last lets go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select, update

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
from mien.catalog.cases import NewCase, add_case
from mien.catalog.holds import Released, find_matters, hold, is_held, release
from mien.catalog.photos import LocationState, quarantine
from mien.catalog.schema import cases, grants, holds, locations
from mien.catalog.selection import (
    Selection,
    select_faces,
    select_grantor,
    select_host,
    select_photo,
)
from mien.permission.case import CaseKind
from mien.types import CollectionId, GrantId

PHOTOS = 3


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """Three photos of two faces, each at two places under one grant each; two cases."""
    with open_catalog(tmp_path) as database, database.writing() as connection:
        fill(connection)
        yield connection


def fill(connection: Connection) -> None:
    collection = add_collection(connection)
    for number in (1, 2):
        add_grant(connection, number, grantor=f"Grantor {number}")
    for number in range(1, PHOTOS + 1):
        photo_id = add_faces(connection, number, collection_id=collection.id, faces=2)
        for grant_id in (1, 2):
            uri = f"file:///{grant_id}/{number}.jpg"
            locate(connection, photo_id, uri=uri, grant_id=GrantId(grant_id))
    for number in (1, 2):
        new = NewCase(
            uuid=make_uuid(number), kind=CaseKind.ERASURE, opened_at=NOW, due_at=NOW, sealed=b"x"
        )
        add_case(connection, new)


def states(connection: Connection) -> list[str]:
    return list(connection.execute(select(locations.c.state).order_by(locations.c.id)).scalars())


def held(connection: Connection) -> list[int]:
    """Numbers of the locations in quarantine, counted from 1."""
    quarantined = enumerate(states(connection), 1)
    return [number for number, state in quarantined if state == LocationState.QUARANTINED]


def photo(number: int) -> str:
    return make_sha256(number)


def test_a_photo_is_held_wherever_it_is_and_comes_back(connection: Connection) -> None:
    assert hold(connection, 1, selection=select_photo(connection, photo(2))) == 2
    assert held(connection) == [3, 4]
    released = release(connection, 1)
    assert released == [
        Released(3, "file:///1/2.jpg", GrantId(1)),
        Released(4, "file:///2/2.jpg", GrantId(2)),
    ]
    assert held(connection) == []
    assert release(connection, 1) == []


def test_of_a_face_the_whole_photo_is_held(connection: Connection) -> None:
    uuid = make_uuid((1 << 64) + 1000)
    hold(connection, 1, selection=select_faces(connection, [uuid]))
    assert held(connection) == [1, 2]


def test_a_grantor_is_held_with_their_grants(connection: Connection) -> None:
    hold(connection, 1, selection=select_grantor(connection, "Grantor 2"))
    assert held(connection) == [2, 4, 6]
    assert is_held(connection, sha256="new", grant_id=GrantId(2))
    assert not is_held(connection, sha256="new", grant_id=GrantId(1))
    release(connection, 1)
    assert not is_held(connection, sha256="new", grant_id=GrantId(2))


def test_a_held_photo_is_known_under_any_grant(connection: Connection) -> None:
    hold(connection, 1, selection=Selection(location_ids=[3]))
    for grant_id in (1, 2, 9):
        assert is_held(connection, sha256=photo(2), grant_id=GrantId(grant_id))
        assert not is_held(connection, sha256=photo(1), grant_id=GrantId(grant_id))


@pytest.mark.parametrize("first", [1, 2])
def test_what_two_cases_hold_comes_back_with_the_last(connection: Connection, first: int) -> None:
    hold(connection, 1, selection=select_photo(connection, photo(1)))
    hold(connection, 2, selection=select_grantor(connection, "Grantor 1"))
    assert held(connection) == [1, 2, 3, 5]
    release(connection, first)
    assert held(connection) == ([1, 3, 5] if first == 1 else [1, 2])
    assert is_held(connection, sha256=photo(1), grant_id=GrantId(9))
    release(connection, 3 - first)
    assert held(connection) == []
    assert set(states(connection)) == {LocationState.PRESENT}


def test_holding_twice_is_holding_once(connection: Connection) -> None:
    wanted = select_photo(connection, photo(1))
    assert hold(connection, 1, selection=wanted) == 2
    assert hold(connection, 1, selection=wanted) == 0
    assert len(release(connection, 1)) == 2
    assert set(states(connection)) == {LocationState.PRESENT}


@pytest.mark.parametrize("state", LocationState)
def test_every_state_comes_back_as_it_was(connection: Connection, state: LocationState) -> None:
    connection.execute(update(locations).where(locations.c.id == 1).values(state=state))
    if state is LocationState.QUARANTINED:
        quarantine(connection, [1], at=NOW)
    before = states(connection)
    hold(connection, 1, selection=select_photo(connection, photo(1)))
    hold(connection, 2, selection=select_photo(connection, photo(1)))
    assert held(connection) == [1, 2]
    release(connection, 1)
    release(connection, 2)
    assert states(connection) == before


def test_what_waits_for_its_erasure_goes_on_waiting(connection: Connection) -> None:
    """Quarantined because no grant covers it any more, before a case or while one is open."""
    quarantine(connection, [1], at=NOW)
    hold(connection, 1, selection=select_photo(connection, photo(1)))
    quarantine(connection, [2], at=NOW)
    assert release(connection, 1) == []
    assert held(connection) == [1, 2]


def test_a_place_that_another_photo_took_meanwhile_is_replaced(connection: Connection) -> None:
    hold(connection, 1, selection=select_photo(connection, photo(1)))
    other = add_faces(connection, 9, collection_id=CollectionId(1))
    locate(connection, other, uri="file:///1/1.jpg", grant_id=GrantId(1))
    release(connection, 1)
    assert states(connection)[:2] == [LocationState.REPLACED, LocationState.PRESENT]


def test_a_hold_goes_with_what_it_held(connection: Connection) -> None:
    hold(connection, 1, selection=select_grantor(connection, "Grantor 2"))
    connection.execute(delete(locations).where(locations.c.grant_id == 2))
    connection.execute(delete(grants).where(grants.c.id == 2))
    assert connection.execute(select(holds)).all() == []
    assert release(connection, 1) == []


def test_a_host_is_held_with_those_below_it_and_no_file_of_this_machine(
    connection: Connection,
) -> None:
    add_grant(connection, 3, scope=("https://example.org/",))
    add_grant(connection, 4, scope=("https://example.org/", "https://other.test/"))
    places = [
        ("https://example.org/a.jpg", 3),
        ("https://a.example.org/a.jpg", 4),
        ("https://other.test/a.jpg", 4),
        ("https://example.org.other.test/a.jpg", 4),
    ]
    for number, (uri, grant_id) in enumerate(places, 11):
        photo_id = add_faces(connection, number, collection_id=CollectionId(1))
        locate(connection, photo_id, uri=uri, grant_id=GrantId(grant_id))
    selection = select_host(connection, "example.org")
    assert set(selection.location_ids) == {7, 8}
    assert set(selection.ended_grant_ids) == {3}
    hold(connection, 1, selection=selection)
    assert held(connection) == [7, 8]
    assert is_held(connection, sha256="new", grant_id=GrantId(3))
    assert not is_held(connection, sha256="new", grant_id=GrantId(4))


def test_more_is_held_than_a_database_takes_parameters(connection: Connection) -> None:
    photo_id = add_faces(connection, 9, collection_id=CollectionId(1))
    for number in range(1200):
        locate(connection, photo_id, uri=f"file:///{number}.jpg", grant_id=GrantId(1))
    assert hold(connection, 1, selection=select_photo(connection, photo(9))) == 1200
    assert len(release(connection, 1)) == 1200
    assert held(connection) == []


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["hold", "release"]), st.sampled_from([1, 2]), st.integers(1, 3)),
    max_size=12,
)


@given(ACTIONS)
def test_in_whatever_order_nothing_is_shown_that_a_case_holds(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int, int]]
) -> None:
    with (
        open_catalog(tmp_path_factory.mktemp("catalog")) as database,
        database.writing() as connection,
    ):
        fill(connection)
        expected: dict[int, set[int]] = {1: set(), 2: set()}
        for action, case_id, number in actions:
            if action == "hold":
                hold(connection, case_id, selection=select_photo(connection, photo(number)))
                expected[case_id].add(number)
            else:
                release(connection, case_id)
                expected[case_id].clear()
        numbers = expected[1] | expected[2]
        assert held(connection) == sorted(
            place for number in numbers for place in (2 * number - 1, 2 * number)
        )
        assert len(list(connection.execute(select(cases)))) == 2


def test_matters_are_held_whether_they_are_here_or_not(connection: Connection) -> None:
    for case_id in (1, 2):
        hold(connection, case_id, selection=Selection(), matters=b"sealed %d" % case_id)
    assert find_matters(connection) == [(make_uuid(n), b"sealed %d" % n) for n in (1, 2)]
    assert release(connection, 1) == []
    assert find_matters(connection) == [(make_uuid(2), b"sealed 2")]
    release(connection, 2)
    assert find_matters(connection) == []


def test_a_hold_carries_no_moment_so_that_no_deadline_erases_it(connection: Connection) -> None:
    hold(connection, 1, selection=select_photo(connection, photo(1)))
    late = NOW + timedelta(days=9999)
    found = select(locations.c.id).where(locations.c.quarantined_at <= late)
    assert connection.execute(found).all() == []
