"""Sessions of browsers: a random token each, of which a keyed reference is kept.

A session is vouched for beside the keys from its beginning to its end, so that a row that was
inserted, edited or restored signs nobody in. It ends 12 hours after it began, 2 hours after it
was last used, or with the account.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from mien.catalog import accounts as user_rows
from mien.catalog import sign_in as rows
from mien.catalog.audit import format_json
from mien.catalog.connect import Connection
from mien.catalog.sign_in import SessionRow
from mien.errors import NotFoundError
from mien.permission.account import User
from mien.service import audit
from mien.service.deployment import Deployment
from mien.service.one_time import TOKEN_BYTES
from mien.service.user_record import believe

LASTS = timedelta(hours=12)
IDLE = timedelta(hours=2)
_SEEN_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session as its owner sees it."""

    session_id: str
    made_at: datetime
    seen_at: datetime
    expires_at: datetime


def open_session(deployment: Deployment, connection: Connection, *, user_id: str) -> str:
    """A new session; its token, which is kept nowhere. Last in its transaction."""
    now = deployment.clock()
    end_expired(deployment, connection)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = SessionRow(
        uuid=str(uuid4()),
        reference=_refer(deployment, token),
        user_uuid=user_id,
        made_at=now,
        seen_at=now,
        expires_at=now + LASTS,
    )
    rows.add_session(connection, row)
    deployment.vault.notary.vouch(_name(row), _describe(row))
    return token


def find_user(deployment: Deployment, token: str) -> User | None:
    """Who signed in with it, as long as session and account are in force."""
    with deployment.database.reading() as connection:
        row = _find_in_force(deployment, connection, token=token)
        if row is None:
            return None
        user = believe(deployment, user_rows.get_user(connection, row.user_uuid))
    if not user.is_in_force:
        return None
    now = deployment.clock()
    if now - row.seen_at >= _SEEN_EVERY:
        with deployment.database.writing() as connection:
            rows.note_seen(connection, row.uuid, at=now)
    return user


def find_session_id(deployment: Deployment, token: str) -> str | None:
    """The outside id of a session in force."""
    with deployment.database.reading() as connection:
        row = _find_in_force(deployment, connection, token=token)
    return None if row is None else row.uuid


def make_csrf_token(deployment: Deployment, token: str) -> str:
    """What a form of this session carries; it follows from the session's own token."""
    return deployment.vault.notary.refer("csrf token", token)


def list_sessions(deployment: Deployment, user_id: str) -> list[SessionView]:
    """A user's sessions in force, in the order they began."""
    with deployment.database.reading() as connection:
        found = rows.find_sessions_of(connection, user_id)
    return [
        SessionView(row.uuid, row.made_at, row.seen_at, row.expires_at)
        for row in found
        if _is_in_force(deployment, row)
    ]


def end_sessions(deployment: Deployment, connection: Connection, *, user_id: str) -> int:
    """Ends all of a user's; how many there were."""
    found = rows.find_sessions_of(connection, user_id)
    _end(deployment, connection, ended=found)
    return len(found)


def end_session(
    deployment: Deployment, connection: Connection, *, user_id: str, session_id: str
) -> None:
    """Ends one of a user's. Raises `NotFoundError`."""
    found = [row for row in rows.find_sessions_of(connection, user_id) if row.uuid == session_id]
    if not found:
        raise NotFoundError("You have no such session; it may have ended already.")
    _end(deployment, connection, ended=found)


def end_expired(deployment: Deployment, connection: Connection) -> None:
    """Nothing of a session stays when its time is over. Last in its transaction."""
    expired = rows.find_expired_sessions(connection, at=deployment.clock())
    if expired:
        _end(deployment, connection, ended=expired)


def _end(deployment: Deployment, connection: Connection, *, ended: list[SessionRow]) -> None:
    rows.delete_sessions(connection, [row.uuid for row in ended])
    deployment.vault.notary.disown([_name(row) for row in ended])


def _find_in_force(
    deployment: Deployment, connection: Connection, *, token: str
) -> SessionRow | None:
    row = rows.find_session(connection, _refer(deployment, token))
    return row if row is not None and _is_in_force(deployment, row) else None


def _is_in_force(deployment: Deployment, row: SessionRow) -> bool:
    now = deployment.clock()
    is_open = row.made_at <= now < min(row.expires_at, row.seen_at + IDLE)
    return is_open and deployment.vault.notary.is_vouched(_name(row), _describe(row))


def _refer(deployment: Deployment, token: str) -> str:
    return deployment.vault.notary.refer("session", token)


def _name(row: SessionRow) -> str:
    return f"session:{row.uuid}"


def _describe(row: SessionRow) -> bytes:
    """All but when it was last used."""
    return format_json(
        {
            "reference": row.reference,
            "user": row.user_uuid,
            "made_at": audit.format_time(row.made_at),
            "expires_at": audit.format_time(row.expires_at),
        }
    )
