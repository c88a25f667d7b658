"""The queue in the catalog: in order, with what a killed server left, and no longer than needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from catalog.samples import NOW, add_collection, add_faces, make_sha256, make_uuid, open_catalog
from mien.catalog.long_runs import (
    ENDED,
    LongRunState,
    add_long_run,
    count_waiting,
    find_long_runs,
    find_waiting,
    forget_long_runs,
    get_long_run,
    note_outcome,
    note_progress,
    note_unwanted,
    requeue_cut_short,
    set_state,
)
from mien.catalog.originals import add_original, find_original, iter_original_ids
from mien.errors import NotFoundError


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with open_catalog(tmp_path) as database, database.writing() as opened:
        yield opened


def ask_for(connection: Connection, *numbers: int) -> None:
    for number in numbers:
        add_long_run(connection, uuid=make_uuid(number), sealed=b"%d" % number, at=NOW)


def test_runs_wait_in_the_order_they_were_asked_for(connection: Connection) -> None:
    ask_for(connection, 3, 1, 2)
    assert [run.sealed for run in find_waiting(connection)] == [b"3", b"1", b"2"]
    set_state(connection, make_uuid(3), state=LongRunState.DONE, at=NOW)
    assert [run.sealed for run in find_waiting(connection)] == [b"1", b"2"]
    assert count_waiting(connection) == 2
    newest = find_long_runs(connection, limit=2)
    assert [run.sealed for run in newest] == [b"2", b"1"]
    older = find_long_runs(connection, before=newest[-1].number, limit=2)
    assert [(run.sealed, run.ended_at) for run in older] == [(b"3", NOW)]


def test_what_was_running_is_queued_again_and_counted(connection: Connection) -> None:
    ask_for(connection, 1, 2)
    set_state(connection, make_uuid(1), state=LongRunState.RUNNING, at=NOW)
    requeue_cut_short(connection)
    first, second = find_waiting(connection)
    assert (first.state, first.cut_short, first.started_at) == (LongRunState.QUEUED, 1, NOW)
    assert (second.state, second.cut_short, second.started_at) == (LongRunState.QUEUED, 0, None)


def test_progress_is_kept_and_tells_whether_it_is_still_wanted(connection: Connection) -> None:
    ask_for(connection, 1)
    assert note_progress(connection, make_uuid(1), counts={"photos_met": 7})
    note_unwanted(connection, make_uuid(1))
    assert not note_progress(connection, make_uuid(1), counts={"photos_met": 8})
    note_outcome(connection, make_uuid(1), outcome=b"sealed")
    run = get_long_run(connection, make_uuid(1))
    assert (run.counts, run.is_unwanted, run.outcome) == ({"photos_met": 8}, True, b"sealed")
    with pytest.raises(NotFoundError, match="There is no run"):
        get_long_run(connection, make_uuid(2))


@pytest.mark.parametrize("state", LongRunState)
def test_only_what_ended_is_forgotten(connection: Connection, state: LongRunState) -> None:
    ask_for(connection, 1)
    set_state(connection, make_uuid(1), state=state, at=NOW)
    assert forget_long_runs(connection, until=NOW - timedelta(seconds=1)) == 0
    assert forget_long_runs(connection, until=NOW) == (1 if state in ENDED else 0)
    assert state.is_ended == (state in ENDED)


def test_a_photo_has_one_original(connection: Connection) -> None:
    photo_id = add_faces(connection, 1, collection_id=add_collection(connection).id)
    assert find_original(connection, make_sha256(1)) is None
    assert add_original(connection, photo_id, blob_id=make_uuid(7), at=NOW)
    assert not add_original(connection, photo_id, blob_id=make_uuid(8), at=NOW)
    assert find_original(connection, make_sha256(1)) == make_uuid(7)
    assert list(iter_original_ids(connection)) == [make_uuid(7)]
