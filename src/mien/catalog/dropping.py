"""What of a collection goes with what came in under one grant, and the end of its row."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, or_, select

from mien.catalog.groups_schema import face_groups
from mien.catalog.links_schema import links
from mien.catalog.parts import in_parts
from mien.catalog.schema import collections, faces, indexed_photos, locations, runs
from mien.catalog.selection import Selection
from mien.catalog.tags_schema import tags
from mien.types import CollectionId, FaceId, GrantId


def select_added(
    connection: Connection, collection_id: CollectionId, *, grant_id: GrantId
) -> Selection:
    """The photos of the collection that came in under the grant, under whichever others too.

    And the face groups that were made under it.
    """
    found = select(indexed_photos.c.id).where(
        indexed_photos.c.collection_id == collection_id, _came_under(grant_id)
    )
    groups = select(face_groups.c.id).where(
        face_groups.c.collection_id == collection_id, face_groups.c.grant_id == grant_id
    )
    return Selection(
        indexed_ids=set(connection.execute(found).scalars()),
        face_group_ids=set(connection.execute(groups).scalars()),
    )


def select_held_faces(connection: Connection, face_ids: Collection[FaceId]) -> Selection:
    """These faces alone; a photo that loses the last of its faces there goes from its collection.

    In other collections it stays as it is.
    """
    going = set(face_ids)
    beside: dict[int, set[FaceId]] = {}
    for some in in_parts(sorted(going)):
        own = select(faces.c.indexed_photo_id).where(faces.c.id.in_(some))
        found = select(faces.c.id, faces.c.indexed_photo_id)
        for row in connection.execute(found.where(faces.c.indexed_photo_id.in_(own))):
            beside.setdefault(row.indexed_photo_id, set()).add(row.id)
    emptied = {photo_id for photo_id, ids in beside.items() if ids <= going}
    alone = {face_id for photo_id in emptied for face_id in beside[photo_id]}
    return Selection(face_ids=going - alone, indexed_ids=emptied)


def is_shared(connection: Connection, collection_id: CollectionId, *, grant_id: GrantId) -> bool:
    """Does anything lie in the collection that did not come in under the grant?"""
    others = exists().where(indexed_photos.c.collection_id == collection_id, ~_came_under(grant_id))
    opened = exists().where(links.c.collection_id == collection_id)
    named = exists().where(
        face_groups.c.collection_id == collection_id, face_groups.c.grant_id != grant_id
    )
    return bool(connection.execute(select(or_(others, opened, named))).scalar_one())


def delete_collection(connection: Connection, collection_id: CollectionId) -> None:
    """The row of an empty collection, with its tags and the record of what was added to it."""
    for table in (tags, runs):
        connection.execute(delete(table).where(table.c.collection_id == collection_id))
    connection.execute(delete(collections).where(collections.c.id == collection_id))


def _came_under(grant_id: GrantId) -> ColumnElement[bool]:
    own = and_(locations.c.photo_id == indexed_photos.c.photo_id, locations.c.grant_id == grant_id)
    return exists().where(own)
