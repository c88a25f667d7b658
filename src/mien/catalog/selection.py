"""What somebody wants gone: faces, locations, grants and people, by what they know of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import reduce

from sqlalchemy import Connection, and_, or_, select

from mien.catalog.face_groups import find_faces_of, find_of_grants
from mien.catalog.grants import iter_grants
from mien.catalog.parts import in_parts
from mien.catalog.schema import (
    enrolments,
    faces,
    grants,
    indexed_photos,
    locations,
    photos,
    suppressions,
)
from mien.permission.host import is_on_host
from mien.types import CollectionId, FaceId, GrantId, PersonId

_SAME_PX = 2.0
"""The same face of the same photo, found twice, lies no further apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What somebody wants gone. Of an `ended` grant the key goes, and its row stays.

    So it is with cases: what is sealed of them goes. `indexed_ids` are photos as they are
    indexed in one collection; elsewhere they stay. With `person_ids` goes all that is recorded
    of people and kept for them; `alike_to` wants every face gone that is like theirs, wherever
    it is, and is for others to find. Of face groups go the names; their faces are named apart.
    """

    face_ids: Collection[FaceId] = ()
    indexed_ids: Collection[int] = ()
    location_ids: Collection[int] = ()
    grant_ids: Collection[GrantId] = ()
    ended_grant_ids: Collection[GrantId] = ()
    enrolment_ids: Collection[int] = ()
    person_ids: Collection[PersonId] = ()
    alike_to: Collection[PersonId] = ()
    case_ids: Collection[int] = ()
    suppression_ids: Collection[int] = ()
    face_group_ids: Collection[int] = ()

    @property
    def is_empty(self) -> bool:
        return not (
            self.face_ids
            or self.indexed_ids
            or self.location_ids
            or self.grant_ids
            or self.enrolment_ids
            or self.person_ids
            or self.case_ids
            or self.suppression_ids
            or self.face_group_ids
        )

    def with_more(self, other: Selection) -> Selection:
        """Both together."""
        return Selection(
            **{
                entry.name: {*getattr(self, entry.name), *getattr(other, entry.name)}
                for entry in fields(self)
            }
        )


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


def select_face_groups(connection: Connection, group_ids: Sequence[int]) -> Selection:
    """Face groups with all of their faces, and the same faces of the same photos elsewhere."""
    own = [face_id for ids in find_faces_of(connection, group_ids).values() for face_id in ids]
    uuids = [
        uuid
        for some in in_parts(own)
        for uuid in connection.execute(select(faces.c.uuid).where(faces.c.id.in_(some))).scalars()
    ]
    found = Selection(face_group_ids=set(group_ids))
    return select_faces(connection, uuids).with_more(found)


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


def select_host(connection: Connection, host: str) -> Selection:
    """Everything found on a host or one below it, and the grants for nothing else, which end."""
    ended = {
        stored.id
        for stored in iter_grants(connection)
        if stored.grant.scope and all(is_on_host(part, host) for part in stored.grant.scope)
    }
    # Files of this machine and photos handed in lie on no host, and are most of what there is.
    elsewhere = and_(
        *(~locations.c.uri.startswith(f"{own}:", autoescape=True) for own in ("file", "upload"))
    )
    found = select(locations.c.id, locations.c.uri, locations.c.grant_id)
    found = found.where(or_(elsewhere, locations.c.grant_id.in_(ended)))
    return Selection(
        location_ids={
            row.id
            for row in connection.execute(found)
            if row.grant_id in ended or is_on_host(row.uri, host)
        },
        ended_grant_ids=ended,
    )


def select_grant(connection: Connection, grant_id: GrantId) -> Selection:
    """Everything found under a grant, whose row stays as the record of what was allowed."""
    found = select(locations.c.id).where(locations.c.grant_id == grant_id)
    return Selection(
        location_ids=set(connection.execute(found).scalars()), ended_grant_ids={grant_id}
    )


def select_enrolled(connection: Connection, person_ids: Collection[PersonId]) -> Selection:
    """The templates of people, and every face that was kept for them; they stay on record."""
    selections = [_select_of(connection, some) for some in in_parts(sorted(person_ids))]
    return reduce(Selection.with_more, selections, Selection())


def select_person(person_id: PersonId) -> Selection:
    """A person with all that is recorded of them, and every face that is like theirs."""
    return Selection(person_ids={person_id}, alike_to={person_id})


def _select_of(connection: Connection, person_ids: Sequence[PersonId]) -> Selection:
    kept = select(faces.c.id).where(faces.c.person_id.in_(person_ids))
    enrolled = select(enrolments.c.id).where(enrolments.c.person_id.in_(person_ids))
    return Selection(
        face_ids={FaceId(face_id) for face_id in connection.execute(kept).scalars()},
        enrolment_ids=set(connection.execute(enrolled).scalars()),
    )


def select_suppression(connection: Connection, uuid: str) -> Selection:
    """An opt-out, by its outside id."""
    found = select(suppressions.c.id).where(suppressions.c.uuid == uuid)
    return Selection(suppression_ids=set(connection.execute(found).scalars()))


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
        face_group_ids=find_of_grants(connection, sorted(deadlines.ended)),
    )


def _iter_indexed(connection: Connection, until: Mapping[CollectionId, datetime]) -> Iterator[int]:
    for collection_id, moment in until.items():
        found = select(indexed_photos.c.id).where(
            indexed_photos.c.collection_id == collection_id,
            indexed_photos.c.indexed_at <= moment,
        )
        yield from connection.execute(found).scalars()
