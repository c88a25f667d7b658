"""Runs that added photos."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import Connection, delete, func, insert, select, update

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


def end_small_run(
    connection: Connection, run_id: int, *, counts: Mapping[str, int], at: datetime
) -> None:
    """Ends a run of one photo: those that follow each other are one in the end.

    Whoever asks for the grants of a collection reads all of its runs, which must stay few.
    """
    own = connection.execute(select(runs).where(runs.c.id == run_id)).one()
    same = (runs.c.collection_id == own.collection_id) & (runs.c.grant_id == own.grant_id)
    ended = select(runs.c.id, runs.c.counts).where(same, runs.c.state != RunState.STARTED)
    before = connection.execute(ended.order_by(runs.c.id.desc()).limit(1)).one_or_none()
    if before is None or _SMALL not in before.counts:
        end_run(connection, run_id, counts={**counts, _SMALL: 1}, at=at)
        return
    added = {**counts, _SMALL: 1}
    summed = {name: before.counts.get(name, 0) + number for name, number in added.items()}
    connection.execute(
        update(runs)
        .where(runs.c.id == before.id)
        .values(counts=summed, started_at=own.started_at, ended_at=at)
    )
    drop_run(connection, run_id)


_SMALL = "one_by_one"
"""How many runs of one photo a run stands for."""


def drop_run(connection: Connection, run_id: int) -> None:
    """One that left nothing half done, and of which nothing is to be told."""
    connection.execute(delete(runs).where(runs.c.id == run_id))
