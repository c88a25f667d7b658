"""Face groups as rows: faces of a collection that somebody says are of one person.

Whoever sees what came in under a grant sees the groups that were made under it, and no other:
reading them for a person takes a `SearchScope`, as reading faces does. Names are sealed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, func, insert, select

from mien.catalog.faces import SearchScope, is_kept, is_visible
from mien.catalog.groups_schema import face_group_faces, face_groups
from mien.catalog.parts import in_parts
from mien.catalog.schema import faces, indexed_photos, locations
from mien.types import CollectionId, FaceId, GrantId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFaceGroup:
    """A group under its outside id; `reference` is keyed, and `name` sealed."""

    uuid: str
    collection_id: CollectionId
    grant_id: GrantId
    reference: str
    name: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFaceGroup:
    """A group and its id inside."""

    id: int
    uuid: str
    collection_id: CollectionId
    grant_id: GrantId
    reference: str
    name: bytes
    created_at: datetime


def name_group(uuid: str) -> str:
    """By which name the vault keeps the key of a group."""
    return f"face-group:{uuid}"


def add_group(connection: Connection, new: NewFaceGroup, *, at: datetime) -> StoredFaceGroup:
    """Only where there is none of that reference in its collection, under its grant."""
    values = {name: getattr(new, name) for name in NewFaceGroup.__slots__}
    row = insert(face_groups).values(**values, created_at=at)
    return _parse(connection.execute(row.returning(*face_groups.c)).one())


def find_group(
    connection: Connection, scope: SearchScope, *, reference: str
) -> StoredFaceGroup | None:
    """Of several grants, that of the first."""
    found = select(face_groups).where(_is_seen(scope), face_groups.c.reference == reference)
    row = connection.execute(found.order_by(face_groups.c.id).limit(1)).one_or_none()
    return None if row is None else _parse(row)


def find_groups(
    connection: Connection, scope: SearchScope, *, after: int = 0, limit: int
) -> list[StoredFaceGroup]:
    """So many of the groups whose id is above that one, rising."""
    found = select(face_groups).where(_is_seen(scope), face_groups.c.id > after)
    rows = connection.execute(found.order_by(face_groups.c.id).limit(limit))
    return [_parse(row) for row in rows]


def count_groups(connection: Connection, scope: SearchScope) -> int:
    found = select(func.count()).select_from(face_groups).where(_is_seen(scope))
    return connection.execute(found).scalar_one()


def iter_visible_members(
    connection: Connection, scope: SearchScope
) -> Iterator[tuple[int, FaceId, PersonId | None]]:
    """Every group with every face of it that may be shown, and who that is kept for."""
    is_placed = exists().where(locations.c.photo_id == indexed_photos.c.photo_id, is_visible(scope))
    found = (
        select(face_group_faces.c.group_id, faces.c.id, faces.c.person_id)
        .join_from(face_group_faces, face_groups)
        .join(faces, faces.c.id == face_group_faces.c.face_id)
        .join(indexed_photos)
        .where(_is_seen(scope), faces.c.collection_id == scope.collection_id)
        .where(is_kept(scope), is_placed)
        .order_by(face_group_faces.c.group_id, faces.c.id)
    )
    for group_id, face_id, person_id in connection.execute(found):
        yield group_id, FaceId(face_id), person_id


def find_groups_by_id(
    connection: Connection, scope: SearchScope, *, group_ids: Iterable[int]
) -> dict[int, StoredFaceGroup]:
    """Those of these groups that are seen."""
    return {
        row.id: _parse(row)
        for some in in_parts(group_ids)
        for row in connection.execute(
            select(face_groups).where(_is_seen(scope), face_groups.c.id.in_(some))
        )
    }


def find_groups_with(
    connection: Connection, face_ids: Iterable[int]
) -> list[tuple[StoredFaceGroup, list[FaceId]]]:
    """Every group that has one of these faces, with those it has; for whoever they are of."""
    members: dict[int, list[FaceId]] = defaultdict(list)
    for face_id, group_id in sorted(find_group_ids(connection, face_ids).items()):
        members[group_id].append(face_id)
    return [
        (_parse(row), members[row.id])
        for some in in_parts(sorted(members))
        for row in connection.execute(select(face_groups).where(face_groups.c.id.in_(some)))
    ]


def find_groups_of(
    connection: Connection, *, collection_id: CollectionId, reference: str
) -> list[StoredFaceGroup]:
    """Under every grant, for whoever erases; not to be shown."""
    found = select(face_groups).where(
        face_groups.c.collection_id == collection_id, face_groups.c.reference == reference
    )
    return [_parse(row) for row in connection.execute(found.order_by(face_groups.c.id))]


def find_group_ids(connection: Connection, face_ids: Iterable[int]) -> dict[FaceId, int]:
    """The group that each of these faces is in, where it is in one; not to be shown."""
    found = select(face_group_faces.c.face_id, face_group_faces.c.group_id)
    return {
        FaceId(row.face_id): row.group_id
        for some in in_parts(face_ids)
        for row in connection.execute(found.where(face_group_faces.c.face_id.in_(some)))
    }


def find_faces_of(connection: Connection, group_ids: Iterable[int]) -> dict[int, list[FaceId]]:
    """The faces of each of these groups, in the order they came; none of one without faces."""
    members: dict[int, list[FaceId]] = defaultdict(list)
    for some in in_parts(group_ids):
        found = select(face_group_faces).where(face_group_faces.c.group_id.in_(some))
        for row in connection.execute(found.order_by(face_group_faces.c.id)):
            members[row.group_id].append(FaceId(row.face_id))
    return dict(members)


def tie_faces(connection: Connection, group_id: int, *, face_ids: Iterable[FaceId]) -> None:
    """Puts faces, which are in no group, into one."""
    rows = [{"group_id": group_id, "face_id": face_id} for face_id in face_ids]
    if rows:
        connection.execute(insert(face_group_faces), rows)


def untie_faces(connection: Connection, group_id: int, *, face_ids: Iterable[FaceId]) -> None:
    """Takes faces out of a group. They stay."""
    for some in in_parts(face_ids):
        connection.execute(
            delete(face_group_faces).where(
                face_group_faces.c.group_id == group_id, face_group_faces.c.face_id.in_(some)
            )
        )


def delete_groups(connection: Connection, group_ids: Iterable[int]) -> None:
    """With every membership; the faces stay."""
    for some in in_parts(group_ids):
        connection.execute(delete(face_groups).where(face_groups.c.id.in_(some)))


def count_groups_left(connection: Connection, group_ids: Iterable[int]) -> int:
    """How many of these groups there are."""
    found = select(func.count()).select_from(face_groups)
    return sum(
        connection.execute(found.where(face_groups.c.id.in_(some))).scalar_one()
        for some in in_parts(group_ids)
    )


def find_going(
    connection: Connection,
    *,
    group_ids: Iterable[int],
    grant_ids: Iterable[int],
    face_ids: Collection[int],
) -> list[tuple[int, str]]:
    """Groups that go, as ids inside and outside.

    Those that are named, those of grants that go, and those that lose the last of their faces:
    who a face was of is not known any longer than the face.
    """
    found = select(face_groups.c.id, face_groups.c.uuid)
    uuid_by_id = {
        row.id: row.uuid
        for column, values in ((face_groups.c.id, group_ids), (face_groups.c.grant_id, grant_ids))
        for some in in_parts(values)
        for row in connection.execute(found.where(column.in_(some)))
    }
    going = set(face_ids)
    touched = set(find_group_ids(connection, going).values())
    members = find_faces_of(connection, sorted(touched))
    emptied = [group_id for group_id, own in members.items() if going.issuperset(own)]
    for some in in_parts(emptied):
        rows = connection.execute(found.where(face_groups.c.id.in_(some)))
        uuid_by_id.update((row.id, row.uuid) for row in rows)
    return sorted(uuid_by_id.items())


def find_of_grants(connection: Connection, grant_ids: Iterable[GrantId]) -> list[int]:
    """The groups that were made under these grants."""
    found = select(face_groups.c.id)
    return [
        group_id
        for some in in_parts(grant_ids)
        for group_id in connection.execute(found.where(face_groups.c.grant_id.in_(some))).scalars()
    ]


def iter_group_references(connection: Connection) -> Iterator[tuple[int, str]]:
    """Every group, with what a ledger of erasures would call its key."""
    for row in connection.execute(select(face_groups.c.id, face_groups.c.uuid)):
        yield row.id, f"subject key:{name_group(row.uuid)}"


def _is_seen(scope: SearchScope) -> ColumnElement[bool]:
    grant_ids = [grant.grant_id for grant in scope.grants]
    return and_(
        face_groups.c.collection_id == scope.collection_id, face_groups.c.grant_id.in_(grant_ids)
    )


def _parse(row: Row[Any]) -> StoredFaceGroup:
    return StoredFaceGroup(**row._asdict())
