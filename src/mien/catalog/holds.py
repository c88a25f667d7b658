"""What open cases hold back: locations out of every answer, photos and grants out of `mien add`.

A held location is in quarantine without a moment since when, so that it waits for a decision
and not for its erasure. Several cases may hold one; it comes back when the last lets go of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)

from mien.catalog.parts import in_parts
from mien.catalog.photos import LocationState
from mien.catalog.schema import cases, faces, holds, indexed_photos, locations, photos
from mien.catalog.selection import Selection
from mien.types import GrantId


@dataclass(frozen=True, slots=True)
class Released:
    """A location that no case holds any more."""

    location_id: int
    uri: str
    grant_id: GrantId


def hold(
    connection: Connection, case_id: int, *, selection: Selection, matters: bytes | None = None
) -> int:
    """Holds back what is selected, for a case; of a face, its whole photo. How many locations.

    Of a person, the photos of faces that are kept for them. `matters` are sealed: of them
    nothing comes in, whether anything of them is here or not.
    """
    held = 0
    for condition in _conditions(selection):
        held += _hold_locations(connection, case_id, condition=condition)
    for grant_id in {*selection.grant_ids, *selection.ended_grant_ids}:
        connection.execute(insert(holds).values(case_id=case_id, grant_id=grant_id))
    if matters is not None:
        connection.execute(insert(holds).values(case_id=case_id, sealed=matters))
    return held


def release(connection: Connection, case_id: int) -> list[Released]:
    """Lets go of everything that a case held; what no other holds is as it was before."""
    other = holds.alias()
    mine = select(holds.c.location_id).where(
        holds.c.case_id == case_id, holds.c.location_id.is_not(None)
    )
    free = and_(
        locations.c.id.in_(mine),
        ~exists().where(other.c.location_id == locations.c.id, other.c.case_id != case_id),
        locations.c.quarantined_at.is_(None),
    )
    was = select(func.min(holds.c.was)).where(holds.c.location_id == locations.c.id)
    found = select(locations.c.id, locations.c.uri, locations.c.grant_id).where(free)
    released = [
        Released(row.id, row.uri, GrantId(row.grant_id)) for row in connection.execute(found)
    ]
    connection.execute(update(locations).where(free).values(state=was.scalar_subquery()))
    connection.execute(delete(holds).where(holds.c.case_id == case_id))
    _mark_replaced(connection, [one.location_id for one in released])
    return released


def find_matters(connection: Connection) -> list[tuple[str, bytes]]:
    """What nothing comes in of while cases are open, sealed, each with its case's outside id."""
    found = select(cases.c.uuid, holds.c.sealed).join_from(holds, cases)
    rows = connection.execute(found.where(holds.c.sealed.is_not(None)).order_by(holds.c.id))
    return [(row.uuid, row.sealed) for row in rows]


def is_held(connection: Connection, *, sha256: str, grant_id: GrantId | None = None) -> bool:
    """Is this photo, or this grant if one is named, the matter of an open case?"""
    photo = (
        select(holds.c.id)
        .join(locations, locations.c.id == holds.c.location_id)
        .join(photos)
        .where(photos.c.sha256 == sha256)
    )
    grant = select(holds.c.id).where(holds.c.grant_id == grant_id)
    asked = (photo,) if grant_id is None else (grant, photo)
    return any(connection.execute(found.limit(1)).first() is not None for found in asked)


def _conditions(selection: Selection) -> Iterator[ColumnElement[bool]]:
    """Which locations are meant, few enough at a time for any database."""
    of_faces = select(indexed_photos.c.photo_id).join(faces)
    for some in in_parts(selection.face_ids):
        yield locations.c.photo_id.in_(of_faces.where(faces.c.id.in_(some)))
    for people in in_parts(selection.person_ids):
        yield locations.c.photo_id.in_(of_faces.where(faces.c.person_id.in_(people)))
    for places in in_parts(selection.location_ids):
        yield locations.c.id.in_(places)
    for granted in in_parts({*selection.grant_ids, *selection.ended_grant_ids}):
        yield locations.c.grant_id.in_(granted)


def _hold_locations(connection: Connection, case_id: int, *, condition: ColumnElement[bool]) -> int:
    other = holds.alias()
    before = select(func.min(other.c.was)).where(other.c.location_id == locations.c.id)
    new = ~exists().where(holds.c.location_id == locations.c.id, holds.c.case_id == case_id)
    was = func.coalesce(before.scalar_subquery(), locations.c.state)
    rows = select(literal(case_id), locations.c.id, was).where(condition, new)
    added = connection.execute(
        insert(holds).from_select(["case_id", "location_id", "was"], rows)
    ).rowcount
    connection.execute(update(locations).where(condition).values(state=LocationState.QUARANTINED))
    return added


def _mark_replaced(connection: Connection, location_ids: Iterable[int]) -> None:
    """Of places where another photo was found meanwhile."""
    here = locations.alias()
    taken = exists().where(
        here.c.uri == locations.c.uri,
        here.c.photo_id != locations.c.photo_id,
        here.c.state == LocationState.PRESENT,
    )
    present = locations.c.state == LocationState.PRESENT
    for some in in_parts(location_ids):
        free = and_(locations.c.id.in_(some), present, taken)
        connection.execute(update(locations).where(free).values(state=LocationState.REPLACED))
