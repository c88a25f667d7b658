"""People who are known by name, and the templates they enrolled, as rows.

What is sealed here opens with the vault alone. Ids inside are never used twice: an
enrolment with a higher id than another was made later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from mien.catalog.schema import enrolments, people
from mien.types import PersonId

_IDS_A_QUERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """A person under their outside id; `of_age_at` is when a minor comes of age."""

    uuid: str
    name: str
    of_age_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPerson:
    """A person; `touched_at` is the last time they had anything to do with what is kept."""

    id: PersonId
    uuid: str
    name: str
    of_age_at: datetime | None
    enrolled_at: datetime
    touched_at: datetime


@dataclass(frozen=True, slots=True)
class StoredEnrolment:
    """The sealed template of one photo that a person handed in."""

    id: int
    person_id: PersonId
    model_digest: str
    sealed: bytes


def add_person(connection: Connection, new: NewPerson, *, at: datetime) -> StoredPerson:
    row = insert(people).values(
        uuid=new.uuid, name=new.name, of_age_at=new.of_age_at, enrolled_at=at, touched_at=at
    )
    return _parse_person(connection.execute(row.returning(*people.c)).one())


def find_person(connection: Connection, uuid: str) -> StoredPerson | None:
    row = connection.execute(select(people).where(people.c.uuid == uuid)).one_or_none()
    return None if row is None else _parse_person(row)


def iter_people(connection: Connection) -> Iterator[StoredPerson]:
    """All people, in the order they were enrolled."""
    for row in connection.execute(select(people).order_by(people.c.id)):
        yield _parse_person(row)


def touch_person(connection: Connection, person_id: PersonId, *, at: datetime) -> None:
    """Notes that the person had to do with what is kept: the years are counted from here."""
    connection.execute(update(people).where(people.c.id == person_id).values(touched_at=at))


def add_enrolments(
    connection: Connection,
    sealed: Sequence[bytes],
    *,
    person_id: PersonId,
    model_digest: str,
    at: datetime,
) -> None:
    """Records templates of a person, sealed, each under an id higher than any before."""
    rows = [
        {"person_id": person_id, "model_digest": model_digest, "sealed": one, "added_at": at}
        for one in sealed
    ]
    if rows:
        connection.execute(insert(enrolments), rows)


def find_enrolments(
    connection: Connection, person_ids: Iterable[PersonId], *, model_digest: str
) -> list[StoredEnrolment]:
    """The templates that these people have of a model, in the order they were recorded."""
    wanted, found = sorted(set(person_ids)), list[StoredEnrolment]()
    for start in range(0, len(wanted), _IDS_A_QUERY):
        some = wanted[start : start + _IDS_A_QUERY]
        rows = connection.execute(
            select(enrolments)
            .where(enrolments.c.person_id.in_(some), enrolments.c.model_digest == model_digest)
            .order_by(enrolments.c.id)
        )
        found += [_parse_enrolment(row) for row in rows]
    return sorted(found, key=lambda enrolment: enrolment.id)


def _parse_person(row: Row[*tuple[Any, ...]]) -> StoredPerson:
    return StoredPerson(
        id=PersonId(row.id),
        uuid=row.uuid,
        name=row.name,
        of_age_at=row.of_age_at,
        enrolled_at=row.enrolled_at,
        touched_at=row.touched_at,
    )


def _parse_enrolment(row: Row[*tuple[Any, ...]]) -> StoredEnrolment:
    return StoredEnrolment(row.id, PersonId(row.person_id), row.model_digest, row.sealed)
