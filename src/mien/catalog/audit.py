"""The audit log as rows: entries that are only ever appended, sealed notes, checkpoints.

An entry is kept as the very bytes that were hashed: JSON in the one form of RFC 8785. Its
number is the next one, without gaps, because a writer holds the database alone from its
first statement on. Notes may be deleted, with what they are about; entries may not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785
from sqlalchemy import Connection, LargeBinary, Row, String, cast, delete, func, insert, select

from mien.catalog.schema import audit_checkpoints, audit_entries, audit_notes

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]
"""What JSON can say."""

_ROWS_A_STEP = 1000

# Whatever somebody else wrote into a column is read as what it should be, and then checked.
_ENTRY = (
    audit_entries.c.seq,
    *(
        cast(audit_entries.c[name], LargeBinary).label(name)
        for name in ("content", "leaf_hash", "mark")
    ),
)
_NOTE = (
    *(audit_notes.c[name] for name in ("seq", "number", "owner")),
    cast(audit_notes.c.sealed, LargeBinary).label("sealed"),
)
_CHECKPOINT = (audit_checkpoints.c.size, cast(audit_checkpoints.c.note, String).label("note"))


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it stands in its row, to be believed only when it was checked."""

    seq: int
    content: bytes
    leaf_hash: bytes
    mark: bytes


@dataclass(frozen=True, slots=True)
class StoredNote:
    """A sealed note of an entry; `owner` is a keyed reference to whose key opens it."""

    seq: int
    number: int
    owner: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A signed head, to be believed only when its signature was checked."""

    size: int
    note: str


def format_json(document: Json) -> bytes:
    """The one form that RFC 8785 gives it."""
    return rfc8785.dumps(document)


def find_next_seq(connection: Connection) -> int:
    """The number that the next entry gets; how many there are, where none was removed."""
    last = connection.execute(select(func.max(audit_entries.c.seq))).scalar_one()
    return 0 if last is None else int(last) + 1


def add_entry(connection: Connection, entry: StoredEntry) -> None:
    connection.execute(
        insert(audit_entries).values(
            seq=entry.seq, content=entry.content, leaf_hash=entry.leaf_hash, mark=entry.mark
        )
    )


def iter_entries(connection: Connection, *, first: int = 0) -> Iterator[StoredEntry]:
    """The entries from this number on, in order."""
    found = select(*_ENTRY).where(audit_entries.c.seq >= first).order_by(audit_entries.c.seq)
    for row in connection.execute(found.execution_options(yield_per=_ROWS_A_STEP)):
        yield StoredEntry(row.seq, row.content, row.leaf_hash, row.mark)


def iter_entries_back(connection: Connection, *, before: int) -> Iterator[StoredEntry]:
    """The entries below this number, the newest first."""
    found = select(*_ENTRY).where(audit_entries.c.seq < before).order_by(audit_entries.c.seq.desc())
    for row in connection.execute(found.execution_options(yield_per=_ROWS_A_STEP)):
        yield StoredEntry(row.seq, row.content, row.leaf_hash, row.mark)


def find_entry(connection: Connection, seq: int) -> StoredEntry | None:
    found = select(*_ENTRY).where(audit_entries.c.seq == seq)
    row = connection.execute(found).one_or_none()
    return None if row is None else StoredEntry(row.seq, row.content, row.leaf_hash, row.mark)


def add_notes(connection: Connection, notes: Sequence[StoredNote]) -> None:
    rows = [
        {"seq": note.seq, "number": note.number, "owner": note.owner, "sealed": note.sealed}
        for note in notes
    ]
    if rows:
        connection.execute(insert(audit_notes), rows)


def find_notes(connection: Connection, seq: int) -> list[StoredNote]:
    """The notes of one entry that are still there."""
    found = select(*_NOTE).where(audit_notes.c.seq == seq).order_by(audit_notes.c.number)
    return [_parse_note(row) for row in connection.execute(found)]


def find_notes_of(connection: Connection, owner: str) -> list[StoredNote]:
    """The notes about one owner, in the order they were made."""
    found = select(*_NOTE).where(audit_notes.c.owner == owner).order_by(audit_notes.c.id)
    return [_parse_note(row) for row in connection.execute(found)]


def delete_notes_of(connection: Connection, owner: str) -> int:
    """Deletes the notes about one owner; how many there were."""
    return connection.execute(delete(audit_notes).where(audit_notes.c.owner == owner)).rowcount


def delete_beyond(connection: Connection, size: int) -> None:
    """Deletes what is left of lost entries, from that many on: notes, and heads over them."""
    connection.execute(delete(audit_notes).where(audit_notes.c.seq >= size))
    connection.execute(delete(audit_checkpoints).where(audit_checkpoints.c.size > size))


def add_checkpoint(connection: Connection, checkpoint: StoredCheckpoint) -> None:
    connection.execute(insert(audit_checkpoints).values(size=checkpoint.size, note=checkpoint.note))


def find_last_checkpoint(connection: Connection) -> StoredCheckpoint | None:
    last = select(*_CHECKPOINT).order_by(audit_checkpoints.c.size.desc()).limit(1)
    row = connection.execute(last).one_or_none()
    return None if row is None else StoredCheckpoint(row.size, row.note)


def iter_checkpoints(connection: Connection) -> Iterator[StoredCheckpoint]:
    """All checkpoints, the smallest first."""
    for row in connection.execute(select(*_CHECKPOINT).order_by(audit_checkpoints.c.size)):
        yield StoredCheckpoint(row.size, row.note)


def _parse_note(row: Row[*tuple[Any, ...]]) -> StoredNote:
    return StoredNote(row.seq, row.number, row.owner, row.sealed)
