"""Photos whose original lies sealed in the vault, because they were handed in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, exists, insert, select

from mien.catalog.runs_schema import originals
from mien.catalog.schema import photos
from mien.types import PhotoId


def find_original(connection: Connection, sha256: str) -> str | None:
    """The id of the blob that holds the photo of these bytes, if any does."""
    found = select(originals.c.blob_id).join_from(originals, photos)
    return connection.execute(found.where(photos.c.sha256 == sha256)).scalar_one_or_none()


def add_original(connection: Connection, photo_id: PhotoId, *, blob_id: str, at: datetime) -> bool:
    """Whether it is the photo's first, and recorded; another one is not needed."""
    known = select(exists().where(originals.c.photo_id == photo_id))
    if connection.execute(known).scalar_one():
        return False
    connection.execute(insert(originals).values(photo_id=photo_id, blob_id=blob_id, added_at=at))
    return True


def iter_original_ids(connection: Connection) -> Iterator[str]:
    """The ids of all blobs that hold one."""
    yield from connection.execute(select(originals.c.blob_id)).scalars()
