"""Names that clients gave to photos they handed in, found by face and by name.

As with faces, every query takes a `SearchScope`: a name is told where the place that it was given
at may be.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, delete, exists, func, insert, select

from mien.catalog.faces import SearchScope, is_kept, is_visible
from mien.catalog.names_schema import image_names
from mien.catalog.parts import in_parts
from mien.catalog.schema import faces, indexed_photos, locations
from mien.types import CollectionId, FaceId, GrantId, PhotoId


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A photo that has a name: at which place, under which grant, in which collection."""

    photo_id: PhotoId
    collection_id: CollectionId
    grant_id: GrantId
    uri: str
    name: str


def add_name(connection: Connection, named: Named, *, at: datetime) -> None:
    """Once, however often it is given; nothing where the photo shows nobody who is kept."""
    found = (
        select(locations.c.id, indexed_photos.c.id)
        .join_from(locations, indexed_photos, indexed_photos.c.photo_id == locations.c.photo_id)
        .where(
            locations.c.photo_id == named.photo_id,
            locations.c.grant_id == named.grant_id,
            locations.c.uri == named.uri,
            indexed_photos.c.collection_id == named.collection_id,
            exists().where(faces.c.indexed_photo_id == indexed_photos.c.id),
        )
    )
    for location_id, indexed_photo_id in connection.execute(found).all():
        known = exists().where(
            image_names.c.indexed_photo_id == indexed_photo_id,
            image_names.c.location_id == location_id,
            image_names.c.name == named.name,
        )
        if not connection.execute(select(known)).scalar_one():
            connection.execute(
                insert(image_names).values(
                    location_id=location_id,
                    indexed_photo_id=indexed_photo_id,
                    name=named.name,
                    given_at=at,
                )
            )


def find_names(
    connection: Connection, scope: SearchScope, *, face_ids: Iterable[FaceId]
) -> dict[FaceId, str]:
    """The name of each face's photo, the first that was given; of those that have one."""
    found: dict[FaceId, str] = {}
    for some in in_parts(face_ids):
        chosen = _select_named(scope).where(faces.c.id.in_(some)).order_by(image_names.c.id)
        for row in connection.execute(chosen):
            found.setdefault(FaceId(row.face_id), row.name)
    return found


def find_faces_named(connection: Connection, scope: SearchScope, *, name: str) -> list[FaceId]:
    """The faces of all photos of this name, by rising id."""
    chosen = _select_named(scope).where(image_names.c.name == name).order_by(faces.c.id)
    return list(dict.fromkeys(FaceId(row.face_id) for row in connection.execute(chosen)))


def find_names_at(connection: Connection, photo_ids: Iterable[int]) -> dict[PhotoId, list[str]]:
    """All names of these photos, for those in them: told only in answer to a case."""
    found: dict[PhotoId, list[str]] = {}
    for some in in_parts(photo_ids):
        chosen = (
            select(locations.c.photo_id, image_names.c.name)
            .join_from(image_names, locations)
            .where(locations.c.photo_id.in_(some))
            .order_by(image_names.c.id)
        )
        for row in connection.execute(chosen):
            names = found.setdefault(PhotoId(row.photo_id), [])
            if row.name not in names:
                names.append(row.name)
    return found


def delete_names_of_nobody(connection: Connection) -> None:
    """Those of photos of which no face is left."""
    is_somebody = exists().where(faces.c.indexed_photo_id == image_names.c.indexed_photo_id)
    connection.execute(delete(image_names).where(~is_somebody))


def count_names(connection: Connection) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(image_names)).scalar_one()


def _select_named(scope: SearchScope) -> Select[tuple[int, str]]:
    return (
        select(faces.c.id.label("face_id"), image_names.c.name)
        .join_from(image_names, indexed_photos)
        .join(faces, faces.c.indexed_photo_id == indexed_photos.c.id)
        .join(locations, locations.c.id == image_names.c.location_id)
        .where(indexed_photos.c.collection_id == scope.collection_id)
        .where(is_kept(scope), is_visible(scope))
    )
