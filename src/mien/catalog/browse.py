"""Photos of a collection as somebody may look at them, page by page.

As with faces, every query takes a `SearchScope`: a photo is there where a present location of it
lies under a grant that covers the look, and whose retention has not ended. A page begins after
the last row of the one before, so that what comes in or goes meanwhile moves nothing. That it
is not before that row is said twice: the first time so that an index can begin there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, or_, select, true

from mien.catalog.faces import SearchScope, is_kept, is_visible
from mien.catalog.parts import in_parts
from mien.catalog.photos import photo_uuid_of
from mien.catalog.schema import collections, faces, grants, indexed_photos, locations, photos
from mien.types import Credit, FaceId, PersonId, PhotoId

_HEX_AFTER = "g"


@dataclass(frozen=True, slots=True)
class VisiblePlace:
    """A place of a photo that somebody may be told, the grant it is under, and since when."""

    uri: str
    grant_id: str
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VisiblePhoto:
    """A photo of a collection that somebody may look at; `dropped` faces of it are not kept.

    `position` is its place in the order it was listed in; `id` is the indexed photo's.
    """

    id: int
    photo_id: PhotoId
    sha256: str
    blob_id: str
    width_px: int
    height_px: int
    size_bytes: int
    media_type: str
    credit: Credit
    added_at: datetime
    dropped: int
    position: Position
    places: tuple[VisiblePlace, ...] = ()

    @property
    def uuid(self) -> str:
        return photo_uuid_of(self.sha256)


@dataclass(frozen=True, slots=True)
class Position:
    """After which photo a page begins: what it is sorted by, and an id where that is the same."""

    key: datetime | str
    id: int


def find_newest(
    connection: Connection,
    scope: SearchScope,
    *,
    of_people: Collection[PersonId] | None = None,
    after: Position | None = None,
    limit: int,
) -> list[VisiblePhoto]:
    """The photos that came in last; with people, those alone that show a face kept for one."""
    key, own = indexed_photos.c.indexed_at, indexed_photos.c.id
    found = (
        _select_photos(key, own)
        .where(indexed_photos.c.collection_id == scope.collection_id)
        .where(exists().where(locations.c.photo_id == indexed_photos.c.photo_id, is_visible(scope)))
        .order_by(key.desc(), own.desc())
    )
    if after is not None:
        is_next = or_(key < after.key, and_(key == after.key, own < after.id))
        found = found.where(key <= after.key, is_next)
    return _read_page(connection, found, scope=scope, of_people=of_people, limit=limit)


def find_by_place(
    connection: Connection,
    scope: SearchScope,
    *,
    of_people: Collection[PersonId] | None = None,
    after: Position | None = None,
    limit: int,
) -> list[VisiblePhoto]:
    """The photos by the first of their places; each once, as `find_newest`."""
    key, own, other = locations.c.uri, locations.c.photo_id, locations.alias()
    is_before = or_(other.c.uri < key, and_(other.c.uri == key, other.c.id < locations.c.id))
    is_again = exists().where(
        other.c.photo_id == locations.c.photo_id, is_visible(scope, other), is_before
    )
    found = (
        _select_photos(key, own)
        .join(locations, locations.c.photo_id == indexed_photos.c.photo_id)
        .where(key >= ("" if after is None else after.key), is_visible(scope), ~is_again)
        .order_by(key, own)
    )
    if after is not None:
        is_next = or_(key > after.key, and_(key == after.key, own > after.id))
        found = found.where(is_next)
    return _read_page(connection, found, scope=scope, of_people=of_people, limit=limit)


def find_visible_photo(
    connection: Connection, scope: SearchScope, *, photo_uuid: str
) -> VisiblePhoto | None:
    """The photo, where somebody may look at it in this collection."""
    found = _select_photos(indexed_photos.c.indexed_at, indexed_photos.c.id).where(
        _is_called(photo_uuid),
        exists().where(locations.c.photo_id == indexed_photos.c.photo_id, is_visible(scope)),
    )
    return next(iter(_read_page(connection, found, scope=scope, of_people=None, limit=1)), None)


def find_collections_of_photo(connection: Connection, photo_uuid: str) -> list[str]:
    """The names of the collections that a photo is indexed in; not to be shown."""
    found = select(collections.c.name).join_from(collections, indexed_photos).join(photos)
    ordered = found.where(_is_called(photo_uuid)).order_by(collections.c.id)
    return list(connection.execute(ordered).scalars())


def find_collection_of_face(connection: Connection, face_uuid: str) -> tuple[str, FaceId] | None:
    """The name of the collection that a face is in, and its id inside; not to be shown."""
    found = select(collections.c.name, faces.c.id).join_from(collections, faces)
    row = connection.execute(found.where(faces.c.uuid == face_uuid)).one_or_none()
    return None if row is None else (row.name, FaceId(row.id))


def find_collections_of_person(connection: Connection, person_id: PersonId) -> list[str]:
    """The names of the collections with a face that is kept for somebody; not to be shown."""
    kept = exists().where(faces.c.collection_id == collections.c.id, faces.c.person_id == person_id)
    found = select(collections.c.name).where(kept).order_by(collections.c.id)
    return list(connection.execute(found).scalars())


def find_face_ids(
    connection: Connection, indexed_ids: Iterable[int]
) -> Mapping[int, Sequence[FaceId]]:
    """All faces of these indexed photos, by rising id; not to be shown."""
    found: dict[int, list[FaceId]] = defaultdict(list)
    for some in in_parts(indexed_ids):
        rows = connection.execute(
            select(faces.c.id, faces.c.indexed_photo_id)
            .where(faces.c.indexed_photo_id.in_(some))
            .order_by(faces.c.id)
        )
        for row in rows:
            found[row.indexed_photo_id].append(FaceId(row.id))
    return found


def find_face_ids_beside(connection: Connection, face_id: FaceId) -> list[FaceId]:
    """All faces of a face's photo in its collection, its own included; not to be shown."""
    own = select(faces.c.indexed_photo_id).where(faces.c.id == face_id).scalar_subquery()
    found = select(faces.c.id).where(faces.c.indexed_photo_id == own).order_by(faces.c.id)
    return [FaceId(row_id) for row_id in connection.execute(found).scalars()]


