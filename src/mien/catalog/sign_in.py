"""Signing in, as rows: sessions, one-time links, codes that were used, and tries that failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from mien.catalog.accounts_schema import (
    failed_tries,
    one_time_links,
    sessions,
    used_codes,
    users,
)
from mien.catalog.parsing import iter_columns, parse_instant
from mien.catalog.schema import EPOCH


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session as the row says it; `reference` is of its token."""

    uuid: str
    reference: str
    user_uuid: str
    made_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """A one-time link as the row says it; `reference` is of its token."""

    reference: str
    user_uuid: str
    purpose: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """How often something failed, one time after another."""

    failures: int
    last_at: datetime
    blocked_until: datetime


def add_session(connection: Connection, row: SessionRow) -> None:
    connection.execute(
        insert(sessions).values(
            uuid=row.uuid,
            reference=row.reference,
            user_id=_user_id(row.user_uuid),
            made_at=row.made_at,
            seen_at=row.seen_at,
            expires_at=row.expires_at,
        )
    )


def find_session(connection: Connection, reference: str) -> SessionRow | None:
    found = _SESSIONS.where(sessions.c.reference == reference)
    return next((_parse_session(row) for row in connection.execute(found)), None)


def find_sessions_of(connection: Connection, user_uuid: str) -> list[SessionRow]:
    """A user's sessions, in the order they began; unreadable ones too, as ones that ended."""
    found = _SESSIONS.where(users.c.uuid == user_uuid).order_by(sessions.c.id)
    return [_parse_session(row) for row in connection.execute(found)]


def find_expired_sessions(connection: Connection, *, at: datetime) -> list[SessionRow]:
    found = _SESSIONS.where(sessions.c.expires_at <= at).order_by(sessions.c.id)
    return [_parse_session(row) for row in connection.execute(found)]


def note_seen(connection: Connection, uuid: str, *, at: datetime) -> None:
    connection.execute(update(sessions).where(sessions.c.uuid == uuid).values(seen_at=at))


def delete_sessions(connection: Connection, uuids: Sequence[str]) -> None:
    connection.execute(delete(sessions).where(sessions.c.uuid.in_(uuids)))


def add_link(connection: Connection, row: LinkRow) -> None:
    connection.execute(
        insert(one_time_links).values(
            reference=row.reference,
            user_id=_user_id(row.user_uuid),
            purpose=row.purpose,
            expires_at=row.expires_at,
        )
    )


def find_link(connection: Connection, reference: str) -> LinkRow | None:
    found = _LINKS.where(one_time_links.c.reference == reference)
    return next((_parse_link(row) for row in connection.execute(found)), None)


def find_links_of(connection: Connection, user_uuid: str) -> list[LinkRow]:
    """A user's links, used or not, in the order they were made."""
    found = _LINKS.where(users.c.uuid == user_uuid).order_by(one_time_links.c.id)
    return [_parse_link(row) for row in connection.execute(found)]


def find_expired_links(connection: Connection, *, at: datetime) -> list[LinkRow]:
    """Those whose time is over, whoever they were made for."""
    found = _LINKS.where(one_time_links.c.expires_at <= at).order_by(one_time_links.c.id)
    return [_parse_link(row) for row in connection.execute(found)]


def delete_links(connection: Connection, references: Sequence[str]) -> None:
    connection.execute(delete(one_time_links).where(one_time_links.c.reference.in_(references)))


def use_code(connection: Connection, user_uuid: str, *, step: int) -> bool:
    """Notes that the code of this step was used; whether it was not before."""
    user_id = _user_id(user_uuid)
    connection.execute(
        delete(used_codes).where(used_codes.c.user_id == user_id, used_codes.c.step < step - 10)
    )
    try:
        with connection.begin_nested():
            connection.execute(insert(used_codes).values(user_id=user_id, step=step))
    except IntegrityError:
        return False
    return True


def find_tries(connection: Connection, reference: str) -> Tries | None:
    found = select(failed_tries).where(failed_tries.c.reference == reference)
    row = connection.execute(found).one_or_none()
    if row is None:
        return None
    return Tries(
        failures=row.failures,
        last_at=row.last_at,
        blocked_until=row.blocked_until,
    )


def put_tries(connection: Connection, reference: str, *, tries: Tries) -> None:
    """Keeps what failed, in the place of what was there."""
    delete_tries(connection, reference)
    connection.execute(
        insert(failed_tries).values(
            reference=reference,
            failures=tries.failures,
            last_at=tries.last_at,
            blocked_until=tries.blocked_until,
        )
    )


def delete_tries(connection: Connection, reference: str) -> None:
    connection.execute(delete(failed_tries).where(failed_tries.c.reference == reference))


def forget_tries(connection: Connection, *, until: datetime) -> None:
    """Deletes what failed last before that."""
    connection.execute(delete(failed_tries).where(failed_tries.c.last_at < until))


_SESSIONS = select(*iter_columns(sessions), users.c.uuid.label("user_uuid")).join_from(
    sessions, users
)
_LINKS = select(*iter_columns(one_time_links), users.c.uuid.label("user_uuid")).join_from(
    one_time_links, users
)


def _user_id(uuid: str) -> Any:  # noqa: ANN401  (SQLAlchemy's own)
    return select(users.c.id).where(users.c.uuid == uuid).scalar_subquery()


def _parse_session(row: Row[*tuple[Any, ...]]) -> SessionRow:
    return SessionRow(
        uuid=str(row.uuid),
        reference=str(row.reference),
        user_uuid=str(row.user_uuid),
        made_at=_parse_moment(row.made_at),
        seen_at=_parse_moment(row.seen_at),
        expires_at=_parse_moment(row.expires_at),
    )


def _parse_link(row: Row[*tuple[Any, ...]]) -> LinkRow:
    return LinkRow(
        reference=str(row.reference),
        user_uuid=str(row.user_uuid),
        purpose=str(row.purpose),
        expires_at=_parse_moment(row.expires_at),
    )


def _parse_moment(value: object) -> datetime:
    """What is no moment stands for one long ago."""
    try:
        return parse_instant(value)
    except ValueError:
        return EPOCH
