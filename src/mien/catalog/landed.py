"""What became of a file that was to be added: the photo at its place, and the faces kept of it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from mien.catalog.photos import LocationState, photo_uuid_of
from mien.catalog.schema import faces, indexed_photos, locations, photos
from mien.types import Box, CollectionId, FaceId, GrantId, PhotoId


@dataclass(frozen=True, slots=True)
class LandedFace:
    """A face that is kept, under its outside id, and where in the photo it is, in pixels."""

    id: FaceId
    uuid: str
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedPhoto:
    """A photo that is indexed. Of its faces, `hidden` were found and may not be kept."""

    id: PhotoId
    sha256: str
    width_px: int
    height_px: int
    hidden: int
    faces: tuple[LandedFace, ...]

    @property
    def uuid(self) -> str:
        return photo_uuid_of(self.sha256)


def find_landed(
    connection: Connection, uri: str, *, grant_id: GrantId, collection_id: CollectionId
) -> LandedPhoto | None:
    """The photo that is present at the place under the grant, if the collection holds it."""
    found = (
        select(
            photos.c.id,
            indexed_photos.c.id.label("indexed_photo_id"),
            photos.c.sha256,
            photos.c.width_px,
            photos.c.height_px,
            (indexed_photos.c.dropped - indexed_photos.c.unfit).label("hidden"),
        )
        .join_from(locations, photos)
        .join(indexed_photos, indexed_photos.c.photo_id == photos.c.id)
        .where(
            locations.c.uri == uri,
            locations.c.grant_id == grant_id,
            locations.c.state == LocationState.PRESENT,
            indexed_photos.c.collection_id == collection_id,
        )
        .order_by(locations.c.id.desc())
        .limit(1)
    )
    row = connection.execute(found).one_or_none()
    if row is None:
        return None
    return LandedPhoto(
        id=PhotoId(row.id),
        sha256=row.sha256,
        width_px=row.width_px,
        height_px=row.height_px,
        hidden=row.hidden,
        faces=_find_faces(connection, row.indexed_photo_id),
    )


def _find_faces(connection: Connection, indexed_photo_id: int) -> tuple[LandedFace, ...]:
    edges = (faces.c.x1, faces.c.y1, faces.c.x2, faces.c.y2)
    rows = connection.execute(
        select(faces.c.id, faces.c.uuid, *edges)
        .where(faces.c.indexed_photo_id == indexed_photo_id)
        .order_by(faces.c.id)
    )
    return tuple(LandedFace(FaceId(id_), uuid, Box(*box)) for id_, uuid, *box in rows)