def find_places(
    connection: Connection, scope: SearchScope, *, photo_ids: Iterable[int]
) -> Mapping[int, Sequence[VisiblePlace]]:
    """Where these photos lie, as far as somebody may be told."""
    places: dict[int, list[VisiblePlace]] = defaultdict(list)
    names = ("photo_id", "uri", "added_at")
    found = select(*(locations.c[name] for name in names), grants.c.uuid).join_from(
        locations, grants
    )
    for some in in_parts(photo_ids):
        chosen = found.where(locations.c.photo_id.in_(some), is_visible(scope))
        for row in connection.execute(chosen.order_by(locations.c.id)):
            places[row.photo_id].append(VisiblePlace(row.uri, row.uuid, row.added_at))
    return places


def _select_photos(key: ColumnElement[Any], own: ColumnElement[int]) -> Select[Any]:
    names = ("id", "photo_id", "blob_id", "indexed_at", "dropped")
    described = ("sha256", "width_px", "height_px", "size_bytes", "media_type")
    return select(
        *(indexed_photos.c[name] for name in names),
        *(photos.c[name] for name in (*described, "caption", "credit", "copyright")),
        key.label("position_key"),
        own.label("position_id"),
    ).join_from(indexed_photos, photos)


def _read_page(
    connection: Connection,
    found: Select[Any],
    *,
    scope: SearchScope,
    of_people: Collection[PersonId] | None,
    limit: int,
) -> list[VisiblePhoto]:
    chosen = found.where(
        # As a sum: whether it pays to begin with the collection, the caller says.
        indexed_photos.c.collection_id + 0 == scope.collection_id,
        is_kept(scope),
        true() if of_people is None else _shows(of_people),
    )
    rows = connection.execute(chosen.limit(limit)).all()
    places = find_places(connection, scope, photo_ids=[row.photo_id for row in rows])
    return [_parse(row, places.get(row.photo_id, ())) for row in rows]


def _shows(people: Collection[PersonId]) -> ColumnElement[bool]:
    return exists().where(
        faces.c.indexed_photo_id == indexed_photos.c.id, faces.c.person_id.in_(people)
    )


def _is_called(photo_uuid: str) -> ColumnElement[bool]:
    """The first half of a photo's SHA-256 is its id outside."""
    beginning = photo_uuid.replace("-", "")
    return and_(photos.c.sha256 >= beginning, photos.c.sha256 < beginning + _HEX_AFTER)


def _parse(row: Row[Any], places: Sequence[VisiblePlace]) -> VisiblePhoto:
    return VisiblePhoto(
        id=row.id,
        photo_id=PhotoId(row.photo_id),
        sha256=row.sha256,
        blob_id=row.blob_id,
        width_px=row.width_px,
        height_px=row.height_px,
        size_bytes=row.size_bytes,
        media_type=row.media_type,
        credit=Credit(row.caption, row.credit, row.copyright),
        added_at=row.indexed_at,
        dropped=row.dropped,
        position=Position(row.position_key, row.position_id),
        places=tuple(places),
    )
