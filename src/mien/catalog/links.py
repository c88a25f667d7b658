"""Links that open a collection to guests, as rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from mien.catalog.links_schema import case_links, links
from mien.catalog.parsing import iter_columns, parse_bytes, parse_instant
from mien.catalog.schema import EPOCH, cases, collections
from mien.permission.link import LinkTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """What is recorded of a link when it is made; `sealed` says what it is called, and by whom."""

    uuid: str
    token_hash: str
    collection_id: int
    purpose: str
    made_at: datetime
    terms: LinkTerms
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLink:
    """A link as its row has it, and the collection it opens, by name."""

    id: int
    uuid: str
    token_hash: str
    collection_id: int
    collection: str
    purpose: str
    made_at: datetime
    revoked_at: datetime | None
    terms: LinkTerms
    sealed: bytes


def add_link(connection: Connection, new: NewLink) -> None:
    connection.execute(
        insert(links).values(
            uuid=new.uuid,
            token_hash=new.token_hash,
            collection_id=new.collection_id,
            purpose=new.purpose,
            made_at=new.made_at,
            expires_at=new.terms.expires_at,
            approves=new.terms.approves,
            searches_each=new.terms.searches_each,
            searches_hourly=new.terms.searches_hourly,
            searches_total=new.terms.searches_total,
            sealed=new.sealed,
        )
    )


def revoke_link(connection: Connection, uuid: str, *, at: datetime) -> None:
    """The first time counts."""
    open_one = (links.c.uuid == uuid) & links.c.revoked_at.is_(None)
    connection.execute(update(links).where(open_one).values(revoked_at=at))


def find_link(connection: Connection, uuid: str) -> StoredLink | None:
    row = connection.execute(_select().where(links.c.uuid == uuid)).one_or_none()
    return None if row is None else _parse(row)


def find_link_by_token(connection: Connection, token_hash: str) -> StoredLink | None:
    row = connection.execute(_select().where(links.c.token_hash == token_hash)).one_or_none()
    return None if row is None else _parse(row)


def iter_links(connection: Connection) -> Iterator[StoredLink]:
    """All links, the newest first."""
    for row in connection.execute(_select().order_by(links.c.id.desc())):
        yield _parse(row)


def add_case_link(connection: Connection, case_id: int, *, token_hash: str, sealed: bytes) -> None:
    """Where the answer to a case is to be had; `sealed` is the same hash under the case's key."""
    row = insert(case_links).values(case_id=case_id, token_hash=token_hash, sealed=sealed)
    connection.execute(row)


def find_linked_case(connection: Connection, token_hash: str) -> tuple[str, bytes] | None:
    """The outside id of the case that a token leads to, and what is sealed beside it."""
    found = (
        select(cases.c.uuid, case_links.c.sealed)
        .join_from(case_links, cases)
        .where(case_links.c.token_hash == token_hash)
    )
    row = connection.execute(found).one_or_none()
    return None if row is None else (row.uuid, row.sealed)


def _select() -> Select[*tuple[Any, ...]]:
    return select(*iter_columns(links), collections.c.name.label("collection")).join_from(
        links, collections
    )


def _parse(row: Row[*tuple[Any, ...]]) -> StoredLink:
    """A row that no link of ours can have been written as stands for one that has ended."""
    try:
        made_at, expires_at = parse_instant(row.made_at), parse_instant(row.expires_at)
        revoked_at = None if row.revoked_at is None else parse_instant(row.revoked_at)
        sealed = parse_bytes(row.sealed)
    except ValueError:
        made_at = expires_at = revoked_at = EPOCH
        sealed = b""
    return StoredLink(
        id=row.id,
        uuid=row.uuid,
        token_hash=row.token_hash,
        collection_id=row.collection_id,
        collection=row.collection,
        purpose=row.purpose,
        made_at=made_at,
        revoked_at=revoked_at,
        terms=LinkTerms(
            expires_at=expires_at,
            approves=row.approves,
            searches_each=row.searches_each,
            searches_hourly=row.searches_hourly,
            searches_total=row.searches_total,
        ),
        sealed=sealed,
    )
