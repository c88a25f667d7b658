"""Faces of indexed photos, and the one query that decides which of them may be shown.

A face is visible to a search where its photo has a present location under a grant that
covers the search and whose retention has not ended. Reading faces for a person to see takes
a `SearchScope`; there is no way to read them without one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    and_,
    exists,
    false,
    func,
    or_,
    select,
    true,
)

from mien.catalog.parts import in_parts
from mien.catalog.photos import LocationState, photo_uuid_of
from mien.catalog.quality import parse_quality
from mien.catalog.schema import faces, indexed_photos, locations, photos
from mien.types import Box, CollectionId, Credit, FaceId, GrantId, PersonId, Quality

_IDS_A_QUERY = 500
_ROWS_A_STEP = 10_000
_AFTER_SLASH = "0"


@dataclass(frozen=True, slots=True)
class CoveringGrant:
    """A grant that covers a search, for what was taken in after `kept_after` (if set)."""

    grant_id: GrantId
    kept_after: datetime | None
    is_for_display: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to see of what they may: everything, unless something is set.

    `below` is an address: what is found there or, as it is a folder, below it. The times are those
    of coming into the collection, the first included and the last not.
    """

    below: str = ""
    added_from: datetime | None = None
    added_before: datetime | None = None


EVERYTHING = Wanted()


@dataclass(frozen=True, slots=True)
class SearchScope:
    """What a search may see: one collection, as far as these grants reach.

    Of it, what was indexed after `kept_after` (if set), and is wanted.
    """

    collection_id: CollectionId
    grants: tuple[CoveringGrant, ...]
    kept_after: datetime | None = None
    wanted: Wanted = EVERYTHING


@dataclass(frozen=True, slots=True)
class StoredFace:
    """Where the secrets of a face lie."""

    id: FaceId
    uuid: str
    photo_uuid: str
    blob_id: str


@dataclass(frozen=True, slots=True)
class VisibleLocation:
    """A place of a photo that a search may name."""

    uri: str
    is_for_display: bool


@dataclass(frozen=True, slots=True)
class VisibleFace:
    """A face that a search may show, with its photo."""

    stored: StoredFace
    person_id: PersonId | None
    box: Box
    confidence: float
    quality: Quality
    sha256: str
    width_px: int
    height_px: int
    credit: Credit
    locations: tuple[VisibleLocation, ...]

    @property
    def is_for_display(self) -> bool:
        """Whether a crop or a thumbnail may be shown, and not the link alone."""
        return any(location.is_for_display for location in self.locations)


def count_faces(
    connection: Connection, collection_id: CollectionId, *, up_to: int | None = None
) -> int:
    """How many faces a collection has; with `up_to`, those whose id is no higher."""
    found = select(func.count()).select_from(faces).where(faces.c.collection_id == collection_id)
    if up_to is not None:
        found = found.where(faces.c.id <= up_to)
    return connection.execute(found).scalar_one()


def count_photos(connection: Connection, collection_id: CollectionId) -> int:
    found = select(func.count()).select_from(indexed_photos)
    return connection.execute(
        found.where(indexed_photos.c.collection_id == collection_id)
    ).scalar_one()


def iter_identities(
    connection: Connection, collection_id: CollectionId
) -> Iterator[tuple[FaceId, str]]:
    """Ids inside and outside of all faces of a collection, by rising id; not to be shown."""
    rows = connection.execution_options(yield_per=_ROWS_A_STEP).execute(
        select(faces.c.id, faces.c.uuid)
        .where(faces.c.collection_id == collection_id)
        .order_by(faces.c.id)
    )
    for face_id, uuid in rows:
        yield FaceId(face_id), uuid


def find_newer_ids(
    connection: Connection, collection_id: CollectionId, *, than: int
) -> list[FaceId]:
    """Ids of the faces of a collection above that one, rising; not to be shown."""
    newer = (
        select(faces.c.id)
        .where(faces.c.collection_id == collection_id, faces.c.id > than)
        .order_by(faces.c.id)
    )
    return [FaceId(face_id) for face_id in connection.execute(newer).scalars()]


def find_stored_faces(connection: Connection, face_ids: Sequence[FaceId]) -> list[StoredFace]:
    """Where the secrets of these faces lie, for an index to be loaded; not to be shown."""
    return [
        StoredFace(FaceId(face_id), uuid, photo_uuid_of(sha256), blob_id)
        for some in _batched(face_ids)
        for face_id, uuid, sha256, blob_id in connection.execute(
            select(faces.c.id, faces.c.uuid, photos.c.sha256, indexed_photos.c.blob_id)
            .join_from(faces, indexed_photos)
            .join(photos)
            .where(_are(some))
        )
    ]


def find_faces_by_uuid(connection: Connection, uuids: Collection[str]) -> list[StoredFace]:
    """Those of the faces of these outside ids that are there; not to be shown."""
    ids = [
        FaceId(face_id)
        for some in in_parts(sorted(uuids))
        for face_id in connection.execute(
            select(faces.c.id).where(faces.c.uuid.in_(some))
        ).scalars()
    ]
    return find_stored_faces(connection, ids)


def iter_visible_ids(connection: Connection, scope: SearchScope) -> Iterator[FaceId]:
    """Every face that a search of this scope may show, by rising id."""
    found = (
        select(faces.c.id)
        .join(indexed_photos)
        .where(faces.c.collection_id == scope.collection_id, is_kept(scope))
        .where(exists().where(locations.c.photo_id == indexed_photos.c.photo_id, is_visible(scope)))
        .order_by(faces.c.id)
    )
    for face_id in connection.execute(found).scalars():
        yield FaceId(face_id)


