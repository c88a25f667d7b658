"""What somebody wants gone: faces, locations and grants, by what they know of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from mien.catalog.schema import faces, grants, indexed_photos, locations, photos
from mien.types import CollectionId, FaceId, GrantId

_SAME_PX = 2.0
"""The same face of the same photo, found twice, lies no further apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What somebody wants gone. Of an `ended` grant the key goes, and its row stays.

    `indexed_ids` are photos as they are indexed in one collection; elsewhere they stay.
    """

    face_ids: Collection[FaceId] = ()
    indexed_ids: Collection[int] = ()
    location_ids: Collection[int] = ()
    grant_ids: Collection[GrantId] = ()
    ended_grant_ids: Collection[GrantId] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.face_ids or self.indexed_ids or self.location_ids or self.grant_ids)


def select_faces(connection: Connection, uuids: Sequence[str]) -> Selection:
    """Faces by their outside ids, with the same faces of the same photos in other collections."""
    other, other_photo = faces.alias(), indexed_photos.alias()
    found = (
        select(other.c.id)
        .join_from(faces, indexed_photos, indexed_photos.c.id == faces.c.indexed_photo_id)
        .join(other_photo, other_photo.c.photo_id == indexed_photos.c.photo_id)
        .join(other, other.c.indexed_photo_id == other_photo.c.id)
        .where(
            or_(other.c.id == faces.c.id, other.c.collection_id != faces.c.collection_id),
            *(
                other.c[edge].between(faces.c[edge] - _SAME_PX, faces.c[edge] + _SAME_PX)
                for edge in ("x1", "y1", "x2", "y2")
            ),
        )
    )
    face_ids = {
        FaceId(face_id)
        for uuid in uuids
        for face_id in connection.execute(found.where(faces.c.uuid == uuid)).scalars()
    }
    return Selection(face_ids=face_ids)


def select_photo(connection: Connection, sha256: str) -> Selection:
    """A photo, wherever it was found."""
    found = select(locations.c.id).join(photos).where(photos.c.sha256 == sha256)
    return Selection(location_ids=set(connection.execute(found).scalars()))


def select_below(connection: Connection, address: str) -> Selection:
    """Everything found at an address or below it; an address that ends in a slash is a folder."""
    folder = address if address.endswith("/") else f"{address}/"
    found = select(locations.c.id, locations.c.uri).where(
        or_(locations.c.uri == address, locations.c.uri.startswith(folder, autoescape=True))
    )
    # LIKE ignores case on some databases; paths do not.
    return Selection(
        location_ids={
            row.id
            for row in connection.execute(found)
            if row.uri == address or row.uri.startswith(folder)
        }
    )


def select_before(connection: Connection, moment: datetime) -> Selection:
    """Everything taken in before a moment."""
    found = select(locations.c.id).where(locations.c.added_at < moment)
    return Selection(location_ids=set(connection.execute(found).scalars()))


def select_grantor(connection: Connection, name: str) -> Selection:
    """All grants of a grantor, and everything found under them; the name in any case."""
    wanted = name.strip().casefold()
    rows = connection.execute(select(grants.c.id, grants.c.grantor))
    return Selection(
        grant_ids={GrantId(row.id) for row in rows if str(row.grantor).casefold() == wanted}
    )


def select_grant(connection: Connection, grant_id: GrantId) -> Selection:
    """Everything found under a grant, whose row stays as the record of what was allowed."""
    found = select(locations.c.id).where(locations.c.grant_id == grant_id)
    return Selection(
        location_ids=set(connection.execute(found).scalars()), ended_grant_ids={grant_id}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """What has been kept long enough.

    All under `ended` grants, what other grants brought in until a moment of each, what was
    indexed in collections until a moment of each, and what went into quarantine until one.
    """

    ended: Collection[GrantId]
    kept_until: Mapping[GrantId, datetime]
    quarantined_until: datetime
    indexed_until: Mapping[CollectionId, datetime] = field(default_factory=dict)


def select_overdue(connection: Connection, deadlines: Deadlines) -> Selection:
    """Everything whose time is over; a few looks into indexes where there is nothing."""
    conditions = [
        *(locations.c.grant_id == grant_id for grant_id in deadlines.ended),
        *(
            and_(locations.c.grant_id == grant_id, locations.c.added_at <= until)
            for grant_id, until in deadlines.kept_until.items()
        ),
        locations.c.quarantined_at <= deadlines.quarantined_until,
    ]
    found = select(locations.c.id, locations.c.grant_id)
    rows = [row for condition in conditions for row in connection.execute(found.where(condition))]
    return Selection(
        indexed_ids=set(_iter_indexed(connection, deadlines.indexed_until)),
        location_ids={row.id for row in rows},
        ended_grant_ids={GrantId(row.grant_id) for row in rows} & set(deadlines.ended),
    )


def _iter_indexed(connection: Connection, until: Mapping[CollectionId, datetime]) -> Iterator[int]:
    for collection_id, moment in until.items():
        found = select(indexed_photos.c.id).where(
            indexed_photos.c.collection_id == collection_id,
            indexed_photos.c.indexed_at <= moment,
        )
        yield from connection.execute(found).scalars()
