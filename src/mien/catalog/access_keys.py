"""Access keys as rows, to be believed only when checked: see `mien.service.access_keys`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from mien.catalog.access_schema import access_keys
from mien.catalog.accounts_schema import users
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
from mien.permission.access_key import AccessTerms
from mien.permission.caller import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRow:
    """An access key as the row says it; `name` is sealed."""

    key_id: str
    name: bytes
    owner_uuid: str
    operations: frozenset[Operation]
    terms: AccessTerms
    calls_a_minute: int
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_on: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredAccess:
    """An access key and its id inside."""

    id: int
    row: AccessRow


def add_key(connection: Connection, row: AccessRow) -> StoredAccess:
    owner_id = select(users.c.id).where(users.c.uuid == row.owner_uuid).scalar_subquery()
    connection.execute(
        insert(access_keys).values(
            key_id=row.key_id,
            user_id=owner_id,
            grant_uuid=row.terms.grant_id,
            name=row.name,
            operations=sorted(row.operations),
            collections=sorted(row.terms.collections),
            purpose=row.terms.purpose,
            calls_a_minute=row.calls_a_minute,
            made_at=row.made_at,
            expires_at=row.expires_at,
        )
    )
    return get_key(connection, row.key_id)


def get_key(connection: Connection, key_id: str) -> StoredAccess:
    """Raises `NotFoundError`."""
    stored = find_key(connection, key_id)
    if stored is None:
        raise NotFoundError(
            f"There is no access key {key_id}. List them with: mien access-keys list"
        )
    return stored


def find_key(connection: Connection, key_id: str) -> StoredAccess | None:
    return next(_iter_some(connection, access_keys.c.key_id == key_id), None)


def iter_keys(connection: Connection) -> Iterator[StoredAccess]:
    """All keys, in the order they were made."""
    yield from _iter_some(connection)


def revoke_key(connection: Connection, key_id: str, *, at: datetime) -> StoredAccess:
    """Marks it revoked; the first revocation's time stays. Raises `NotFoundError`."""
    first = get_key(connection, key_id).row.revoked_at or at
    connection.execute(
        update(access_keys).where(access_keys.c.key_id == key_id).values(revoked_at=first)
    )
    return get_key(connection, key_id)


def note_use(connection: Connection, key_id: str, *, day: datetime) -> None:
    """Notes the day on which it was used last."""
    connection.execute(
        update(access_keys).where(access_keys.c.key_id == key_id).values(last_used_on=day)
    )


def _iter_some(
    connection: Connection, condition: ColumnElement[bool] | None = None
) -> Iterator[StoredAccess]:
    found = (
        select(*iter_columns(access_keys), users.c.uuid.label("owner_uuid"))
        .join_from(access_keys, users)
        .order_by(access_keys.c.id)
    )
    for row in connection.execute(found if condition is None else found.where(condition)):
        yield StoredAccess(row.id, _parse_row(row))


def _parse_row(row: Row[*tuple[Any, ...]]) -> AccessRow:
    """A row that no key of ours can have been written as stands for one that has ended."""
    try:
        return AccessRow(
            key_id=parse_text(row.key_id),
            name=parse_bytes(row.name),
            owner_uuid=parse_text(row.owner_uuid),
            operations=frozenset(map(Operation, parse_texts(row.operations))),
            terms=AccessTerms(
                grant_id=parse_text(row.grant_uuid),
                collections=frozenset(parse_texts(row.collections)),
                purpose=parse_text(row.purpose),
            ),
            calls_a_minute=parse_rate(row.calls_a_minute),
            made_at=parse_instant(row.made_at),
            expires_at=parse_instant(row.expires_at),
            revoked_at=parse_end(row.revoked_at),
            last_used_on=parse_end(row.last_used_on),
        )
    except ValueError:
        return AccessRow(
            key_id=str(row.key_id),
            name=b"",
            owner_uuid=str(row.owner_uuid),
            operations=frozenset(),
            terms=AccessTerms(grant_id="", collections=frozenset(), purpose=""),
            calls_a_minute=1,
            made_at=EPOCH,
            expires_at=EPOCH,
        )
