"""Grants as rows, and which of them cover a search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, literal, select, update

from mien.catalog.schema import Instant, grants, locations, runs
from mien.errors import CatalogError, NotFoundError
from mien.permission.basis import Basis
from mien.permission.grant import Grant, GrantKind
from mien.permission.use import Use
from mien.types import CollectionId, GrantId


@dataclass(frozen=True, slots=True)
class StoredGrant:
    """A grant and its id inside."""

    id: GrantId
    grant: Grant


def record_grant(connection: Connection, grant: Grant, *, at: datetime) -> None:
    connection.execute(
        insert(grants).values(
            uuid=grant.grant_id,
            kind=grant.kind,
            grantor=grant.grantor,
            bases=sorted(grant.bases),
            assessment=grant.assessment,
            terms=grant.terms,
            valid_from=grant.valid_from,
            recorded_at=at,
            **_format_terms(grant),
        )
    )


def find_grant(connection: Connection, grant_id: str) -> StoredGrant | None:
    rows = connection.execute(select(grants).where(grants.c.uuid == grant_id))
    return next(_iter_parsed(rows), None)


def get_grant(connection: Connection, grant_id: str) -> StoredGrant:
    """Raises `NotFoundError`."""
    stored = find_grant(connection, grant_id)
    if stored is None:
        raise NotFoundError(f"There is no grant {grant_id}. List them with: mien grant list")
    return stored


def iter_grants(connection: Connection) -> Iterator[StoredGrant]:
    """All grants, in the order they were recorded."""
    yield from _iter_parsed(connection.execute(select(grants).order_by(grants.c.id)))


def iter_grants_of(connection: Connection, collection_id: CollectionId) -> Iterator[StoredGrant]:
    """The grants under which photos were added to a collection."""
    # Runs are few. To ask the locations would be to read all of a large collection's.
    used = select(runs.c.grant_id).where(runs.c.collection_id == collection_id)
    yield from _iter_parsed(connection.execute(select(grants).where(grants.c.id.in_(used))))


def find_latest_runs(
    connection: Connection, collection_id: CollectionId, *, at: datetime
) -> dict[GrantId, datetime]:
    """Until when each grant of `iter_grants_of` brought photos in; one that still does, now."""
    ended = func.coalesce(runs.c.ended_at, literal(at, Instant))
    found = (
        select(runs.c.grant_id, func.max(ended).label("latest"))
        .where(runs.c.collection_id == collection_id)
        .group_by(runs.c.grant_id)
    )
    return {GrantId(row.grant_id): row.latest for row in connection.execute(found)}


def find_first_additions(connection: Connection) -> dict[GrantId, datetime]:
    """When each grant under which anything is held first brought something in."""
    found = select(locations.c.grant_id, func.min(locations.c.added_at).label("added_at"))
    rows = connection.execute(found.group_by(locations.c.grant_id))
    return {GrantId(row.grant_id): row.added_at for row in rows}


def revoke_grant(connection: Connection, grant_id: str, *, at: datetime) -> None:
    """Marks it revoked; the first revocation's time stays. Raises `NotFoundError`."""
    get_grant(connection, grant_id)
    connection.execute(
        update(grants)
        .where(grants.c.uuid == grant_id, grants.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )


def _iter_parsed(rows: Iterable[Row[*tuple[Any, ...]]]) -> Iterator[StoredGrant]:
    """Raises `CatalogError` for a row that no grant of ours can have been written as."""
    try:
        for row in rows:
            yield _parse_row(row)
    except (TypeError, ValueError, OverflowError) as error:
        raise CatalogError(
            f"A grant in the catalog is malformed ({error}), and nothing is done while it is. "
            "Restore the catalog from a backup."
        ) from error


def rename_grantor(connection: Connection, grant_id: str, *, name: str) -> None:
    """Writes a grantor's name anew."""
    connection.execute(update(grants).where(grants.c.uuid == grant_id).values(grantor=name))


def narrow_grant(connection: Connection, grant: Grant) -> None:
    """Writes what a grant allows now, in the place of what it allowed."""
    connection.execute(
        update(grants).where(grants.c.uuid == grant.grant_id).values(**_format_terms(grant))
    )


def _format_terms(grant: Grant) -> dict[str, object]:
    return {
        "scope": list(grant.scope),
        "uses": sorted(grant.uses),
        "purposes": sorted(grant.purposes),
        "retention_days": grant.retention and grant.retention.days,
        "valid_until": grant.valid_until,
    }


def _parse_row(row: Row[*tuple[Any, ...]]) -> StoredGrant:
    days = row.retention_days
    if days is not None and days < 1:
        raise ValueError(f"a retention of {days} days")
    return StoredGrant(
        GrantId(row.id),
        Grant(
            grant_id=row.uuid,
            kind=GrantKind(row.kind),
            grantor=row.grantor,
            scope=tuple(_parse_texts(row.scope)),
            uses=frozenset(map(Use, _parse_texts(row.uses))),
            purposes=frozenset(_parse_texts(row.purposes)),
            bases=frozenset(map(Basis, _parse_texts(row.bases))),
            assessment=row.assessment,
            retention=None if days is None else timedelta(days=days),
            terms=row.terms,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            revoked_at=row.revoked_at,
        ),
    )


def _parse_texts(value: object) -> list[str]:
    if isinstance(value, list) and all(isinstance(text, str) for text in value):
        return value
    raise ValueError(f"{value!r} where a list of texts should be")
