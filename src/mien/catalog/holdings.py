"""How much is held, counted in one go: by collection, by grant, of those who opted out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from mien.catalog.runs_schema import originals
from mien.catalog.schema import (
    cases,
    faces,
    indexed_photos,
    locations,
    people,
    suppressions,
)
from mien.types import CollectionId, GrantId


@dataclass(frozen=True, slots=True)
class Holding:
    """What a collection holds; `dropped` faces were found and not kept.

    `since` is when the first of it was taken in.
    """

    photos: int
    faces: int
    dropped: int
    since: datetime | None


NOTHING = Holding(photos=0, faces=0, dropped=0, since=None)


def count_holdings(connection: Connection) -> dict[CollectionId, Holding]:
    """Of every collection that holds anything."""
    by_collection = select(faces.c.collection_id, func.count().label("number"))
    kept = {
        row.collection_id: row.number
        for row in connection.execute(by_collection.group_by(faces.c.collection_id))
    }
    indexed = select(
        indexed_photos.c.collection_id,
        func.count().label("number"),
        func.sum(indexed_photos.c.dropped).label("dropped"),
        func.min(indexed_photos.c.indexed_at).label("since"),
    )
    return {
        CollectionId(row.collection_id): Holding(
            row.number, kept.get(row.collection_id, 0), int(row.dropped), row.since
        )
        for row in connection.execute(indexed.group_by(indexed_photos.c.collection_id))
    }


def count_originals(connection: Connection) -> int:
    """Photos that lie sealed here, since they were handed in."""
    return connection.execute(select(func.count()).select_from(originals)).scalar_one()


def count_photos_by_grant(connection: Connection) -> dict[GrantId, int]:
    """Photos that are held under each grant; one under two grants counts for both."""
    found = select(
        locations.c.grant_id, func.count(func.distinct(locations.c.photo_id)).label("number")
    )
    rows = connection.execute(found.group_by(locations.c.grant_id))
    return {GrantId(row.grant_id): row.number for row in rows}


def find_sources(connection: Connection) -> dict[CollectionId, set[GrantId]]:
    """The grants under which each collection holds anything."""
    found = select(indexed_photos.c.collection_id, locations.c.grant_id).join_from(
        indexed_photos, locations, indexed_photos.c.photo_id == locations.c.photo_id
    )
    sources: dict[CollectionId, set[GrantId]] = {}
    for row in connection.execute(found.distinct()):
        sources.setdefault(CollectionId(row.collection_id), set()).add(GrantId(row.grant_id))
    return sources


def count_people(connection: Connection) -> int:
    """Those who are known by name."""
    return connection.execute(select(func.count()).select_from(people)).scalar_one()


def count_cases(connection: Connection) -> int:
    """Requests on record, the closed ones too."""
    return connection.execute(select(func.count()).select_from(cases)).scalar_one()


def count_suppressions(connection: Connection) -> dict[str, int]:
    """What must never be indexed, by level."""
    found = select(suppressions.c.level, func.count().label("number"))
    rows = connection.execute(found.group_by(suppressions.c.level).order_by(suppressions.c.level))
    return {row.level: row.number for row in rows}
