"""Photos as they are indexed in a collection: the faces that were kept, and how many were not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from mien.catalog.photos import LocationState
from mien.catalog.quality import format_quality
from mien.catalog.schema import faces, grants, indexed_photos, locations, photos
from mien.permission.quality import QualityFilter
from mien.types import Box, CollectionId, Face, PersonId, PhotoId, Quality

NEVER_AGAIN = 2**62
"""Beyond every enrolment: a photo that lost a face on request is not looked at again."""

_AGAIN = -1
"""Before every enrolment: a photo that waits for another look, whoever is enrolled."""


@dataclass(frozen=True, slots=True)
class KeptFace:
    """A face under its outside id, and who it is kept for where only enrolled people are."""

    uuid: str
    face: Face
    quality: Quality
    person_id: PersonId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIndexedPhoto:
    """What is recorded of a photo in a collection.

    `dropped` faces were found and not kept, `unfit` of them since they fell short of
    `quality`; `scanned_to` is the newest enrolment that they were compared with.
    """

    photo_id: PhotoId
    collection_id: CollectionId
    blob_id: str
    faces: Sequence[KeptFace]
    dropped: int = 0
    unfit: int = 0
    quality: QualityFilter = QualityFilter.NONE
    scanned_to: int = 0


def index_photo(connection: Connection, new: NewIndexedPhoto, *, at: datetime) -> None:
    """Records a photo's faces in a collection. Once for each photo and collection."""
    row = insert(indexed_photos).values(
        collection_id=new.collection_id,
        photo_id=new.photo_id,
        blob_id=new.blob_id,
        indexed_at=at,
        dropped=new.dropped,
        unfit=new.unfit,
        quality_filter=new.quality,
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
            "quality": format_quality(one.quality),
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


@dataclass(frozen=True, slots=True)
class StalePhoto:
    """A photo that was compared with older enrolments only, and where it is, by grant."""

    indexed_photo_id: int
    sha256: str
    blob_id: str
    quality: QualityFilter
    places: tuple[tuple[str, str], ...]


def find_stale(
    connection: Connection,
    collection_id: CollectionId,
    *,
    scanned_to: int,
    after: int,
    limit: int,
) -> list[StalePhoto]:
    """The next photos, after this indexed photo, that have not been scanned to this enrolment."""
    stale = (
        select(indexed_photos.c.id)
        .where(*_is_stale(collection_id, scanned_to), indexed_photos.c.id > after)
        .order_by(indexed_photos.c.id)
        .limit(limit)
    )
    rows = connection.execute(
        select(
            indexed_photos.c.id,
            indexed_photos.c.blob_id,
            indexed_photos.c.quality_filter,
            photos.c.sha256,
            locations.c.uri,
            grants.c.uuid.label("grant_uuid"),
        )
        .join_from(indexed_photos, photos)
        .join(locations, locations.c.photo_id == photos.c.id)
        .join(grants)
        .where(indexed_photos.c.id.in_(stale), locations.c.state == LocationState.PRESENT)
        .order_by(indexed_photos.c.id, locations.c.id)
    )
    found: dict[int, StalePhoto] = {}
    for row in rows:
        known = found.get(row.id)
        places = (*(known.places if known else ()), (row.uri, row.grant_uuid))
        quality = QualityFilter(row.quality_filter)
        found[row.id] = StalePhoto(row.id, row.sha256, row.blob_id, quality, places)
    return list(found.values())


def count_stale(connection: Connection, collection_id: CollectionId, *, scanned_to: int) -> int:
    """How many photos that can be found have not been scanned to this enrolment."""
    here = select(locations.c.photo_id).where(locations.c.state == LocationState.PRESENT)
    found = select(func.count()).select_from(indexed_photos)
    return connection.execute(
        found.where(*_is_stale(collection_id, scanned_to), indexed_photos.c.photo_id.in_(here))
    ).scalar_one()


def find_boxes(connection: Connection, indexed_photo_id: int) -> list[Box]:
    """Where the faces are that are kept of a photo."""
    found = select(faces.c.x1, faces.c.y1, faces.c.x2, faces.c.y2)
    rows = connection.execute(found.where(faces.c.indexed_photo_id == indexed_photo_id))
    return [Box(*row) for row in rows]


def is_there(connection: Connection, indexed_photo_id: int) -> bool:
    """Is the photo still indexed?"""
    found = select(indexed_photos.c.id).where(indexed_photos.c.id == indexed_photo_id)
    return connection.execute(found).one_or_none() is not None


def reopen(
    connection: Connection, photo_id: PhotoId, *, collection_id: CollectionId, to: QualityFilter
) -> bool:
    """Asks for another look at a photo where a stricter filter left out faces; whether it did.

    One that is closed stays so.
    """
    left_out = (
        indexed_photos.c.photo_id == photo_id,
        indexed_photos.c.collection_id == collection_id,
        indexed_photos.c.unfit > 0,
        indexed_photos.c.quality_filter.in_(to.stricter),
        indexed_photos.c.scanned_to < NEVER_AGAIN,
    )
    changed = update(indexed_photos).where(*left_out)
    return connection.execute(changed.values(quality_filter=to, scanned_to=_AGAIN)).rowcount > 0


def may_reopen(connection: Connection, collection_id: CollectionId, *, to: QualityFilter) -> bool:
    """Did a stricter filter leave out faces of any photo of a collection?"""
    found = select(indexed_photos.c.id).where(
        indexed_photos.c.collection_id == collection_id,
        indexed_photos.c.unfit > 0,
        indexed_photos.c.quality_filter.in_(to.stricter),
    )
    return connection.execute(found.limit(1)).one_or_none() is not None


def mark_scanned(
    connection: Connection, indexed_photo_id: int, *, scanned_to: int, dropped: int, unfit: int
) -> None:
    """Remembers what a photo was compared with; one that is closed stays so."""
    connection.execute(
        update(indexed_photos)
        .where(indexed_photos.c.id == indexed_photo_id, indexed_photos.c.scanned_to < NEVER_AGAIN)
        .values(scanned_to=scanned_to, dropped=dropped, unfit=unfit)
    )


def close_photos(connection: Connection, blob_ids: Iterable[str]) -> None:
    """Lets photos never be scanned again, so that a face that was erased does not come back."""
    for blob_id in blob_ids:
        connection.execute(
            update(indexed_photos)
            .where(indexed_photos.c.blob_id == blob_id)
            .values(scanned_to=NEVER_AGAIN)
        )


def _is_stale(collection_id: CollectionId, scanned_to: int) -> tuple[ColumnElement[bool], ...]:
    return (
        indexed_photos.c.collection_id == collection_id,
        indexed_photos.c.scanned_to < scanned_to,
    )
