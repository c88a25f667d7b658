"""Users as rows, to be believed only when they were checked: see `mien.service.user_record`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from mien.catalog.accounts_schema import users
from mien.catalog.parsing import iter_columns, parse_bytes, parse_instant, parse_text, parse_texts
from mien.catalog.schema import EPOCH
from mien.errors import NotFoundError
from mien.permission.caller import Role

ACTIVE, DISABLED = "active", "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """A user as the row says it: `name` and `second_factor` are sealed, the rest is as it is."""

    uuid: str
    reference: str
    name: bytes
    role: Role
    is_active: bool = True
    collections: frozenset[str] | None = None
    purposes: frozenset[str] | None = None
    password: str = ""
    second_factor: bytes | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredUser:
    """A user and their id inside."""

    id: int
    row: UserRow


def add_user(connection: Connection, row: UserRow) -> StoredUser:
    connection.execute(insert(users).values(uuid=row.uuid, **_format(row)))
    return get_user(connection, row.uuid)


def update_user(connection: Connection, row: UserRow) -> StoredUser:
    """Writes the user of this outside id anew."""
    connection.execute(update(users).where(users.c.uuid == row.uuid).values(**_format(row)))
    return get_user(connection, row.uuid)


def get_user(connection: Connection, uuid: str) -> StoredUser:
    """Raises `NotFoundError`."""
    stored = next(_iter_some(connection, users.c.uuid == uuid), None)
    if stored is None:
        raise NotFoundError(f"There is no user {uuid}. List them with: mien users list")
    return stored


def find_user_by_name(connection: Connection, reference: str) -> StoredUser | None:
    """By the keyed reference of the name."""
    return next(_iter_some(connection, users.c.reference == reference), None)


def iter_users(connection: Connection) -> Iterator[StoredUser]:
    """All users, in the order they were made."""
    yield from _iter_some(connection)


def format_bound(names: frozenset[str] | None) -> list[str] | None:
    """What bounds somebody, as a row keeps it."""
    return None if names is None else sorted(names)


def parse_bound(value: object) -> frozenset[str] | None:
    """Raises `ValueError`."""
    return None if value is None else frozenset(parse_texts(value))


def _format(row: UserRow) -> dict[str, object]:
    return {
        "reference": row.reference,
        "name": row.name,
        "role": row.role,
        "state": ACTIVE if row.is_active else DISABLED,
        "collections": format_bound(row.collections),
        "purposes": format_bound(row.purposes),
        "password": row.password,
        "second_factor": row.second_factor,
        "created_at": row.created_at,
    }


def _iter_some(
    connection: Connection, condition: ColumnElement[bool] | None = None
) -> Iterator[StoredUser]:
    found = select(*iter_columns(users)).order_by(users.c.id)
    for row in connection.execute(found if condition is None else found.where(condition)):
        yield StoredUser(row.id, _parse_row(row))


def _parse_row(row: Row[*tuple[Any, ...]]) -> UserRow:
    """A row that no user of ours can have been written as stands for one who may nothing."""
    try:
        return UserRow(
            uuid=parse_text(row.uuid),
            reference=parse_text(row.reference),
            name=parse_bytes(row.name),
            role=Role(row.role),
            is_active=row.state == ACTIVE,
            collections=parse_bound(row.collections),
            purposes=parse_bound(row.purposes),
            password=parse_text(row.password),
            second_factor=None if row.second_factor is None else parse_bytes(row.second_factor),
            created_at=parse_instant(row.created_at),
        )
    except ValueError:
        return UserRow(
            uuid=str(row.uuid),
            reference=str(row.reference),
            name=b"",
            role=Role.VIEWER,
            is_active=False,
            collections=frozenset(),
            purposes=frozenset(),
            created_at=EPOCH,
        )
