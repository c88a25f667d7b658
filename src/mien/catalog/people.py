"""People who are known by name, and the templates they enrolled, as rows.

What is sealed here opens with the vault alone. Ids inside are never used twice: an
enrolment with a higher id than another was made later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from mien.catalog.parts import in_parts
from mien.catalog.schema import consent_events, consents, enrolments, faces, people
from mien.errors import ConflictError, NotFoundError
from mien.types import PersonId


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


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEnrolments:
    """Sealed templates that a person handed in together, and which key opens them."""

    person_id: PersonId
    model_digest: str
    key_uuid: str
    sealed: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class StoredEnrolment:
    """The sealed template of one photo that a person handed in."""

    id: int
    person_id: PersonId
    model_digest: str
    key_uuid: str
    sealed: bytes


def add_person(connection: Connection, new: NewPerson, *, at: datetime) -> StoredPerson:
    row = insert(people).values(
        uuid=new.uuid, name=new.name, of_age_at=new.of_age_at, enrolled_at=at, touched_at=at
    )
    return _parse_person(connection.execute(row.returning(*people.c)).one())


def get_person(connection: Connection, name: str) -> StoredPerson:
    """By outside id, or by name in any case where only one person has it.

    Raises `NotFoundError`, and `ConflictError` where several people have the name.
    """
    row = connection.execute(select(people).where(people.c.uuid == name.lower())).one_or_none()
    if row is not None:
        return _parse_person(row)
    wanted = name.strip().casefold()
    found = [person for person in iter_people(connection) if person.name.casefold() == wanted]
    if not found:
        raise NotFoundError(f"Nobody is known as {name}. List people with: mien people list")
    if len(found) > 1:
        ids = ", ".join(person.uuid for person in found)
        raise ConflictError(f"{len(found)} people have the name {name}. Choose one by id: {ids}.")
    return found[0]


def find_person(connection: Connection, uuid: str) -> StoredPerson | None:
    """By outside id alone."""
    row = connection.execute(select(people).where(people.c.uuid == uuid)).one_or_none()
    return None if row is None else _parse_person(row)


def find_people(connection: Connection, person_ids: Iterable[PersonId]) -> list[StoredPerson]:
    """Those of these people who are known, in the order they were enrolled."""
    found = select(people).order_by(people.c.id)
    return [
        _parse_person(row)
        for some in in_parts(sorted(set(person_ids)))
        for row in connection.execute(found.where(people.c.id.in_(some)))
    ]


def iter_people(connection: Connection) -> Iterator[StoredPerson]:
    """All people, in the order they were enrolled."""
    for row in connection.execute(select(people).order_by(people.c.id)):
        yield _parse_person(row)


def rename_person(connection: Connection, person_id: PersonId, *, name: str) -> None:
    """Writes a person's name anew."""
    connection.execute(update(people).where(people.c.id == person_id).values(name=name))


def touch_person(connection: Connection, person_id: PersonId, *, at: datetime) -> None:
    """Notes that the person had to do with what is kept: the years are counted from here."""
    connection.execute(update(people).where(people.c.id == person_id).values(touched_at=at))


def add_enrolments(connection: Connection, new: NewEnrolments, *, at: datetime) -> None:
    """Records templates of a person, each under an id higher than any before."""
    rows = [
        {
            "person_id": new.person_id,
            "model_digest": new.model_digest,
            "key_uuid": new.key_uuid,
            "sealed": one,
            "added_at": at,
        }
        for one in new.sealed
    ]
    if rows:
        connection.execute(insert(enrolments), rows)


def count_enrolments(connection: Connection, *, model_digest: str) -> dict[PersonId, int]:
    """How many templates each person has of a model."""
    found = select(enrolments.c.person_id, func.count().label("number"))
    of_model = found.where(enrolments.c.model_digest == model_digest)
    rows = connection.execute(of_model.group_by(enrolments.c.person_id))
    return {PersonId(row.person_id): row.number for row in rows}


def find_perhaps_overdue(
    connection: Connection, *, ended_until: datetime, untouched_since: datetime
) -> list[StoredPerson]:
    """Everybody of whom something may be overdue, to be looked at closely.

    Of those who had nothing to do with it since a moment, everything; of all others, what was
    kept under consents of which none holds after another moment.
    """
    still_held = select(consents.c.person_id).join(consent_events)
    for_longer = still_held.where(consent_events.c.valid_until > ended_until)
    taken_back = still_held.where(consent_events.c.valid_until.is_(None))
    is_held = exists().where(enrolments.c.person_id == people.c.id) | exists().where(
        faces.c.person_id == people.c.id
    )
    may_be = (
        people.c.id.not_in(for_longer)
        | people.c.id.in_(taken_back)
        | (people.c.of_age_at <= ended_until)
    )
    found = select(people).where(or_(people.c.touched_at <= untouched_since, is_held & may_be))
    return [_parse_person(row) for row in connection.execute(found.order_by(people.c.id))]


def renew_enrolments(connection: Connection, person_id: PersonId) -> int:
    """Gives the templates of a person new ids, higher than any before; how many there are."""
    old = list(connection.execute(select(enrolments.c.id).where(_is_of(person_id))).scalars())
    copied = [column for column in enrolments.c if column.name != "id"]
    rows = select(*copied).where(_is_of(person_id)).order_by(enrolments.c.id)
    connection.execute(insert(enrolments).from_select([c.name for c in copied], rows))
    connection.execute(delete(enrolments).where(enrolments.c.id.in_(old)))
    return len(old)


def find_enrolments(
    connection: Connection, person_ids: Iterable[PersonId], *, model_digest: str
) -> list[StoredEnrolment]:
    """The templates that these people have of a model, in the order they were recorded."""
    found: list[StoredEnrolment] = []
    for some in in_parts(sorted(set(person_ids))):
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
    return StoredEnrolment(
        row.id, PersonId(row.person_id), row.model_digest, row.key_uuid, row.sealed
    )


def _is_of(person_id: PersonId) -> ColumnElement[bool]:
    return enrolments.c.person_id == person_id
