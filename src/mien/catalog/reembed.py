"""What a collection holds, photo by photo, as templates of another model are made of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from mien.catalog.photos import LocationState, photo_uuid_of
from mien.catalog.schema import faces, grants, indexed_photos, locations, photos
from mien.types import Box, CollectionId, PersonId

_READABLE = frozenset({LocationState.PRESENT, LocationState.VANISHED})
"""What vanished may be back; whoever reads it looks whether it is still the same."""


@dataclass(frozen=True, slots=True)
class HeldFace:
    """A face under its outside id, where it is, and who it is kept for if for anybody."""

    uuid: str
    box: Box
    person_id: PersonId | None


@dataclass(frozen=True, slots=True)
class HeldPhoto:
    """A photo with its faces, and where it is or was, by grant.

    `is_withheld` says that it is at other places, too, which are out of reach.
    """

    indexed_photo_id: int
    sha256: str
    blob_id: str
    faces: tuple[HeldFace, ...]
    places: tuple[tuple[str, str], ...]
    is_withheld: bool

    @property
    def photo_uuid(self) -> str:
        return photo_uuid_of(self.sha256)


def find_held(
    connection: Connection, collection_id: CollectionId, *, after: int, limit: int
) -> list[HeldPhoto]:
    """The next photos of a collection, after this indexed photo, those without faces too."""
    rows = connection.execute(
        select(indexed_photos.c.id, indexed_photos.c.blob_id, photos.c.sha256)
        .join_from(indexed_photos, photos)
        .where(indexed_photos.c.collection_id == collection_id, indexed_photos.c.id > after)
        .order_by(indexed_photos.c.id)
        .limit(limit)
    ).all()
    ids = [row.id for row in rows]
    kept, places = _find_faces(connection, ids), _find_places(connection, ids)
    return [
        HeldPhoto(
            row.id,
            row.sha256,
            row.blob_id,
            faces=tuple(kept[row.id]),
            places=tuple(
                (uri, grant) for uri, grant, state in places[row.id] if state in _READABLE
            ),
            is_withheld=any(state == LocationState.QUARANTINED for _, _, state in places[row.id]),
        )
        for row in rows
    ]


def _find_faces(connection: Connection, ids: Sequence[int]) -> dict[int, list[HeldFace]]:
    found: dict[int, list[HeldFace]] = defaultdict(list)
    edges = (faces.c.x1, faces.c.y1, faces.c.x2, faces.c.y2)
    rows = connection.execute(
        select(faces.c.indexed_photo_id, faces.c.uuid, faces.c.person_id, *edges)
        .where(faces.c.indexed_photo_id.in_(ids))
        .order_by(faces.c.id)
    )
    for indexed_photo_id, uuid, person_id, *box in rows:
        found[indexed_photo_id].append(HeldFace(uuid, Box(*box), person_id))
    return found


def _find_places(
    connection: Connection, ids: Sequence[int]
) -> dict[int, list[tuple[str, str, str]]]:
    found: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    rows = connection.execute(
        select(indexed_photos.c.id, locations.c.uri, grants.c.uuid, locations.c.state)
        .join_from(indexed_photos, locations, locations.c.photo_id == indexed_photos.c.photo_id)
        .join(grants)
        .where(indexed_photos.c.id.in_(ids))
        .order_by(indexed_photos.c.id, locations.c.id)
    )
    for indexed_photo_id, uri, grant, state in rows:
        found[indexed_photo_id].append((uri, grant, state))
    return found
