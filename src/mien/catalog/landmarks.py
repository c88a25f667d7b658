"""The faces of one photo, and where their eyes, nose and mouth are; not to be shown unasked."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from mien.catalog.parts import in_parts
from mien.catalog.schema import faces, indexed_photos, photos
from mien.types import CollectionId, FaceId, Landmarks, Point


def find_ids_of_photo(
    connection: Connection, sha256: str, *, collection_id: CollectionId
) -> list[FaceId]:
    """All faces of the photo of these bytes in a collection, by rising id."""
    found = (
        select(faces.c.id)
        .join_from(faces, indexed_photos)
        .join(photos)
        .where(photos.c.sha256 == sha256, indexed_photos.c.collection_id == collection_id)
    )
    return [FaceId(row_id) for row_id in connection.execute(found.order_by(faces.c.id)).scalars()]


def find_landmarks(connection: Connection, face_ids: Iterable[FaceId]) -> dict[FaceId, Landmarks]:
    """The landmarks of each of these faces."""
    return {
        FaceId(row.id): Landmarks(*(Point(x, y) for x, y in row.landmarks))
        for some in in_parts(face_ids)
        for row in connection.execute(
            select(faces.c.id, faces.c.landmarks).where(faces.c.id.in_(some))
        )
    }
