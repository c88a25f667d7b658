"""Runs that added photos."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import Connection, func, insert, select, update

from mien.catalog.schema import runs
from mien.types import CollectionId, GrantId


class RunState(StrEnum):
    """How far a run has come."""

    STARTED = "started"
    DONE = "done"
    CUT_SHORT = "cut-short"
    """It never ended; what it left behind has been cleared away."""


def start_run(
    connection: Connection, *, collection_id: CollectionId, grant_id: GrantId, at: datetime
) -> int:
    """The run's id."""
    new = insert(runs).values(
        uuid=str(uuid4()),
        collection_id=collection_id,
        grant_id=grant_id,
        state=RunState.STARTED,
        started_at=at,
        counts={},
    )
    run_id: int = connection.execute(new.returning(runs.c.id)).scalar_one()
    return run_id


def end_run(
    connection: Connection, run_id: int, *, counts: Mapping[str, object], at: datetime
) -> None:
    done = {"state": RunState.DONE, "counts": dict(counts), "ended_at": at}
    connection.execute(update(runs).where(runs.c.id == run_id).values(done))


def count_runs(connection: Connection) -> dict[str, int]:
    """How many there are, by state."""
    counted = select(runs.c.state, func.count()).group_by(runs.c.state)
    return {str(state): count for state, count in connection.execute(counted)}


def close_cut_short(connection: Connection, *, at: datetime) -> int:
    """Marks the runs that never ended; how many there were. Only while nobody adds."""
    cut_short = update(runs).where(runs.c.state == RunState.STARTED)
    closed = cut_short.values(state=RunState.CUT_SHORT, ended_at=at)
    return connection.execute(closed).rowcount
