"""Work that a server does one after the other: the queue, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from mien.catalog.runs_schema import long_runs
from mien.errors import NotFoundError

MOST_CUT_SHORT = 3
"""After so many ends of the server in the midst of it, a run is not begun again."""


class LongRunState(StrEnum):
    """How far a long run has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """It could not be done; the report says why."""
    CANCELLED = "cancelled"
    CUT_SHORT = "cut-short"
    """The server ended again and again while it was at it, so it is not begun any more."""

    @property
    def is_ended(self) -> bool:
        return self not in (LongRunState.QUEUED, LongRunState.RUNNING)


ENDED = tuple(state for state in LongRunState if state.is_ended)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLongRun:
    """A run as it stands in its row; what is sealed of it is to be believed only when opened."""

    uuid: str
    state: LongRunState
    asked_at: datetime
    sealed: bytes
    number: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    cut_short: int = 0
    is_unwanted: bool = False
    counts: Mapping[str, Any]
    outcome: bytes | None = None


def add_long_run(connection: Connection, *, uuid: str, sealed: bytes, at: datetime) -> None:
    """Puts a run at the end of the queue."""
    connection.execute(
        insert(long_runs).values(
            uuid=uuid,
            state=LongRunState.QUEUED,
            asked_at=at,
            cut_short=0,
            is_unwanted=False,
            counts={},
            sealed=sealed,
        )
    )


def get_long_run(connection: Connection, uuid: str) -> StoredLongRun:
    """Raises `NotFoundError`."""
    row = connection.execute(select(long_runs).where(long_runs.c.uuid == uuid)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no run {uuid} here.")
    return _parse(row)


def find_long_runs(
    connection: Connection, *, before: int | None = None, limit: int
) -> list[StoredLongRun]:
    """The newest first; those that were asked for before the one of this number."""
    found = select(long_runs).order_by(long_runs.c.id.desc()).limit(limit)
    if before is not None:
        found = found.where(long_runs.c.id < before)
    return [_parse(row) for row in connection.execute(found)]


def find_waiting(connection: Connection) -> list[StoredLongRun]:
    """Those that are queued or running, in the order they were asked for."""
    found = select(long_runs).where(long_runs.c.state.not_in(ENDED)).order_by(long_runs.c.id)
    return [_parse(row) for row in connection.execute(found)]


def count_waiting(connection: Connection) -> int:
    found = select(func.count()).select_from(long_runs)
    return connection.execute(found.where(long_runs.c.state.not_in(ENDED))).scalar_one()


def requeue_cut_short(connection: Connection) -> None:
    """What a server left running that is no more is queued again, if not too often."""
    left = update(long_runs).where(long_runs.c.state == LongRunState.RUNNING)
    connection.execute(left.values(cut_short=long_runs.c.cut_short + 1, state=LongRunState.QUEUED))


def set_state(connection: Connection, uuid: str, *, state: LongRunState, at: datetime) -> None:
    """Queued again, begun, or ended."""
    times: Mapping[str, Any] = {"ended_at": at} if state.is_ended else {}
    if state is LongRunState.RUNNING:
        times = {"started_at": at}
    connection.execute(
        update(long_runs).where(long_runs.c.uuid == uuid).values(state=state, **times)
    )


def begin_queued(connection: Connection, uuid: str, *, at: datetime) -> bool:
    """Begins a run that is queued; whether it was."""
    return _leave_queue(connection, uuid, state=LongRunState.RUNNING, started_at=at)


def end_queued(connection: Connection, uuid: str, *, at: datetime) -> bool:
    """Cancels a run that is queued; whether it was."""
    return _leave_queue(connection, uuid, state=LongRunState.CANCELLED, ended_at=at)


def note_progress(connection: Connection, uuid: str, *, counts: Mapping[str, Any]) -> bool:
    """Whether the run is still wanted."""
    here = long_runs.c.uuid == uuid
    connection.execute(update(long_runs).where(here).values(counts=dict(counts)))
    unwanted = select(long_runs.c.is_unwanted).where(here)
    return not connection.execute(unwanted).scalar_one()


def note_outcome(connection: Connection, uuid: str, *, outcome: bytes) -> None:
    """What is told of it in the end, sealed."""
    told = update(long_runs).where(long_runs.c.uuid == uuid)
    connection.execute(told.values(outcome=outcome))


def note_unwanted(connection: Connection, uuid: str) -> None:
    """Whoever is at it ends it as soon as it can."""
    connection.execute(update(long_runs).where(long_runs.c.uuid == uuid).values(is_unwanted=True))


def forget_long_runs(connection: Connection, *, until: datetime) -> int:
    """Deletes runs that ended by then; how many there were."""
    old = delete(long_runs).where(long_runs.c.state.in_(ENDED), long_runs.c.ended_at <= until)
    return connection.execute(old).rowcount


def _leave_queue(connection: Connection, uuid: str, **values: Any) -> bool:  # noqa: ANN401  (any column's)
    queued = (long_runs.c.uuid == uuid) & (long_runs.c.state == LongRunState.QUEUED)
    return connection.execute(update(long_runs).where(queued).values(**values)).rowcount == 1


def _parse(row: Row[*tuple[Any, ...]]) -> StoredLongRun:
    return StoredLongRun(
        uuid=row.uuid,
        state=LongRunState(row.state),
        asked_at=row.asked_at,
        sealed=bytes(row.sealed),
        number=row.id,
        started_at=row.started_at,
        ended_at=row.ended_at,
        cut_short=row.cut_short,
        is_unwanted=row.is_unwanted,
        counts=row.counts,
        outcome=None if row.outcome is None else bytes(row.outcome),
    )
