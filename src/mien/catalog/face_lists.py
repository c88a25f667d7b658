"""Faces of a collection in the order they came in, a page at a time, and how many there are.

A page begins after an id, so that what goes meanwhile moves nothing, and a late page is read as
quickly as the first.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, select

from mien.catalog.faces import SearchScope, is_kept, is_visible
from mien.catalog.parts import in_parts
from mien.catalog.schema import faces, indexed_photos, locations
from mien.types import CollectionId, FaceId


def find_page(
    connection: Connection, scope: SearchScope, *, after: int, limit: int
) -> list[FaceId]:
    """So many ids above that one, rising, of faces that a search of this scope may show."""
    found = _of_faces(select(faces.c.id)).where(faces.c.id > after, _is_shown(scope))
    return [
        FaceId(face_id)
        for face_id in connection.execute(found.order_by(faces.c.id).limit(limit)).scalars()
    ]


def count_visible(connection: Connection, scope: SearchScope) -> int:
    """How many faces a search of this scope may show."""
    found = _of_faces(select(func.count())).where(_is_shown(scope))
    return connection.execute(found).scalar_one()


def find_ids(
    connection: Connection, collection_id: CollectionId, *, uuids: Collection[str]
) -> dict[str, FaceId]:
    """Those of these faces that are in the collection, by outside id; not to be shown."""
    found = select(faces.c.uuid, faces.c.id).where(faces.c.collection_id == collection_id)
    return {
        row.uuid: FaceId(row.id)
        for some in in_parts(sorted(uuids))
        for row in connection.execute(found.where(faces.c.uuid.in_(some)))
    }


def _of_faces(found: Select[int]) -> Select[int]:
    return found.select_from(faces).join(indexed_photos)


def _is_shown(scope: SearchScope) -> ColumnElement[bool]:
    located = exists().where(locations.c.photo_id == indexed_photos.c.photo_id, is_visible(scope))
    return and_(faces.c.collection_id == scope.collection_id, is_kept(scope), located)
