"""Cases as rows: when each is due, and the events of it, which are appended and never changed.

Who asks for what, and why something was decided, is sealed; nothing of it can be read here.
A case whose seal is empty is over, and was forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from mien.catalog.schema import case_events, cases
from mien.permission.case import CaseKind, CaseState

FORGOTTEN = b""
"""What is sealed of a case that was forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCase:
    """A case and its id inside; `sealed` is what was asked for."""

    id: int
    uuid: str
    kind: CaseKind
    opened_at: datetime
    due_at: datetime
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """What happened to a case, the first as number 0; the state is the one it left it in."""

    number: int
    state: CaseState
    at: datetime
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """What is recorded of a case when it is opened."""

    uuid: str
    kind: CaseKind
    opened_at: datetime
    due_at: datetime
    sealed: bytes


def name_case(uuid: str) -> str:
    """By which name the vault keeps the key of a case."""
    return f"case:{uuid}"


def add_case(connection: Connection, new: NewCase) -> int:
    """The case's id inside."""
    row = insert(cases).values(
        uuid=new.uuid,
        kind=new.kind,
        opened_at=new.opened_at,
        due_at=new.due_at,
        sealed=new.sealed,
    )
    return int(connection.execute(row.returning(cases.c.id)).scalar_one())


def append_event(connection: Connection, case_id: int, *, event: StoredEvent) -> None:
    connection.execute(
        insert(case_events).values(
            case_id=case_id,
            number=event.number,
            state=event.state,
            at=event.at,
            sealed=event.sealed,
        )
    )


def find_case(connection: Connection, uuid: str) -> StoredCase | None:
    row = connection.execute(select(cases).where(cases.c.uuid == uuid)).one_or_none()
    return None if row is None else _parse_case(row)


def iter_cases(connection: Connection) -> Iterator[StoredCase]:
    """All cases, the one that is due first before the others."""
    found = select(cases).order_by(cases.c.due_at, cases.c.id)
    for row in connection.execute(found):
        yield _parse_case(row)


def find_events(connection: Connection, case_id: int) -> list[StoredEvent]:
    """What happened to a case, in order."""
    found = select(case_events).where(case_events.c.case_id == case_id)
    return [
        StoredEvent(number=row.number, state=CaseState(row.state), at=row.at, sealed=row.sealed)
        for row in connection.execute(found.order_by(case_events.c.number))
    ]


def find_closed(connection: Connection, *, until: datetime) -> set[int]:
    """Cases that were closed until a moment and are not forgotten."""
    found = (
        select(cases.c.id)
        .join(case_events)
        .where(case_events.c.state == CaseState.CLOSED, case_events.c.at <= until)
        .where(cases.c.sealed != FORGOTTEN)
    )
    return set(connection.execute(found).scalars())


def iter_remembered(connection: Connection) -> Iterator[tuple[int, str]]:
    """Cases that are not forgotten, by ids inside and outside."""
    found = select(cases.c.id, cases.c.uuid).where(cases.c.sealed != FORGOTTEN)
    for row in connection.execute(found.order_by(cases.c.id)):
        yield row.id, row.uuid


def find_uuids(connection: Connection, case_ids: Collection[int]) -> list[tuple[int, str]]:
    """The outside ids of cases, beside those inside."""
    wanted = {*case_ids}
    return [(number, uuid) for number, uuid in iter_remembered(connection) if number in wanted]


def forget_cases(connection: Connection, case_ids: Iterable[int]) -> None:
    """Leaves of cases only their kind and when they moved."""
    for case_id in case_ids:
        mine = case_events.c.case_id == case_id
        connection.execute(update(case_events).where(mine).values(sealed=FORGOTTEN))
        connection.execute(update(cases).where(cases.c.id == case_id).values(sealed=FORGOTTEN))


def count_remembered(connection: Connection, case_ids: Iterable[int]) -> int:
    """How many of these cases are not forgotten."""
    found = select(func.count()).select_from(cases).where(cases.c.sealed != FORGOTTEN)
    return sum(
        connection.execute(found.where(cases.c.id == case_id)).scalar_one() for case_id in case_ids
    )


def _parse_case(row: Row[*tuple[Any, ...]]) -> StoredCase:
    return StoredCase(
        id=row.id,
        uuid=row.uuid,
        kind=CaseKind(row.kind),
        opened_at=row.opened_at,
        due_at=row.due_at,
        sealed=row.sealed,
    )
