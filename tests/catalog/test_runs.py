"""Runs that end, and runs that were cut short."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from catalog.samples import NOW, add_collection, add_grant
from mien.catalog.runs import close_cut_short, end_run, start_run
from mien.catalog.schema import runs


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
