"""One-time links: a random token, of which a keyed reference is kept until it was used.

That a link was made is vouched for beside the keys, and that ends when it is used: one that was
inserted, or that came back with an older catalog, opens nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from mien.catalog import sign_in as rows
from mien.catalog.audit import format_json
from mien.catalog.connect import Connection
from mien.catalog.sign_in import LinkRow
from mien.service import audit
from mien.service.deployment import Deployment

TOKEN_BYTES = 32


class LinkPurpose(StrEnum):
    """What a one-time link is for."""

    SET_PASSWORD = "set-password"  # noqa: S105  (no password)
    SECOND_FACTOR = "second-factor"


LASTS = {
    LinkPurpose.SET_PASSWORD: timedelta(hours=24),
    LinkPurpose.SECOND_FACTOR: timedelta(minutes=5),
}


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """What is handed out, once; the token is kept nowhere."""

    token: str = field(repr=False)
    expires_at: datetime

    @property
    def path(self) -> str:
        """Where on the server it leads."""
        return f"/welcome/{self.token}"


def make_link(
    deployment: Deployment, connection: Connection, *, user_id: str, purpose: LinkPurpose
) -> OneTimeLink:
    """A fresh link for a user; those made before for the same end. Last in its transaction."""
    end_links(deployment, connection, user_id=user_id, purpose=purpose)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = LinkRow(
        reference=_refer(deployment, token),
        user_uuid=user_id,
        purpose=purpose,
        expires_at=deployment.clock() + LASTS[purpose],
    )
    rows.add_link(connection, row)
    deployment.vault.notary.vouch(_name(row), _describe(row))
    return OneTimeLink(token, row.expires_at)


def find_user_of(
    deployment: Deployment, connection: Connection, *, token: str, purpose: LinkPurpose
) -> str | None:
    """Whose link it is; nobody's where it was used, is too old, or was never made."""
    row = rows.find_link(connection, _refer(deployment, token))
    if row is None or row.purpose != purpose or row.expires_at <= deployment.clock():
        return None
    is_vouched = deployment.vault.notary.is_vouched(_name(row), _describe(row))
    return row.user_uuid if is_vouched else None


def end_links(
    deployment: Deployment,
    connection: Connection,
    *,
    user_id: str,
    purpose: LinkPurpose | None = None,
) -> None:
    """Ends a user's links, those for one purpose or all."""
    ended = [
        row
        for row in rows.find_links_of(connection, user_id)
        if purpose is None or row.purpose == purpose
    ]
    _end(deployment, connection, ended=ended)


def end_expired(deployment: Deployment, connection: Connection) -> None:
    """Nothing of a link stays when its time is over. Last in its transaction."""
    expired = rows.find_expired_links(connection, at=deployment.clock())
    if expired:
        _end(deployment, connection, ended=expired)


def _end(deployment: Deployment, connection: Connection, *, ended: Sequence[LinkRow]) -> None:
    rows.delete_links(connection, [row.reference for row in ended])
    deployment.vault.notary.disown([_name(row) for row in ended])


def _refer(deployment: Deployment, token: str) -> str:
    return deployment.vault.notary.refer("one-time link", token)


def _name(row: LinkRow) -> str:
    return f"one-time link:{row.reference}"


def _describe(row: LinkRow) -> bytes:
    return format_json(
        {
            "user": row.user_uuid,
            "purpose": row.purpose,
            "expires_at": audit.format_time(row.expires_at),
        }
    )
