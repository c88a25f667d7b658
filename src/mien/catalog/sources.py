"""Where the photos of a collection came from: grants, places below their scopes, and runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, select

from mien.catalog.faces import is_below
from mien.catalog.photos import LocationState
from mien.catalog.schema import grants, indexed_photos, locations, runs
from mien.types import CollectionId, GrantId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run that brought photos in, or tried to; `counts` are empty until it ended."""

    uuid: str
    grant_id: GrantId
    state: str
    started_at: datetime
    ended_at: datetime | None
    counts: Mapping[str, Any]


def iter_latest_runs(connection: Connection, collection_id: CollectionId) -> Iterator[StoredRun]:
    """The last run under each grant of a collection, in the order the grants were recorded."""
    latest = (
        select(func.max(runs.c.id))
        .where(runs.c.collection_id == collection_id)
        .group_by(runs.c.grant_id)
    )
    found = select(runs).join_from(runs, grants).where(runs.c.id.in_(latest))
    for row in connection.execute(found.order_by(grants.c.id)):
        yield StoredRun(
            uuid=row.uuid,
            grant_id=GrantId(row.grant_id),
            state=row.state,
            started_at=row.started_at,
            ended_at=row.ended_at,
            counts=row.counts,
        )


def count_photos_below(
    connection: Connection, collection_id: CollectionId, *, grant_id: GrantId, address: str
) -> dict[LocationState, int]:
    """How many photos of a collection a grant has at an address or below it, by their state."""
    is_indexed = exists().where(
        indexed_photos.c.photo_id == locations.c.photo_id,
        indexed_photos.c.collection_id == collection_id,
    )
    number = func.count(func.distinct(locations.c.photo_id)).label("number")
    found = (
        select(locations.c.state, number)
        .where(locations.c.grant_id == grant_id, is_below(address), is_indexed)
        .group_by(locations.c.state)
        .order_by(locations.c.state)
    )
    return {LocationState(row.state): row.number for row in connection.execute(found)}
