"""Everything held about photos, for the people in them: told only in answer to a case.

No `SearchScope` is asked for: whoever may know what is held about them may know all of it,
quarantined, vanished and expired things too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from mien.catalog.image_names import find_names_at
from mien.catalog.parts import in_parts
from mien.catalog.photos import photo_uuid_of
from mien.catalog.quality import parse_quality
from mien.catalog.runs_schema import originals
from mien.catalog.schema import collections, faces, indexed_photos, locations, photos
from mien.catalog.selection import Selection
from mien.types import Box, Credit, FaceId, GrantId, PersonId, PhotoId, Quality


@dataclass(frozen=True, slots=True)
class HeldLocation:
    """A place where the photo was found, under which grant, and what became of it."""

    uri: str
    state: str
    grant_id: GrantId
    added_at: datetime


@dataclass(frozen=True, slots=True)
class HeldFace:
    """A face that is kept of a photo."""

    id: FaceId
    uuid: str
    person_id: PersonId | None
    box: Box
    quality: Quality


@dataclass(frozen=True, slots=True)
class HeldIndex:
    """A photo in a collection; `dropped` faces were found in it and not kept."""

    collection: str
    blob_id: str
    indexed_at: datetime
    dropped: int
    faces: tuple[HeldFace, ...]


@dataclass(frozen=True, slots=True)
class HeldPhoto:
    """A photo with everything that hangs on it; `is_sealed_here` since it was handed in.

    Whoever handed it in may have given it `names` of their own.
    """

    sha256: str
    photo_uuid: str
    size_bytes: int
    width_px: int
    height_px: int
    media_type: str
    credit: Credit
    first_seen_at: datetime
    locations: tuple[HeldLocation, ...]
    indexed: tuple[HeldIndex, ...]
    is_sealed_here: bool
    names: tuple[str, ...] = ()


def find_photo_ids(connection: Connection, selection: Selection) -> list[PhotoId]:
    """The photos that somebody means, or of which they mean faces, or faces kept for people."""
    of_faces = select(indexed_photos.c.photo_id).join(faces)
    of_places = select(locations.c.photo_id)
    grant_ids = {*selection.grant_ids, *selection.ended_grant_ids}
    found: set[int] = set()
    for some in in_parts(selection.face_ids):
        found |= set(connection.execute(of_faces.where(faces.c.id.in_(some))).scalars())
    for people in in_parts(selection.person_ids):
        found |= set(connection.execute(of_faces.where(faces.c.person_id.in_(people))).scalars())
    for places in in_parts(selection.location_ids):
        found |= set(connection.execute(of_places.where(locations.c.id.in_(places))).scalars())
    for granted in in_parts(grant_ids):
        found |= set(
            connection.execute(of_places.where(locations.c.grant_id.in_(granted))).scalars()
        )
    return [PhotoId(photo_id) for photo_id in sorted(found)]


def iter_held(connection: Connection, photo_ids: Iterable[PhotoId]) -> Iterator[HeldPhoto]:
    """What is held about each of these photos, in order."""
    for some in in_parts(sorted(photo_ids)):
        places = _find_places(connection, some)
        indexed = _find_indexed(connection, some)
        names = find_names_at(connection, some)
        sealed = set(connection.execute(_SEALED.where(originals.c.photo_id.in_(some))).scalars())
        rows = connection.execute(select(photos).where(photos.c.id.in_(some)).order_by(photos.c.id))
        for row in rows:
            yield HeldPhoto(
                sha256=row.sha256,
                photo_uuid=photo_uuid_of(row.sha256),
                size_bytes=row.size_bytes,
                width_px=row.width_px,
                height_px=row.height_px,
                media_type=row.media_type,
                credit=Credit(row.caption, row.credit, row.copyright),
                first_seen_at=row.first_seen_at,
                locations=tuple(places.get(row.id, ())),
                indexed=tuple(indexed.get(row.id, ())),
                is_sealed_here=row.id in sealed,
                names=tuple(names.get(row.id, ())),
            )


_SEALED = select(originals.c.photo_id)


def _find_places(connection: Connection, photo_ids: Sequence[int]) -> dict[int, list[HeldLocation]]:
    found: dict[int, list[HeldLocation]] = {}
    rows = select(locations).where(locations.c.photo_id.in_(photo_ids)).order_by(locations.c.id)
    for row in connection.execute(rows):
        place = HeldLocation(row.uri, row.state, GrantId(row.grant_id), row.added_at)
        found.setdefault(row.photo_id, []).append(place)
    return found


def _find_indexed(connection: Connection, photo_ids: Sequence[int]) -> dict[int, list[HeldIndex]]:
    mine = indexed_photos.c.photo_id.in_(photo_ids)
    kept = _find_faces(connection, mine)
    rows = (
        select(indexed_photos, collections.c.name)
        .join_from(indexed_photos, collections)
        .where(mine)
        .order_by(indexed_photos.c.id)
    )
    found: dict[int, list[HeldIndex]] = {}
    for row in connection.execute(rows):
        held = HeldIndex(
            row.name, row.blob_id, row.indexed_at, row.dropped, tuple(kept.get(row.id, ()))
        )
        found.setdefault(row.photo_id, []).append(held)
    return found


def _find_faces(
    connection: Connection, condition: ColumnElement[bool]
) -> dict[int, list[HeldFace]]:
    found: dict[int, list[HeldFace]] = {}
    rows = select(faces).join_from(faces, indexed_photos).where(condition).order_by(faces.c.id)
    for row in connection.execute(rows):
        found.setdefault(row.indexed_photo_id, []).append(_parse_face(row))
    return found


def _parse_face(row: Row[Any]) -> HeldFace:
    person_id = None if row.person_id is None else PersonId(row.person_id)
    box = Box(row.x1, row.y1, row.x2, row.y2)
    return HeldFace(FaceId(row.id), row.uuid, person_id, box, parse_quality(row.quality))
