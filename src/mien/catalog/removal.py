"""Rows that go together: what falls with a face, a location, a grant or a person; its deletion.

A photo stays as long as any location of it does. One that stays without some of its faces
keeps its row, so that it is known again and they do not come back with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, func, select, update

from mien.catalog.cases import count_remembered, find_uuids, forget_cases
from mien.catalog.face_groups import count_groups_left, delete_groups, find_going
from mien.catalog.image_names import delete_names_of_nobody
from mien.catalog.judgements import count_judgements_of, delete_judgements_of
from mien.catalog.parts import in_parts
from mien.catalog.photos import photo_uuid_of
from mien.catalog.references import (
    describe_locations,
    refer_to_enrolments,
    refer_to_location,
    refer_to_person,
)
from mien.catalog.runs_schema import originals
from mien.catalog.schema import (
    collections,
    consent_events,
    consents,
    enrolments,
    faces,
    grants,
    indexed_photos,
    locations,
    people,
    photos,
    runs,
    suppressions,
)
from mien.catalog.selection import Selection
from mien.types import GrantId

_ON_A_SHELF = "upload:"


@dataclass(slots=True, kw_only=True)
class Removal:
    """Everything that goes with a selection, by ids inside and outside.

    `kept_blobs` are of photos that stay without some of their faces; `originals` of photos that
    go, or stay at other places than where they were handed in; `covers` are pairs of a photo
    that stays and a grant that covered it; an enrolment stands with its key's id; strays
    have no row, and came back from a backup, subjects as the vault calls them.
    """

    faces: list[tuple[int, str, int]] = field(default_factory=list)
    blobs: list[tuple[int, str]] = field(default_factory=list)
    photos: list[tuple[int, str]] = field(default_factory=list)
    locations: list[int] = field(default_factory=list)
    grants: list[tuple[int, str]] = field(default_factory=list)
    people: list[tuple[int, str]] = field(default_factory=list)
    consents: list[tuple[int, str]] = field(default_factory=list)
    enrolments: list[tuple[int, str]] = field(default_factory=list)
    ended_grants: list[str] = field(default_factory=list)
    covers: list[tuple[str, str]] = field(default_factory=list)
    kept_blobs: list[tuple[str, str]] = field(default_factory=list)
    originals: list[tuple[int, str]] = field(default_factory=list)
    cases: list[tuple[int, str]] = field(default_factory=list)
    suppressions: list[tuple[int, str]] = field(default_factory=list)
    face_groups: list[tuple[int, str]] = field(default_factory=list)
    stray_faces: list[str] = field(default_factory=list)
    stray_photos: list[str] = field(default_factory=list)
    stray_blobs: list[str] = field(default_factory=list)
    stray_subjects: list[str] = field(default_factory=list)
    stray_vouchers: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """A removal, with references to the rows that only they can tell, and the places left.

    `sightings` are photos, by SHA-256, each with a grant that it was found under or a
    collection that it was indexed in.
    """

    removal: Removal
    references: tuple[str, ...]
    sightings: tuple[tuple[str, str], ...]
    uris: tuple[str, ...]


def plan_removal(connection: Connection, selection: Selection) -> Plan:
    """What goes with a selection; changes nothing."""
    removal = Removal()
    chosen = _find_locations(connection, selection)
    forgotten = _find_indexed(connection, selection.indexed_ids)
    going = _unite(chosen, _find_orphaned(connection, forgotten))
    removal.locations = [row.id for row in going]
    photos_gone = _plan_photos(connection, removal, going=going)
    removal.originals = _find_originals(connection, going)
    _plan_faces(
        connection, removal, selection=selection, photos_gone=photos_gone, forgotten=forgotten
    )
    removal.grants = _find_grants(connection, selection.grant_ids)
    removal.ended_grants = [uuid for _, uuid in _find_grants(connection, selection.ended_grant_ids)]
    _plan_people(connection, removal, selection=selection)
    keys = dict.fromkeys(key_uuid for _, key_uuid in removal.enrolments)
    removal.cases = find_uuids(connection, selection.case_ids)
    removal.suppressions = _find_suppressions(connection, selection.suppression_ids)
    removal.face_groups = find_going(
        connection,
        group_ids=selection.face_group_ids,
        grant_ids=[*selection.grant_ids, *selection.ended_grant_ids],
        face_ids=[face_id for face_id, _, _ in removal.faces],
    )
    return Plan(
        removal,
        references=(
            *(refer_to_location(row) for row in going),
            *(refer_to_person(uuid) for _, uuid in removal.people),
            *(refer_to_enrolments(key_uuid) for key_uuid in keys),
        ),
        sightings=(
            *((row.sha256, row.grant_uuid) for row in chosen),
            *((row.sha256, row.collection_uuid) for row in forgotten),
        ),
        uris=tuple(row.uri for row in going),
    )


def delete_rows(connection: Connection, removal: Removal, *, at: datetime) -> None:
    """Takes the planned rows away, ends grants that end, and tells every index in memory."""
    face_collections = {collection_id for _, _, collection_id in removal.faces}
    face_ids = [face_id for face_id, _, _ in removal.faces]
    delete_judgements_of(connection, face_ids)
    delete_groups(connection, [group_id for group_id, _ in removal.face_groups])
    _delete(connection, faces, ids=face_ids)
    if face_ids:
        delete_names_of_nobody(connection)
    _delete(connection, indexed_photos, ids=[blob_id for blob_id, _ in removal.blobs])
    _delete(connection, locations, ids=removal.locations)
    _delete(connection, originals, ids=[row_id for row_id, _ in removal.originals])
    _delete(connection, photos, ids=[photo_id for photo_id, _ in removal.photos])
    grant_ids = [grant_id for grant_id, _ in removal.grants]
    for some in in_parts(grant_ids):
        connection.execute(delete(runs).where(runs.c.grant_id.in_(some)))
    _delete(connection, grants, ids=grant_ids)
    _delete(connection, suppressions, ids=[row_id for row_id, _ in removal.suppressions])
    for ended in removal.ended_grants:
        in_force = (grants.c.uuid == ended) & grants.c.revoked_at.is_(None)
        connection.execute(
            update(grants).where(in_force, grants.c.valid_until > at).values(revoked_at=at)
        )
    _delete(connection, enrolments, ids=[enrolment_id for enrolment_id, _ in removal.enrolments])
    for some in in_parts(consent_id for consent_id, _ in removal.consents):
        connection.execute(delete(consent_events).where(consent_events.c.consent_id.in_(some)))
        connection.execute(delete(consents).where(consents.c.id.in_(some)))
    _delete(connection, people, ids=[person_id for person_id, _ in removal.people])
    forget_cases(connection, [case_id for case_id, _ in removal.cases])
    for collection_id in sorted(face_collections):
        connection.execute(
            update(collections)
            .where(collections.c.id == collection_id)
            .values(revision=collections.c.revision + 1)
        )


def count_left(connection: Connection, removal: Removal) -> dict[str, int]:
    """How many of the planned rows there still are, by class; ids are never used again."""
    face_ids = [face_id for face_id, _, _ in removal.faces]
    return {
        "faces": _count(connection, faces, ids=face_ids),
        "judgements": count_judgements_of(connection, face_ids),
        "photos": _count(connection, photos, ids=[photo_id for photo_id, _ in removal.photos]),
        "locations": _count(connection, locations, ids=removal.locations),
        "grants": _count(connection, grants, ids=[grant_id for grant_id, _ in removal.grants]),
        "people": _count(connection, people, ids=[i for i, _ in removal.people]),
        "consents": _count(connection, consents, ids=[i for i, _ in removal.consents]),
        "templates": _count(connection, enrolments, ids=[i for i, _ in removal.enrolments]),
        "originals": _count(connection, originals, ids=[i for i, _ in removal.originals]),
        "cases": count_remembered(connection, [case_id for case_id, _ in removal.cases]),
        "suppressions": _count(connection, suppressions, ids=[i for i, _ in removal.suppressions]),
        "face_groups": count_groups_left(connection, [i for i, _ in removal.face_groups]),
    }


def iter_blobs(connection: Connection) -> Iterator[tuple[str, str]]:
    """The blob of every indexed photo, with the photo's outside id."""
    found = select(indexed_photos.c.blob_id, photos.c.sha256).join_from(indexed_photos, photos)
    for row in connection.execute(found):
        yield row.blob_id, photo_uuid_of(row.sha256)


