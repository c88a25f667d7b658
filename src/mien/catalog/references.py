"""What a ledger of erasures calls things: names that never come twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, select

from mien.catalog.schema import (
    enrolments,
    faces,
    grants,
    indexed_photos,
    locations,
    people,
    photos,
    suppressions,
)
from mien.types import FaceId, GrantId, PersonId


def refer_to_sighting(sha256: str, uuid: str) -> str:
    """What is remembered of a photo that may not come in again under a grant or in a collection."""
    return f"sighting:{sha256}:{uuid}"


def refer_to_face(uuid: str) -> str:
    """What a ledger calls a face."""
    return f"face:{uuid}"


def refer_to_blob(blob_id: str) -> str:
    """What a ledger calls what was sealed of a photo in a collection."""
    return f"blob:{blob_id}"


def refer_to_grant(uuid: str) -> str:
    """What a ledger calls a grant."""
    return f"grant:{uuid}"


def refer_to_person(uuid: str) -> str:
    """What a ledger calls a person."""
    return f"person:{uuid}"


def refer_to_enrolments(key_uuid: str) -> str:
    """What a ledger calls the templates under one key."""
    return f"enrolments:{key_uuid}"


def iter_face_references(connection: Connection) -> Iterator[tuple[FaceId, str]]:
    """Every face, with what a ledger would call it."""
    for row in connection.execute(select(faces.c.id, faces.c.uuid)):
        yield FaceId(row.id), refer_to_face(row.uuid)


def iter_location_references(connection: Connection) -> Iterator[tuple[int, str]]:
    """Every location, with what a ledger would call it."""
    for row in connection.execute(describe_locations()):
        yield row.id, refer_to_location(row)


def iter_grant_references(connection: Connection) -> Iterator[tuple[GrantId, str]]:
    """Every grant, with what a ledger would call it."""
    for row in connection.execute(select(grants.c.id, grants.c.uuid)):
        yield GrantId(row.id), refer_to_grant(row.uuid)


def iter_indexed_references(connection: Connection) -> Iterator[tuple[int, str]]:
    """Every indexed photo, with what a ledger would call its blob."""
    for row in connection.execute(select(indexed_photos.c.id, indexed_photos.c.blob_id)):
        yield row.id, refer_to_blob(row.blob_id)


def iter_person_references(connection: Connection) -> Iterator[tuple[PersonId, str]]:
    """Every person, with what a ledger would call them."""
    for row in connection.execute(select(people.c.id, people.c.uuid)):
        yield PersonId(row.id), refer_to_person(row.uuid)


def iter_enrolment_references(connection: Connection) -> Iterator[tuple[int, str]]:
    """Every enrolment, with what a ledger would call it."""
    for row in connection.execute(select(enrolments.c.id, enrolments.c.key_uuid)):
        yield row.id, refer_to_enrolments(row.key_uuid)


def iter_suppression_references(connection: Connection) -> Iterator[tuple[int, str]]:
    """Every opt-out, with what a ledger would call its key."""
    for row in connection.execute(select(suppressions.c.id, suppressions.c.uuid)):
        yield row.id, f"subject key:suppression:{row.uuid}"


def describe_locations() -> Any:  # noqa: ANN401  (a select of many columns)
    """Locations with what their reference is made of."""
    return (
        select(
            *(locations.c[name] for name in ("id", "uri", "photo_id", "grant_id", "added_at")),
            photos.c.sha256,
            grants.c.uuid.label("grant_uuid"),
        )
        .join_from(locations, photos)
        .join(grants)
    )


def refer_to_location(location: Row[Any]) -> str:
    """The moment is part of it: what is added anew later is another location."""
    added = location.added_at.isoformat()
    return f"location:{location.sha256}:{location.grant_uuid}:{added}:{location.uri}"
