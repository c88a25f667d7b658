"""Requests of guests, as rows: when each asked, what was decided, how many photos it showed.

What is sealed of a request goes when it has served; the rest names nobody and stays as the log
of its link.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from mien.catalog.links_schema import guest_requests, links
from mien.permission.link import OPEN, GuestState, LinkUse

_OPEN = sorted(OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGuestRequest:
    """What is recorded when a guest asks."""

    uuid: str
    link_id: int
    token_hash: str
    guest_hash: str
    state: GuestState
    consent_version: str
    asked_at: datetime
    ends_at: datetime
    selfie: bytes
    crop: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGuestRequest:
    """A request of a guest; what is sealed of it is there until it has served."""

    id: int
    uuid: str
    link_id: int
    link_uuid: str
    state: GuestState
    consent_version: str
    asked_at: datetime
    decided_at: datetime | None
    answered_at: datetime | None
    ends_at: datetime
    run_uuid: str
    shown: int
    downloads: int
    selfie: bytes | None
    crop: bytes | None
    found: bytes | None
    person: bytes | None


def add_guest_request(connection: Connection, new: NewGuestRequest) -> None:
    connection.execute(
        insert(guest_requests).values(
            uuid=new.uuid,
            link_id=new.link_id,
            token_hash=new.token_hash,
            guest_hash=new.guest_hash,
            state=new.state,
            consent_version=new.consent_version,
            asked_at=new.asked_at,
            ends_at=new.ends_at,
            run_uuid="",
            shown=0,
            downloads=0,
            selfie=new.selfie,
            crop=new.crop,
        )
    )


def count_use(connection: Connection, link_id: int, *, guest_hash: str, since: datetime) -> LinkUse:
    """How often a link was used: in all, since a moment, and by one guest (0 where unknown)."""
    of_link = (
        select(func.count()).select_from(guest_requests).where(guest_requests.c.link_id == link_id)
    )
    own = of_link.where(guest_requests.c.guest_hash == guest_hash)
    return LinkUse(
        total=connection.execute(of_link).scalar_one(),
        hourly=connection.execute(of_link.where(guest_requests.c.asked_at > since)).scalar_one(),
        own=connection.execute(own).scalar_one() if guest_hash else 0,
    )


def find_guest_request(connection: Connection, uuid: str) -> StoredGuestRequest | None:
    return _find_one(connection, _select().where(guest_requests.c.uuid == uuid))


def find_guest_request_by_token(
    connection: Connection, token_hash: str
) -> StoredGuestRequest | None:
    return _find_one(connection, _select().where(guest_requests.c.token_hash == token_hash))


def find_guest_requests(connection: Connection, link_id: int) -> list[StoredGuestRequest]:
    """All requests to a link, the newest first."""
    found = _select().where(guest_requests.c.link_id == link_id)
    return [_parse(row) for row in connection.execute(found.order_by(guest_requests.c.id.desc()))]


def find_ended(connection: Connection, *, at: datetime) -> list[tuple[int, str]]:
    """Requests of which something is kept though their time is over, by ids inside and outside.

    Those of links that were ended are over too.
    """
    found = (
        select(guest_requests.c.id, guest_requests.c.uuid)
        .join(links)
        .where(guest_requests.c.state.in_(_OPEN))
        .where((guest_requests.c.ends_at <= at) | links.c.revoked_at.is_not(None))
    )
    return [(row.id, row.uuid) for row in connection.execute(found.order_by(guest_requests.c.id))]


def change_guest_request(connection: Connection, request_id: int, **values: Any) -> None:  # noqa: ANN401  (any column's)
    """Writes columns of a request."""
    mine = guest_requests.c.id == request_id
    connection.execute(update(guest_requests).where(mine).values(**values))


def move_guest_request(
    connection: Connection, request_id: int, *, of: GuestState, to: GuestState
) -> bool:
    """Moves a request from one state to another; whether it was in that state."""
    mine = (guest_requests.c.id == request_id) & (guest_requests.c.state == of)
    done = connection.execute(update(guest_requests).where(mine).values(state=to))
    return done.rowcount == 1


def count_download(connection: Connection, request_id: int) -> None:
    mine = guest_requests.c.id == request_id
    more = guest_requests.c.downloads + 1
    connection.execute(update(guest_requests).where(mine).values(downloads=more))


def close_guest_requests(connection: Connection, request_ids: Iterable[int]) -> None:
    """They are over: nothing sealed stays of them, but who enrolled."""
    for request_id in request_ids:
        change_guest_request(
            connection,
            request_id,
            state=GuestState.OVER,
            selfie=None,
            crop=None,
            found=None,
        )


def _select() -> Select[*tuple[Any, ...]]:
    return select(guest_requests, links.c.uuid.label("link_uuid")).join_from(guest_requests, links)


def _find_one(connection: Connection, found: Select[*tuple[Any, ...]]) -> StoredGuestRequest | None:
    row = connection.execute(found).one_or_none()
    return None if row is None else _parse(row)


def _parse(row: Row[*tuple[Any, ...]]) -> StoredGuestRequest:
    return StoredGuestRequest(
        id=row.id,
        uuid=row.uuid,
        link_id=row.link_id,
        link_uuid=row.link_uuid,
        state=GuestState(row.state),
        consent_version=row.consent_version,
        asked_at=row.asked_at,
        decided_at=row.decided_at,
        answered_at=row.answered_at,
        ends_at=row.ends_at,
        run_uuid=row.run_uuid,
        shown=row.shown,
        downloads=row.downloads,
        selfie=row.selfie,
        crop=row.crop,
        found=row.found,
        person=row.person,
    )