def iter_covers(connection: Connection) -> Iterator[tuple[str, str]]:
    """Every photo's outside id, with every grant that covers it."""
    found = select(photos.c.sha256, grants.c.uuid).join_from(locations, photos).join(grants)
    for row in connection.execute(found.distinct()):
        yield photo_uuid_of(row.sha256), row.uuid


def _find_locations(connection: Connection, selection: Selection) -> list[Row[Any]]:
    found = describe_locations()
    chosen = [
        *_rows(connection, found, column=locations.c.id, values=selection.location_ids),
        *_rows(connection, found, column=locations.c.grant_id, values=selection.grant_ids),
    ]
    return _unite(chosen)


def _plan_photos(
    connection: Connection, removal: Removal, *, going: list[Row[Any]]
) -> dict[int, str]:
    """Photos without a location left, by id; notes also which grants lose a photo that stays."""
    uuids = {row.photo_id: photo_uuid_of(row.sha256) for row in going}
    gone = {row.id for row in going}
    staying: set[tuple[int, str]] = set()
    for row in _rows(
        connection, describe_locations(), column=locations.c.photo_id, values=list(uuids)
    ):
        if row.id not in gone:
            staying.add((row.photo_id, row.grant_uuid))
    kept = {photo_id for photo_id, _ in staying}
    lost = {(row.photo_id, row.grant_uuid) for row in going} - staying
    removal.covers = sorted((uuids[photo], grant) for photo, grant in lost if photo in kept)
    photos_gone = {photo: uuid for photo, uuid in uuids.items() if photo not in kept}
    removal.photos = list(photos_gone.items())
    return photos_gone