def find_visible_faces(
    connection: Connection, scope: SearchScope, *, face_ids: Sequence[FaceId]
) -> dict[FaceId, VisibleFace]:
    """Those of the given faces that a search of this scope may show."""
    found: dict[FaceId, VisibleFace] = {}
    for some in _batched(face_ids):
        found.update(_find_some(connection, scope, face_ids=some))
    return found


def find_kept_for(
    connection: Connection, face_ids: Sequence[FaceId]
) -> dict[FaceId, PersonId | None]:
    """Who each face is kept for, if for anybody in particular; not to be shown."""
    return {
        FaceId(row.id): row.person_id
        for some in _batched(face_ids)
        for row in connection.execute(
            select(faces.c.id, faces.c.person_id).where(faces.c.id.in_(some))
        )
    }


def iter_blob_ids(connection: Connection) -> Iterator[str]:
    yield from connection.execute(select(indexed_photos.c.blob_id)).scalars()


def iter_face_uuids(connection: Connection) -> Iterator[str]:
    yield from connection.execute(select(faces.c.uuid)).scalars()


def _batched(face_ids: Sequence[FaceId]) -> Iterator[Sequence[FaceId]]:
    """Few enough at a time for any database's limit on the parameters of a query."""
    for start in range(0, len(face_ids), _IDS_A_QUERY):
        yield face_ids[start : start + _IDS_A_QUERY]


def _are(face_ids: Sequence[FaceId]) -> ColumnElement[bool]:
    """One run of ids, as a load from the beginning asks for, is told by its ends alone."""
    first, last = face_ids[0], face_ids[-1]
    is_run = all(before + 1 == after for before, after in pairwise(face_ids))
    return faces.c.id.between(first, last) if is_run else faces.c.id.in_(face_ids)


def _find_some(
    connection: Connection, scope: SearchScope, *, face_ids: Sequence[FaceId]
) -> Iterable[tuple[FaceId, VisibleFace]]:
    rows = connection.execute(
        select(
            *(faces.c[name] for name in ("id", "uuid", "x1", "y1", "x2", "y2", "confidence")),
            faces.c.person_id,
            faces.c.quality,
            *(photos.c[name] for name in ("width_px", "height_px")),
            *(photos.c[name] for name in ("caption", "credit", "copyright")),
            photos.c.sha256,
            indexed_photos.c.blob_id,
            locations.c.uri,
            locations.c.grant_id,
        )
        .join_from(faces, indexed_photos)
        .join(photos)
        .join(locations, locations.c.photo_id == photos.c.id)
        .where(faces.c.id.in_(face_ids), faces.c.collection_id == scope.collection_id)
        .where(is_kept(scope), is_visible(scope))
        .order_by(faces.c.id, locations.c.id)
    )
    for_display = {grant.grant_id for grant in scope.grants if grant.is_for_display}
    places: dict[FaceId, dict[str, bool]] = {}
    first: dict[FaceId, Row[*tuple[Any, ...]]] = {}
    for row in rows:
        first.setdefault(row.id, row)
        shown = places.setdefault(row.id, {})
        shown[row.uri] = shown.get(row.uri, False) or row.grant_id in for_display
    for face_id, row in first.items():
        yield face_id, _parse_visible(row, places[face_id])


def _parse_visible(row: Row[*tuple[Any, ...]], places: dict[str, bool]) -> VisibleFace:
    return VisibleFace(
        stored=StoredFace(FaceId(row.id), row.uuid, photo_uuid_of(row.sha256), row.blob_id),
        person_id=row.person_id,
        box=Box(row.x1, row.y1, row.x2, row.y2),
        confidence=row.confidence,
        quality=parse_quality(row.quality),
        sha256=row.sha256,
        width_px=row.width_px,
        height_px=row.height_px,
        credit=Credit(row.caption, row.credit, row.copyright),
        locations=tuple(VisibleLocation(uri, shown) for uri, shown in places.items()),
    )


def is_kept(scope: SearchScope) -> ColumnElement[bool]:
    """Of an indexed photo: is it still kept in the collection, and of the time that is wanted?"""
    wanted, indexed_at = scope.wanted, indexed_photos.c.indexed_at
    return and_(
        true() if scope.kept_after is None else indexed_at > scope.kept_after,
        true() if wanted.added_from is None else indexed_at >= wanted.added_from,
        true() if wanted.added_before is None else indexed_at < wanted.added_before,
    )


def is_visible(scope: SearchScope, places: FromClause = locations) -> ColumnElement[bool]:
    """Of a location: is it present and covered, and where it is wanted?"""
    # By retention, and not grant by grant: a database reads only so many ORs.
    ids_by_limit: dict[datetime | None, list[GrantId]] = {}
    for grant in scope.grants:
        ids_by_limit.setdefault(grant.kept_after, []).append(grant.grant_id)
    covered = [
        and_(
            # As a sum, so that no database begins with all that a grant covers: it is asked about
            # photos that are known already.
            (places.c.grant_id + 0).in_(ids),
            true() if kept_after is None else places.c.added_at > kept_after,
        )
        for kept_after, ids in ids_by_limit.items()
    ]
    return and_(
        places.c.state == LocationState.PRESENT,
        or_(false(), *covered),
        is_below(scope.wanted.below, places) if scope.wanted.below else true(),
    )


def is_below(address: str, places: FromClause = locations) -> ColumnElement[bool]:
    """At the address or below it; by comparing, since LIKE ignores case on some databases."""
    own, uri = address.removesuffix("/"), places.c.uri
    after = f"{own}{_AFTER_SLASH}"
    # The bounds are said once for all, so that an index can begin there.
    return and_(uri >= own, uri < after, or_(uri == own, uri > f"{own}/"))
