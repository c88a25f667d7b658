"""API keys as rows, to be believed only when they were checked: see `mien.service.api_keys`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from mien.catalog.accounts import format_bound, parse_bound
from mien.catalog.accounts_schema import api_keys, users
from mien.catalog.parsing import (
    iter_columns,
    parse_bytes,
    parse_end,
    parse_instant,
    parse_rate,
    parse_text,
    parse_texts,
)
from mien.catalog.schema import EPOCH
from mien.errors import NotFoundError
from mien.permission.caller import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """A key as the row says it: `reference` is of its secret, `name` is sealed."""

    uuid: str
    reference: str
    name: bytes
    owner_uuid: str
    operations: frozenset[Operation]
    collections: frozenset[str] | None = None
    purposes: frozenset[str] | None = None
    calls_a_minute: int
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_on: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key and its id inside."""

    id: int
    row: KeyRow


def add_key(connection: Connection, row: KeyRow) -> StoredKey:
    owner_id = select(users.c.id).where(users.c.uuid == row.owner_uuid).scalar_subquery()
    connection.execute(
        insert(api_keys).values(
            uuid=row.uuid,
            reference=row.reference,
            user_id=owner_id,
            name=row.name,
            operations=sorted(row.operations),
            collections=format_bound(row.collections),
            purposes=format_bound(row.purposes),
            calls_a_minute=row.calls_a_minute,
            made_at=row.made_at,
            expires_at=row.expires_at,
        )
    )
    return get_key(connection, row.uuid)


def get_key(connection: Connection, uuid: str) -> StoredKey:
    """Raises `NotFoundError`."""
    stored = next(_iter_some(connection, api_keys.c.uuid == uuid), None)
    if stored is None:
        raise NotFoundError(f"There is no key {uuid}. List them with: mien keys list")
    return stored


def find_key(connection: Connection, reference: str) -> StoredKey | None:
    """By the keyed reference of its secret."""
    return next(_iter_some(connection, api_keys.c.reference == reference), None)


def iter_keys(connection: Connection) -> Iterator[StoredKey]:
    """All keys, in the order they were made."""
    yield from _iter_some(connection)


def revoke_key(connection: Connection, uuid: str, *, at: datetime) -> StoredKey:
    """Marks it revoked; the first revocation's time stays. Raises `NotFoundError`."""
    first = get_key(connection, uuid).row.revoked_at or at
    connection.execute(update(api_keys).where(api_keys.c.uuid == uuid).values(revoked_at=first))
    return get_key(connection, uuid)


def note_use(connection: Connection, uuid: str, *, day: datetime) -> None:
    """Notes the day on which it was used last."""
    connection.execute(update(api_keys).where(api_keys.c.uuid == uuid).values(last_used_on=day))


def _iter_some(
    connection: Connection, condition: ColumnElement[bool] | None = None
) -> Iterator[StoredKey]:
    found = (
        select(*iter_columns(api_keys), users.c.uuid.label("owner_uuid"))
        .join_from(api_keys, users)
        .order_by(api_keys.c.id)
    )
    for row in connection.execute(found if condition is None else found.where(condition)):
        yield StoredKey(row.id, _parse_row(row))


def _parse_row(row: Row[*tuple[Any, ...]]) -> KeyRow:
    """A row that no key of ours can have been written as stands for one that has ended."""
    try:
        return KeyRow(
            uuid=parse_text(row.uuid),
            reference=parse_text(row.reference),
            name=parse_bytes(row.name),
            owner_uuid=parse_text(row.owner_uuid),
            operations=frozenset(map(Operation, parse_texts(row.operations))),
            collections=parse_bound(row.collections),
            purposes=parse_bound(row.purposes),
            calls_a_minute=parse_rate(row.calls_a_minute),
            made_at=parse_instant(row.made_at),
            expires_at=parse_instant(row.expires_at),
            revoked_at=parse_end(row.revoked_at),
            last_used_on=parse_end(row.last_used_on),
        )
    except ValueError:
        return KeyRow(
            uuid=str(row.uuid),
            reference=str(row.reference),
            name=b"",
            owner_uuid=str(row.owner_uuid),
            operations=frozenset(),
            calls_a_minute=1,
            made_at=EPOCH,
            expires_at=EPOCH,
        )