def _find_originals(connection: Connection, going: list[Row[Any]]) -> list[tuple[int, str]]:
    """Those of photos that stay at no place on a shelf, as row and blob."""
    gone, photo_ids = {row.id for row in going}, {row.photo_id for row in going}
    placed = select(locations.c.id, locations.c.photo_id).where(
        locations.c.uri.startswith(_ON_A_SHELF, autoescape=True)
    )
    of_photos = locations.c.photo_id
    still = {
        row.photo_id
        for row in _rows(connection, placed, column=of_photos, values=sorted(photo_ids))
        if row.id not in gone
    }
    found = select(originals.c.id, originals.c.blob_id)
    rows = _rows(connection, found, column=originals.c.photo_id, values=sorted(photo_ids - still))
    return [(row.id, row.blob_id) for row in rows]


def _plan_faces(
    connection: Connection,
    removal: Removal,
    *,
    selection: Selection,
    photos_gone: dict[int, str],
    forgotten: Sequence[Row[Any]],
) -> None:
    found = select(
        *(faces.c[name] for name in ("id", "uuid", "collection_id")), indexed_photos.c.photo_id
    ).join_from(faces, indexed_photos)
    of_photos, of_indexed = indexed_photos.c.photo_id, faces.c.indexed_photo_id
    indexed_gone = {row.id for row in forgotten}
    chosen = [
        *_rows(connection, found, column=faces.c.id, values=selection.face_ids),
        *_rows(connection, found, column=faces.c.person_id, values=selection.person_ids),
    ]
    kept = {row.photo_id for row in chosen} - photos_gone.keys()
    chosen += _rows(connection, found, column=of_photos, values=list(photos_gone))
    chosen += _rows(connection, found, column=of_indexed, values=indexed_gone)
    by_id = {row.id: row for row in chosen}
    removal.faces = [(row.id, row.uuid, row.collection_id) for row in by_id.values()]
    blobs = select(
        indexed_photos.c.id, indexed_photos.c.blob_id, photos.c.sha256, indexed_photos.c.photo_id
    ).join_from(indexed_photos, photos)
    for row in _rows(connection, blobs, column=of_photos, values=[*photos_gone, *sorted(kept)]):
        if row.photo_id in photos_gone:
            removal.blobs.append((row.id, row.blob_id))
        elif row.id not in indexed_gone:
            removal.kept_blobs.append((row.blob_id, photo_uuid_of(row.sha256)))
    removal.blobs += [(row.id, row.blob_id) for row in forgotten if row.photo_id not in photos_gone]


