"""Grants as rows, to be believed only when they were checked: see `mien.service.standing`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, literal, select, update

from mien.catalog.parsing import (
    format_instant,
    iter_columns,
    parse_end,
    parse_instant,
    parse_list,
    parse_retention,
    parse_text,
    parse_texts,
)
from mien.catalog.schema import Instant, grants, locations, runs
from mien.errors import NotFoundError
from mien.permission.basis import Basis
from mien.permission.grant import Evidence, Grant, GrantKind, make_unreadable
from mien.permission.use import Use
from mien.types import CollectionId, GrantId


@dataclass(frozen=True, slots=True)
class StoredGrant:
    """A grant, as its row says it, and its id inside."""

    id: GrantId
    grant: Grant


def record_grant(connection: Connection, grant: Grant, *, at: datetime) -> StoredGrant:
    connection.execute(
        insert(grants).values(
            uuid=grant.grant_id,
            kind=grant.kind,
            grantor=grant.grantor,
            contact=grant.contact,
            verified_by=grant.verified_by,
            jurisdiction=grant.jurisdiction,
            bases=sorted(grant.bases),
            evidence=[_format_evidence(one) for one in grant.evidence],
            assessment=grant.assessment,
            terms=grant.terms,
            valid_from=grant.valid_from,
            recorded_at=at,
            **_format_terms(grant),
        )
    )
    return get_grant(connection, grant.grant_id)


def find_grant(connection: Connection, grant_id: str) -> StoredGrant | None:
    return next(_iter_some(connection, grants.c.uuid == grant_id), None)


def get_grant(connection: Connection, grant_id: str) -> StoredGrant:
    """Raises `NotFoundError`."""
    stored = find_grant(connection, grant_id)
    if stored is None:
        raise NotFoundError(f"There is no grant {grant_id}. List them with: mien grant list")
    return stored


def iter_grants(connection: Connection) -> Iterator[StoredGrant]:
    """All grants, in the order they were recorded."""
    yield from _iter_some(connection)


def iter_grants_of(connection: Connection, collection_id: CollectionId) -> Iterator[StoredGrant]:
    """The grants under which photos were added to a collection."""
    # Runs are few. To ask the locations would be to read all of a large collection's.
    used = select(runs.c.grant_id).where(runs.c.collection_id == collection_id)
    yield from _iter_some(connection, grants.c.id.in_(used))


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


def revoke_grant(connection: Connection, grant_id: str, *, at: datetime) -> StoredGrant:
    """Marks it revoked; the first revocation's time stays. Raises `NotFoundError`."""
    first = get_grant(connection, grant_id).grant.revoked_at or at
    connection.execute(update(grants).where(grants.c.uuid == grant_id).values(revoked_at=first))
    return get_grant(connection, grant_id)


def correct_grantor(connection: Connection, grant: Grant) -> None:
    """Writes a grantor's name and contact anew."""
    named = {"grantor": grant.grantor, "contact": grant.contact}
    connection.execute(update(grants).where(grants.c.uuid == grant.grant_id).values(named))


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


def _iter_some(
    connection: Connection, condition: ColumnElement[bool] | None = None
) -> Iterator[StoredGrant]:
    found = select(*iter_columns(grants)).order_by(grants.c.id)
    for row in connection.execute(found if condition is None else found.where(condition)):
        yield _parse_row(row)


def _parse_row(row: Row[*tuple[Any, ...]]) -> StoredGrant:
    """A row that no grant of ours can have been written as stands for one that allows nothing."""
    try:
        return StoredGrant(GrantId(row.id), _parse_grant(row))
    except ValueError:
        revoked_at = None
        with suppress(ValueError):
            revoked_at = parse_end(row.revoked_at)
        return StoredGrant(GrantId(row.id), make_unreadable(str(row.uuid), revoked_at=revoked_at))


def _parse_grant(row: Row[*tuple[Any, ...]]) -> Grant:
    return Grant(
        grant_id=parse_text(row.uuid),
        kind=GrantKind(row.kind),
        grantor=parse_text(row.grantor),
        contact=parse_text(row.contact),
        verified_by=parse_text(row.verified_by),
        jurisdiction=parse_text(row.jurisdiction),
        scope=tuple(parse_texts(row.scope)),
        uses=frozenset(map(Use, parse_texts(row.uses))),
        purposes=frozenset(parse_texts(row.purposes)),
        bases=frozenset(map(Basis, parse_texts(row.bases))),
        evidence=tuple(map(_parse_evidence, parse_list(row.evidence))),
        retention=parse_retention(row.retention_days),
        valid_from=parse_instant(row.valid_from),
        valid_until=parse_instant(row.valid_until),
        revoked_at=parse_end(row.revoked_at),
        assessment=parse_text(row.assessment),
        terms=parse_text(row.terms),
    )


def _format_evidence(evidence: Evidence) -> dict[str, object]:
    return {
        "name": evidence.name,
        "sha256": evidence.sha256,
        "media_type": evidence.media_type,
        "obtained_us": format_instant(evidence.obtained_at),
    }


def _parse_evidence(value: object) -> Evidence:
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} where evidence should be")  # noqa: TRY004  (one error for all)
    return Evidence(
        name=parse_text(value.get("name")),
        sha256=parse_text(value.get("sha256")),
        media_type=parse_text(value.get("media_type")),
        obtained_at=parse_instant(value.get("obtained_us")),
    )
