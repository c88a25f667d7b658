"""Photos as they are indexed in a collection: the faces that were kept, and how many were not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from mien.catalog.schema import faces, indexed_photos, photos
from mien.types import CollectionId, Face, PersonId, PhotoId


@dataclass(frozen=True, slots=True)
class KeptFace:
    """A face under its outside id, and who it is kept for where only enrolled people are."""

    uuid: str
    face: Face
    person_id: PersonId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIndexedPhoto:
    """What is recorded of a photo in a collection.

    `dropped` faces were found and not kept; `scanned_to` is the newest enrolment that they
    were compared with.
    """

    photo_id: PhotoId
    collection_id: CollectionId
    blob_id: str
    faces: Sequence[KeptFace]
    dropped: int = 0
    scanned_to: int = 0


def index_photo(connection: Connection, new: NewIndexedPhoto, *, at: datetime) -> None:
    """Records a photo's faces in a collection. Once for each photo and collection."""
    row = insert(indexed_photos).values(
        collection_id=new.collection_id,
        photo_id=new.photo_id,
        blob_id=new.blob_id,
        indexed_at=at,
        dropped=new.dropped,
        scanned_to=new.scanned_to,
    )
    indexed_photo_id = connection.execute(row.returning(indexed_photos.c.id)).scalar_one()
    add_faces(
        connection, new.faces, indexed_photo_id=indexed_photo_id, collection_id=new.collection_id
    )


def add_faces(
    connection: Connection,
    kept: Sequence[KeptFace],
    *,
    indexed_photo_id: int,
    collection_id: CollectionId,
) -> None:
    """Records faces of a photo that is indexed."""
    rows = [
        {
            "uuid": one.uuid,
            "collection_id": collection_id,
            "indexed_photo_id": indexed_photo_id,
            "person_id": one.person_id,
            **{edge: getattr(one.face.box, edge) for edge in ("x1", "y1", "x2", "y2")},
            "landmarks": one.face.landmarks.as_array().round(2).tolist(),
            "confidence": one.face.confidence,
        }
        for one in kept
    ]
    if rows:
        connection.execute(insert(faces), rows)


def find_first_indexings(connection: Connection) -> dict[CollectionId, datetime]:
    """When the first of what each collection holds was indexed in it."""
    found = select(
        indexed_photos.c.collection_id, func.min(indexed_photos.c.indexed_at).label("indexed_at")
    )
    rows = connection.execute(found.group_by(indexed_photos.c.collection_id))
    return {CollectionId(row.collection_id): row.indexed_at for row in rows}


def is_indexed(connection: Connection, sha256: str, *, collection_id: CollectionId) -> bool:
    """Was the photo of these bytes already indexed in this collection?"""
    found = (
        select(indexed_photos.c.id)
        .join(photos)
        .where(photos.c.sha256 == sha256, indexed_photos.c.collection_id == collection_id)
    )
    return connection.execute(found).one_or_none() is not None
