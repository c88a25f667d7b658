"""Runs that end, and runs that were cut short."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from catalog.samples import NOW, add_collection, add_grant
from mien.catalog.runs import close_cut_short, drop_run, end_run, end_small_run, start_run
from mien.catalog.schema import runs
from mien.types import CollectionId


@pytest.fixture
def run_ids(connection: Connection) -> list[int]:
    """Two runs that have begun."""
    collection_id, grant_id = add_collection(connection).id, add_grant(connection)
    return [
        start_run(connection, collection_id=collection_id, grant_id=grant_id, at=NOW)
        for _ in range(2)
    ]


def states(connection: Connection) -> list[str]:
    return list(connection.execute(select(runs.c.state).order_by(runs.c.id)).scalars())


def test_a_run_ends_with_its_counts(connection: Connection, run_ids: list[int]) -> None:
    later = NOW + timedelta(minutes=3)
    end_run(connection, run_ids[0], counts={"new": 3, "failed": 1}, at=later)
    row = connection.execute(select(runs).where(runs.c.id == run_ids[0])).one()
    assert (row.started_at, row.ended_at) == (NOW, later)
    assert row.counts == {"new": 3, "failed": 1}
    assert states(connection) == ["done", "started"]


def test_runs_that_never_ended_are_closed_once(connection: Connection, run_ids: list[int]) -> None:
    end_run(connection, run_ids[0], counts={}, at=NOW)
    assert close_cut_short(connection, at=NOW) == 1
    assert states(connection) == ["done", "cut-short"]
    assert close_cut_short(connection, at=NOW) == 0


def test_small_runs_that_follow_each_other_are_one(
    connection: Connection, run_ids: list[int]
) -> None:
    later = NOW + timedelta(minutes=3)
    for run_id, at in zip(run_ids, (NOW, later), strict=True):
        end_small_run(connection, run_id, counts={"faces": 2}, at=at)
    (row,) = connection.execute(select(runs))
    assert (row.id, row.ended_at) == (run_ids[0], later)
    assert row.counts == {"faces": 4, "one_by_one": 2}


def test_a_small_run_is_not_added_to_another_kind_or_another_grants(
    connection: Connection, run_ids: list[int]
) -> None:
    first, second = run_ids
    end_run(connection, first, counts={"faces": 1}, at=NOW)
    end_small_run(connection, second, counts={"faces": 2}, at=NOW)
    collection_id = connection.execute(select(runs.c.collection_id)).scalars().first()
    other = start_run(
        connection,
        collection_id=CollectionId(collection_id or 0),
        grant_id=add_grant(connection, 2),
        at=NOW,
    )
    end_small_run(connection, other, counts={"faces": 3}, at=NOW)
    counts = list(connection.execute(select(runs.c.counts).order_by(runs.c.id)).scalars())
    assert [one["faces"] for one in counts] == [1, 2, 3]


def test_a_dropped_run_is_gone(connection: Connection, run_ids: list[int]) -> None:
    drop_run(connection, run_ids[0])
    assert states(connection) == ["started"]
