"""Long runs, originals, sources and writes with a key: order, edges, and who comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, NoResultFound

from catalog.samples import (
    NOW,
    add_collection,
    add_faces,
    add_grant,
    locate,
    make_sha256,
    make_uuid,
    undone,
)
from catalog.statements import REQUEST
from mien.catalog import long_runs, originals, requests, runs, sources
from mien.catalog.connect import Database
from mien.catalog.long_runs import ENDED, LongRunState
from mien.catalog.photos import LocationState, mark_vanished, quarantine
from mien.types import CollectionId, GrantId, PhotoId

SECOND = timedelta(seconds=1)
STATES = list(LongRunState)


def ask(connection: Connection, *states: LongRunState, first: int = 0) -> None:
    """A run in each of these states, under rising numbers."""
    for number, state in enumerate(states, start=first):
        long_runs.add_long_run(connection, uuid=make_uuid(number), sealed=b"sealed", at=NOW)
        if state is not LongRunState.QUEUED:
            long_runs.set_state(connection, make_uuid(number), state=state, at=NOW)


def numbers(found: Sequence[long_runs.StoredLongRun]) -> list[int]:
    return [int(one.uuid[-4:], 16) for one in found]


def test_a_run_is_read_as_it_was_asked_for(trial: Connection) -> None:
    ask(trial, LongRunState.QUEUED)
    assert long_runs.get_long_run(trial, make_uuid(0)) == long_runs.StoredLongRun(
        uuid=make_uuid(0),
        state=LongRunState.QUEUED,
        asked_at=NOW,
        sealed=b"sealed",
        number=1,
        counts={},
    )


def test_no_two_runs_share_an_id(trial: Connection) -> None:
    ask(trial, LongRunState.QUEUED)
    with pytest.raises(IntegrityError):
        ask(trial, LongRunState.QUEUED)


@settings(max_examples=20)
@given(
    states=st.lists(st.sampled_from(STATES), max_size=8),
    new=st.lists(st.sampled_from(STATES), max_size=3),
    limit=st.integers(1, 4),
)
def test_pages_of_runs_lose_none_and_repeat_none(
    standing: Database, states: list[LongRunState], new: list[LongRunState], limit: int
) -> None:
    """Whatever is asked for meanwhile, and though what ended is forgotten."""
    with undone(standing) as connection:
        ask(connection, *states)
        waiting = [number for number, state in enumerate(states) if not state.is_ended]
        assert numbers(long_runs.find_waiting(connection)) == waiting
        assert long_runs.count_waiting(connection) == len(waiting)
        page = long_runs.find_long_runs(connection, limit=limit)
        met = numbers(page)
        ask(connection, *new, first=len(states))
        while page:
            page = long_runs.find_long_runs(connection, before=page[-1].number, limit=limit)
            met += numbers(page)
        assert met == list(reversed(range(len(states))))
        ended = sum(state.is_ended for state in [*states, *new])
        assert long_runs.forget_long_runs(connection, until=NOW) == ended
        left = long_runs.find_long_runs(connection, limit=99)
        assert not any(one.state.is_ended for one in left)


@pytest.mark.parametrize("state", STATES)
def test_only_what_is_queued_is_begun_or_cancelled(trial: Connection, state: LongRunState) -> None:
    ask(trial, state, state)
    is_queued = state is LongRunState.QUEUED
    later = NOW + SECOND
    assert long_runs.begin_queued(trial, make_uuid(0), at=later) == is_queued
    assert long_runs.end_queued(trial, make_uuid(1), at=later) == is_queued
    begun, ended = (long_runs.get_long_run(trial, make_uuid(number)) for number in (0, 1))
    if is_queued:
        assert (begun.state, begun.started_at) == (LongRunState.RUNNING, later)
        assert (ended.state, ended.ended_at) == (LongRunState.CANCELLED, later)
    else:
        assert (begun.state, ended.state) == (state, state)


def test_one_that_is_not_there_is_neither_begun_nor_cancelled(trial: Connection) -> None:
    assert not long_runs.begin_queued(trial, make_uuid(9), at=NOW)
    assert not long_runs.end_queued(trial, make_uuid(9), at=NOW)
    long_runs.note_unwanted(trial, make_uuid(9))
    long_runs.note_outcome(trial, make_uuid(9), outcome=b"")
    with pytest.raises(NoResultFound):
        long_runs.note_progress(trial, make_uuid(9), counts={})


@pytest.mark.parametrize("is_begun_first", [True, False])
def test_of_beginning_and_cancelling_the_first_counts(
    database: Database, *, is_begun_first: bool
) -> None:
    with database.writing() as connection:
        ask(connection, LongRunState.QUEUED)
    steps = [long_runs.begin_queued, long_runs.end_queued]
    done = []
    for step in steps if is_begun_first else reversed(steps):
        with database.writing() as connection:
            done.append(step(connection, make_uuid(0), at=NOW))
    assert done == [True, False]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("times", [1, long_runs.MOST_CUT_SHORT])
def test_only_what_was_running_counts_as_cut_short(
    trial: Connection, state: LongRunState, times: int
) -> None:
    ask(trial, state, LongRunState.QUEUED)
    for _ in range(times):
        long_runs.requeue_cut_short(trial)
        if state is LongRunState.RUNNING:
            long_runs.begin_queued(trial, make_uuid(0), at=NOW)
    first, other = (long_runs.get_long_run(trial, make_uuid(number)) for number in (0, 1))
    assert first.cut_short == (times if state is LongRunState.RUNNING else 0)
    assert first.state is state
    assert other.cut_short == 0


def test_progress_and_outcome_are_of_one_run(trial: Connection) -> None:
    ask(trial, LongRunState.RUNNING, LongRunState.RUNNING)
    counts = {"photos_met": 3, "left_out": {"no-face": 2}}
    assert long_runs.note_progress(trial, make_uuid(0), counts=counts)
    long_runs.note_unwanted(trial, make_uuid(1))
    long_runs.note_outcome(trial, make_uuid(1), outcome=b"told")
    first, second = (long_runs.get_long_run(trial, make_uuid(number)) for number in (0, 1))
    assert (first.counts, first.is_unwanted, first.outcome) == (counts, False, None)
    assert (second.counts, second.is_unwanted, second.outcome) == ({}, True, b"told")


@pytest.mark.parametrize(("later", "count"), [(-SECOND, 0), (timedelta(0), 1), (SECOND, 1)])
@pytest.mark.parametrize("state", ENDED)
def test_a_run_is_forgotten_from_its_end_on(
    trial: Connection, state: LongRunState, later: timedelta, count: int
) -> None:
    ask(trial, state, LongRunState.QUEUED)
    assert long_runs.forget_long_runs(trial, until=NOW + later) == count
    assert len(long_runs.find_long_runs(trial, limit=9)) == 2 - count


def test_numbers_of_runs_are_never_given_twice(trial: Connection) -> None:
    """Whoever reads page by page would miss one that took the place of another."""
    ask(trial, LongRunState.DONE)
    long_runs.forget_long_runs(trial, until=NOW)
    ask(trial, LongRunState.QUEUED, first=1)
    assert long_runs.get_long_run(trial, make_uuid(1)).number == 2


@pytest.fixture
def photo_ids(trial: Connection) -> list[PhotoId]:
    """Two photos of a collection."""
    collection_id = add_collection(trial).id
    return [add_faces(trial, number, collection_id=collection_id) for number in (1, 2)]


def test_originals_are_found_by_their_own_bytes(
    trial: Connection, photo_ids: list[PhotoId]
) -> None:
    for number, photo_id in enumerate(photo_ids, start=1):
        assert originals.add_original(trial, photo_id, blob_id=make_uuid(70 + number), at=NOW)
    assert originals.find_original(trial, make_sha256(1)) == make_uuid(71)
    assert originals.find_original(trial, make_sha256(2)) == make_uuid(72)
    assert originals.find_original(trial, make_sha256(3)) is None
    assert originals.find_original(trial, "") is None
    assert sorted(originals.iter_original_ids(trial)) == [make_uuid(71), make_uuid(72)]


def test_no_two_photos_share_an_original(trial: Connection, photo_ids: list[PhotoId]) -> None:
    originals.add_original(trial, photo_ids[0], blob_id=make_uuid(7), at=NOW)
    with pytest.raises(IntegrityError):
        originals.add_original(trial, photo_ids[1], blob_id=make_uuid(7), at=NOW)


def test_no_original_is_of_a_photo_that_is_not_there(trial: Connection) -> None:
    assert list(originals.iter_original_ids(trial)) == []
    with pytest.raises(IntegrityError):
        originals.add_original(trial, PhotoId(9), blob_id=make_uuid(7), at=NOW)


def test_a_photo_is_not_deleted_while_its_original_is_recorded(
    trial: Connection, photo_ids: list[PhotoId]
) -> None:
    originals.add_original(trial, photo_ids[0], blob_id=make_uuid(7), at=NOW)
    trial.execute(text("DELETE FROM faces"))
    trial.execute(text("DELETE FROM indexed_photos"))
    with pytest.raises(IntegrityError):
        trial.execute(text("DELETE FROM photos"))


ADDRESSES = ("trip/a.jpg", "trip/day/b.jpg", "trip-2/a.jpg", "Trip/a.jpg")


@pytest.mark.parametrize(
    ("address", "count"),
    [
        ("file:///trip", 2),
        ("file:///trip/", 2),
        ("file:///trip/day", 1),
        ("file:///trip/a.jpg", 1),
        ("file:///", 4),
        ("file:///tri", 0),
        ("file:///TRIP", 0),
        ("https://elsewhere", 0),
    ],
)
def test_photos_are_counted_below_an_address(trial: Connection, address: str, count: int) -> None:
    collection_id, grant = add_collection(trial).id, add_grant(trial)
    for number, uri in enumerate(ADDRESSES):
        photo_id = add_faces(trial, number, collection_id=collection_id)
        locate(trial, photo_id, uri=f"file:///{uri}", grant_id=grant)
    found = sources.count_photos_below(trial, collection_id, grant_id=grant, address=address)
    assert found == ({LocationState.PRESENT: count} if count else {})


def test_photos_are_counted_by_state_once_each_and_as_far_as_the_grant_and_collection_go(
    trial: Connection,
) -> None:
    collection_id, other = (add_collection(trial, name).id for name in ("default", "other"))
    grant, another = (add_grant(trial, number) for number in (1, 2))
    for number in range(1, 5):
        photo_id = add_faces(trial, number, collection_id=collection_id)
        locate(trial, photo_id, uri=f"file:///{number}", grant_id=grant)
        locate(trial, photo_id, uri=f"file:///again/{number}", grant_id=grant)
    locate(trial, photo_id, uri="file:///theirs", grant_id=another)
    elsewhere = add_faces(trial, 9, collection_id=other)
    locate(trial, elsewhere, uri="file:///9", grant_id=grant)
    mark_vanished(trial, [1, 2])
    quarantine(trial, [3], at=NOW)

    def count(of: CollectionId, by: GrantId) -> dict[LocationState, int]:
        return sources.count_photos_below(trial, of, grant_id=by, address="file:///")

    assert count(collection_id, grant) == {
        LocationState.PRESENT: 3,  # the second is there under its other address
        LocationState.QUARANTINED: 1,
        LocationState.VANISHED: 1,
    }
    assert count(collection_id, another) == {LocationState.PRESENT: 1}
    assert count(other, grant) == {LocationState.PRESENT: 1}
    assert count(other, another) == {}
    assert count(CollectionId(9), grant) == {}


def test_the_last_run_under_each_grant_is_told(trial: Connection) -> None:
    collection_id, other = (add_collection(trial, name).id for name in ("default", "other"))
    first, second = (add_grant(trial, number) for number in (1, 2))
    for grant in (second, first, second, first):
        run = runs.start_run(trial, collection_id=collection_id, grant_id=grant, at=NOW)
    runs.end_run(trial, run, counts={"photos": 3}, at=NOW + SECOND)
    runs.start_run(trial, collection_id=other, grant_id=first, at=NOW)
    told = list(sources.iter_latest_runs(trial, collection_id))
    assert [(one.grant_id, one.state) for one in told] == [(first, "done"), (second, "started")]
    assert (told[0].counts, told[0].ended_at) == ({"photos": 3}, NOW + SECOND)
    assert (told[1].counts, told[1].ended_at) == ({}, None)
    assert len(list(sources.iter_latest_runs(trial, other))) == 1
    assert list(sources.iter_latest_runs(trial, CollectionId(9))) == []


def row(reference: str, **changes: Any) -> requests.RequestRow:
    return replace(REQUEST, reference=reference, **changes)


@pytest.mark.parametrize("status", [200, 201, 204, 409, 503])
@pytest.mark.parametrize("facts", [{}, {"a": None, "b": [1, "two", True], "c": {"d": 0.5}}])
def test_an_answer_is_kept_with_its_write_alone(
    trial: Connection, status: int, facts: dict[str, Any]
) -> None:
    for reference in ("one", "other"):
        requests.begin_request(trial, row(reference))
    requests.end_request(trial, "one", status=status, location="/v1/x", facts=facts)
    requests.end_request(trial, "nobody's", status=status, location="", facts={})
    wanted = row("one", status=status, location="/v1/x", facts=facts)
    assert requests.find_request(trial, "one") == wanted
    assert requests.find_request(trial, "other") == row("other")
    assert requests.find_request(trial, "nobody's") is None


@pytest.mark.parametrize(("later", "count"), [(-SECOND, 0), (timedelta(0), 0), (SECOND, 1)])
def test_a_write_is_forgotten_only_once_it_began_before(
    trial: Connection, later: timedelta, count: int
) -> None:
    requests.begin_request(trial, row("one", began_at=NOW))
    assert requests.forget_before(trial, NOW + later) == count
    assert (requests.find_request(trial, "one") is None) == bool(count)


def test_of_two_who_come_with_the_same_key_one_begins(database: Database) -> None:
    begun = []
    for process in (1, 2):
        with database.writing() as connection:
            is_free = requests.find_request(connection, "one") is None
            if is_free:
                requests.begin_request(connection, row("one", process=make_uuid(process)))
            begun.append(is_free)
    assert begun == [True, False]
    with database.reading() as connection:
        found = requests.find_request(connection, "one")
    assert found is not None
    assert found.process == make_uuid(1)
