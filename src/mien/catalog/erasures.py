"""The ledger of erasures: what was erased, as keyed references, and how far that has come.

An entry is written in the transaction that takes the rows away. Its `work` names what is
still to be destroyed elsewhere and goes when that is done; its marks stay for ever, so that
whatever an old backup brings back is known again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, insert, select, update

from mien.catalog.schema import erasures, lapsed


class ErasureState(StrEnum):
    """How far an erasure has come; from the first on, nothing of it answers."""

    DESTROYING = "destroying"
    """Rows are gone; keys, files and snapshots follow."""

    SCRUBBING = "scrubbing"
    """Everything is gone but for what lingers in pages of the databases."""

    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """What the ledger keeps of an erasure for ever; neither names what was erased."""

    uuid: str
    kind: str
    began_at: datetime
    marks: bytes

    @property
    def marks_sha256(self) -> str:
        """By which audit log and certificate refer to the marks."""
        return sha256(self.marks).hexdigest()


@dataclass(frozen=True, slots=True)
class UnfinishedErasure:
    """An erasure under way, or cut short; `audit_seq` is its entry in the audit log."""

    entry: LedgerEntry
    audit_seq: int
    state: ErasureState
    work: Mapping[str, Any]
    counts: Mapping[str, int]


def record_erasure(
    connection: Connection,
    entry: LedgerEntry,
    *,
    work: Mapping[str, Any],
    counts: Mapping[str, int],
    audit_seq: int,
) -> None:
    """Writes an erasure into the ledger as begun."""
    connection.execute(
        insert(erasures).values(
            uuid=entry.uuid,
            kind=entry.kind,
            state=ErasureState.DESTROYING,
            began_at=entry.began_at,
            marks=entry.marks,
            work=work,
            counts=dict(counts),
            audit_seq=audit_seq,
        )
    )


def restore_entries(connection: Connection, entries: Iterable[LedgerEntry]) -> None:
    """Writes erasures that this catalog had forgotten."""
    for entry in entries:
        connection.execute(
            insert(erasures).values(
                uuid=entry.uuid,
                kind=entry.kind,
                state=ErasureState.DONE,
                began_at=entry.began_at,
                marks=entry.marks,
                counts={},
            )
        )


def record_lapsed(connection: Connection, marks: Iterable[bytes]) -> None:
    """Remembers photos, marked with a grant, that may not come in under it again."""
    known = select(lapsed.c.mark)
    for mark in set(marks):
        if connection.execute(known.where(lapsed.c.mark == mark)).one_or_none() is None:
            connection.execute(insert(lapsed).values(mark=mark))


def has_lapsed(connection: Connection, mark: bytes) -> bool:
    """Is the time of this photo under this grant over?"""
    return connection.execute(select(lapsed).where(lapsed.c.mark == mark)).first() is not None


def find_states(connection: Connection) -> dict[str, ErasureState]:
    """How far each erasure has come, by its uuid."""
    rows = connection.execute(select(erasures.c.uuid, erasures.c.state))
    return {row.uuid: ErasureState(row.state) for row in rows}


def iter_entries(connection: Connection, uuids: Iterable[str]) -> Iterator[LedgerEntry]:
    """The entries of these erasures."""
    for uuid in uuids:
        row = connection.execute(select(erasures).where(erasures.c.uuid == uuid)).one()
        yield _parse_entry(row)


def find_unfinished(connection: Connection) -> list[UnfinishedErasure]:
    """Erasures that are not done, in the order they began."""
    unfinished = select(erasures).where(erasures.c.state != ErasureState.DONE)
    return [
        UnfinishedErasure(
            entry=_parse_entry(row),
            audit_seq=row.audit_seq,
            state=ErasureState(row.state),
            work=row.work or {},
            counts=row.counts,
        )
        for row in connection.execute(unfinished.order_by(erasures.c.id))
    ]


def begin_scrubbing(connection: Connection, uuid: str) -> None:
    """Everything it named is destroyed, so the names go too."""
    _change(connection, uuid, state=ErasureState.SCRUBBING, work=None)


def end_erasure(connection: Connection, uuid: str, *, certificate: str, at: datetime) -> None:
    _change(connection, uuid, state=ErasureState.DONE, certificate=certificate, done_at=at)


def get_certificate(connection: Connection, uuid: str) -> str | None:
    """What was issued for an erasure; nothing while it is under way."""
    found = select(erasures.c.certificate).where(erasures.c.uuid == uuid)
    certificate: str | None = connection.execute(found).scalar_one()
    return certificate


def iter_certificates(connection: Connection) -> Iterator[tuple[str, str]]:
    """What was issued, with the erasure's uuid, in the order they began."""
    issued = select(erasures.c.uuid, erasures.c.certificate)
    found = issued.where(erasures.c.certificate.is_not(None)).order_by(erasures.c.id)
    for row in connection.execute(found):
        yield row.uuid, row.certificate


def _change(connection: Connection, uuid: str, **values: object) -> None:
    connection.execute(update(erasures).where(erasures.c.uuid == uuid).values(**values))


def _parse_entry(row: Any) -> LedgerEntry:  # noqa: ANN401  (a row's columns are typed by the schema)
    return LedgerEntry(uuid=row.uuid, kind=row.kind, began_at=row.began_at, marks=row.marks)
