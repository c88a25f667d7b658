"""What people said of candidates, as rows; to be believed only where their mark is right.

See `mien.service.judgements`. Whatever goes with a face goes here by its foreign keys too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, or_, select

from mien.catalog.judgements_schema import judgements
from mien.catalog.parts import in_parts
from mien.types import FaceId


class JudgementKind(StrEnum):
    """What somebody said of a candidate."""

    KEPT = "kept"
    """Worth keeping: it goes into what is taken along."""
    REJECTED = "rejected"
    """Not this person."""
    CONFIRMED = "confirmed"
    """This person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredJudgement:
    """One person's word on one candidate of one probe."""

    uuid: str
    face_id: FaceId
    probe_face_id: FaceId | None
    probe: str
    actor: str
    kind: str
    search: str
    made_at: datetime
    mark: str = ""


@dataclass(frozen=True, slots=True)
class ProbeKey:
    """What was searched with: a keyed reference, and which face of a collection it is, if one."""

    reference: str
    face_id: FaceId | None = None


def put_judgement(connection: Connection, judgement: StoredJudgement) -> None:
    """In the place of what the same person said of the same candidate before."""
    same = and_(
        judgements.c.face_id == judgement.face_id,
        judgements.c.probe == judgement.probe,
        judgements.c.actor == judgement.actor,
    )
    connection.execute(delete(judgements).where(same))
    values = {name: getattr(judgement, name) for name in StoredJudgement.__slots__}
    connection.execute(insert(judgements).values(values))


def find_judgement(connection: Connection, uuid: str) -> StoredJudgement | None:
    row = connection.execute(select(judgements).where(judgements.c.uuid == uuid)).one_or_none()
    return None if row is None else _parse(row)


def find_judgements_of(connection: Connection, probe: ProbeKey) -> list[StoredJudgement]:
    """What was said of candidates of a probe.

    Where that is a face of a collection, also what was said of it as a candidate of another.
    """
    found = select(judgements).where(_is_of(probe)).order_by(judgements.c.id)
    return [_parse(row) for row in connection.execute(found)]


def find_judgements_in(connection: Connection, search_id: str) -> list[StoredJudgement]:
    """What was said of candidates of one search, in that order."""
    found = select(judgements).where(judgements.c.search == search_id).order_by(judgements.c.id)
    return [_parse(row) for row in connection.execute(found)]


def find_judgements_about(connection: Connection, face_ids: Iterable[int]) -> list[StoredJudgement]:
    """What was said of these faces, or of others when one of these was searched with."""
    # By id: the two faces of one may be asked about in two queries.
    found = {
        row.id: _parse(row)
        for some in in_parts(face_ids)
        for row in connection.execute(
            select(judgements).where(_is_about(some)).order_by(judgements.c.id)
        )
    }
    return list(found.values())


def delete_judgement(connection: Connection, uuid: str) -> None:
    connection.execute(delete(judgements).where(judgements.c.uuid == uuid))


def delete_judgements_of(connection: Connection, face_ids: Iterable[int]) -> None:
    """Those about these faces, or made with one of them."""
    for some in in_parts(face_ids):
        connection.execute(delete(judgements).where(_is_about(some)))


def count_judgements_of(connection: Connection, face_ids: Iterable[int]) -> int:
    """How many there are about these faces, or made with one of them."""
    found: set[int] = set()
    for some in in_parts(face_ids):
        found.update(connection.execute(select(judgements.c.id).where(_is_about(some))).scalars())
    return len(found)


def other_of(judgement: StoredJudgement, probe: ProbeKey) -> FaceId | None:
    """The face that a judgement sets beside the probe; nothing where it was about the probe."""
    if judgement.probe == probe.reference:
        return judgement.face_id
    return judgement.probe_face_id


def _is_of(probe: ProbeKey) -> ColumnElement[bool]:
    is_probe = judgements.c.probe == probe.reference
    if probe.face_id is None:
        return is_probe
    is_other_way = and_(
        judgements.c.face_id == probe.face_id, judgements.c.probe_face_id.is_not(None)
    )
    return or_(is_probe, is_other_way)


def _is_about(face_ids: Collection[int]) -> ColumnElement[bool]:
    return or_(judgements.c.face_id.in_(face_ids), judgements.c.probe_face_id.in_(face_ids))


def _parse(row: Row[Any]) -> StoredJudgement:
    values = row._asdict()
    del values["id"]
    return StoredJudgement(**values)
