"""Where a photo came from, under which grants, and in which collections it is indexed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from mien.catalog.photos import LocationState, photo_uuid_of
from mien.catalog.schema import collections, faces, grants, indexed_photos, locations, photos
from mien.types import PhotoId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPhoto:
    """A photo that is known, by the SHA-256 of its bytes."""

    id: PhotoId
    sha256: str
    media_type: str
    width_px: int
    height_px: int
    first_seen_at: datetime

    @property
    def uuid(self) -> str:
        return photo_uuid_of(self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlace:
    """One place where the photo was found, and the outside id of the grant it was under."""

    uri: str
    grant_id: str
    state: LocationState
    added_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIndexing:
    """The photo in one collection: faces that were kept, by outside id, and how many were not."""

    collection: str
    indexed_at: datetime
    face_ids: tuple[str, ...]
    dropped: int


def find_photo(connection: Connection, sha256: str) -> StoredPhoto | None:
    names = ("id", "sha256", "media_type", "width_px", "height_px", "first_seen_at")
    found = select(*(photos.c[name] for name in names)).where(photos.c.sha256 == sha256)
    row = connection.execute(found).one_or_none()
    if row is None:
        return None
    return StoredPhoto(
        id=PhotoId(row.id),
        sha256=row.sha256,
        media_type=row.media_type,
        width_px=row.width_px,
        height_px=row.height_px,
        first_seen_at=row.first_seen_at,
    )


def iter_places(connection: Connection, photo_id: PhotoId) -> Iterator[StoredPlace]:
    """All places of a photo, those that are gone included, in the order they were met."""
    found = (
        select(
            *(locations.c[name] for name in ("uri", "state", "added_at", "seen_at")),
            grants.c.uuid,
        )
        .join_from(locations, grants)
        .where(locations.c.photo_id == photo_id)
        .order_by(locations.c.id)
    )
    for row in connection.execute(found):
        yield StoredPlace(
            uri=row.uri,
            grant_id=row.uuid,
            state=LocationState(row.state),
            added_at=row.added_at,
            seen_at=row.seen_at,
        )


def iter_indexings(connection: Connection, photo_id: PhotoId) -> Iterator[StoredIndexing]:
    """The photo in every collection that it is indexed in."""
    found = (
        select(
            *(indexed_photos.c[name] for name in ("id", "indexed_at", "dropped")),
            collections.c.name,
        )
        .join_from(indexed_photos, collections)
        .where(indexed_photos.c.photo_id == photo_id)
        .order_by(indexed_photos.c.id)
    )
    for row in connection.execute(found).all():
        kept = select(faces.c.uuid).where(faces.c.indexed_photo_id == row.id).order_by(faces.c.id)
        yield StoredIndexing(
            collection=row.name,
            indexed_at=row.indexed_at,
            face_ids=tuple(connection.execute(kept).scalars()),
            dropped=row.dropped,
        )