def _find_indexed(connection: Connection, ids: Collection[int]) -> list[Row[Any]]:
    found = (
        select(
            *(indexed_photos.c[name] for name in ("id", "blob_id", "photo_id")),
            photos.c.sha256,
            collections.c.uuid.label("collection_uuid"),
        )
        .join_from(indexed_photos, photos)
        .join(collections)
    )
    return list(_rows(connection, found, column=indexed_photos.c.id, values=ids))


def _find_orphaned(connection: Connection, forgotten: Sequence[Row[Any]]) -> list[Row[Any]]:
    """The locations of photos that are indexed nowhere else: nothing asks for them any more."""
    ids, photo_ids = {row.id for row in forgotten}, {row.photo_id for row in forgotten}
    of_photos = indexed_photos.c.photo_id
    found = select(indexed_photos.c.id, of_photos)
    still = {
        row.photo_id
        for row in _rows(connection, found, column=of_photos, values=photo_ids)
        if row.id not in ids
    }
    places = describe_locations()
    return list(_rows(connection, places, column=locations.c.photo_id, values=photo_ids - still))


def _unite(*found: Iterable[Row[Any]]) -> list[Row[Any]]:
    """Each row once."""
    return list({row.id: row for row in chain(*found)}.values())


def _plan_people(connection: Connection, removal: Removal, *, selection: Selection) -> None:
    """People with their consents and all of their templates, and templates that go alone."""
    ids = selection.person_ids
    named = select(people.c.id, people.c.uuid)
    recorded = select(consents.c.id, consents.c.uuid)
    enrolled = select(enrolments.c.id, enrolments.c.key_uuid)
    alone = selection.enrolment_ids
    chosen = [
        *_rows(connection, enrolled, column=enrolments.c.person_id, values=ids),
        *_rows(connection, enrolled, column=enrolments.c.id, values=alone),
    ]
    removal.people = [tuple(r) for r in _rows(connection, named, column=people.c.id, values=ids)]
    removal.consents = [
        tuple(r) for r in _rows(connection, recorded, column=consents.c.person_id, values=ids)
    ]
    removal.enrolments = sorted({tuple(row) for row in chosen})


def _find_grants(connection: Connection, ids: Collection[GrantId]) -> list[tuple[int, str]]:
    found = select(grants.c.id, grants.c.uuid)
    return [(row.id, row.uuid) for row in _rows(connection, found, column=grants.c.id, values=ids)]


def _find_suppressions(connection: Connection, ids: Collection[int]) -> list[tuple[int, str]]:
    found = select(suppressions.c.id, suppressions.c.uuid)
    rows = _rows(connection, found, column=suppressions.c.id, values=ids)
    return [(row.id, row.uuid) for row in rows]


def _rows(
    connection: Connection,
    found: Any,  # noqa: ANN401  (a select of any columns)
    *,
    column: ColumnElement[int],
    values: Iterable[int],
) -> Iterator[Row[Any]]:
    for some in in_parts(values):
        yield from connection.execute(found.where(column.in_(some)))


def _delete(connection: Connection, table: Table, *, ids: Iterable[int]) -> None:
    for some in in_parts(ids):
        connection.execute(delete(table).where(table.c.id.in_(some)))


def _count(connection: Connection, table: Table, *, ids: Iterable[int]) -> int:
    return sum(
        connection.execute(
            select(func.count()).select_from(table).where(table.c.id.in_(some))
        ).scalar_one()
        for some in in_parts(ids)
    )
