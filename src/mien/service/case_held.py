"""What is held about what a case names: everything, as one document, and pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from mien.catalog.audit import Json
from mien.catalog.connect import Connection
from mien.catalog.dossier import (
    HeldIndex,
    HeldLocation,
    HeldPhoto,
    find_photo_ids,
    iter_held,
)
from mien.catalog.grants import iter_grants
from mien.catalog.judgements import find_judgements_about
from mien.catalog.quality import format_quality
from mien.catalog.selection import Selection
from mien.permission.grant import Grant, keep_until
from mien.service import audit
from mien.service.audit_read import find_searches_of
from mien.service.case import Case
from mien.service.case_groups import describe_groups
from mien.service.case_person import describe_person
from mien.service.case_pictures import read_pictures
from mien.service.case_target import target_of
from mien.service.deployment import Deployment
from mien.service.opinion import is_believed
from mien.service.policy_facts import Operator
from mien.types import FaceId, GrantId

_TYPE = "mien-held/1"


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """The document, and pictures by the name of their file; nothing for a damaged one.

    `receipt` is that of the newest consent of somebody who is enrolled, if one can be made.
    """

    document: Mapping[str, Json] = field(default_factory=dict)
    pictures: Mapping[str, bytes | None] = field(default_factory=dict)
    receipt: str = ""
    photos: int = 0
    faces: int = 0


def gather_held(
    deployment: Deployment, case: Case, *, grace: timedelta, operator: Operator
) -> Held:
    """Everything held about what a case names, as it is now."""
    if case.request is None:
        return Held()
    target = target_of(case)
    with deployment.database.reading() as connection:
        selection = target.select(connection)
        photos = list(iter_held(connection, find_photo_ids(connection, selection)))
        grants = _find_grants(connection, photos, selection=selection)
    own = _find_own(photos, selection=selection, is_photo=bool(case.request.about.photos))
    pictures = read_pictures(deployment, photos, own=own.keys())
    person = None
    if case.request.person_id:
        person = describe_person(deployment, case.request.person_id, operator=operator, grace=grace)
    gathering = _Gathering(grants, own, grace)
    document: dict[str, Json] = {
        "type": _TYPE,
        "case": case.case_id,
        "as_of": audit.format_time(deployment.clock()),
        "person": person.document if person else None,
        "photos": [gathering.describe_photo(photo) for photo in photos],
        "grants": [_describe_grant(grant) for grant in grants.values()],
        "pictures": sorted(name for name, picture in pictures.items() if picture is not None),
        "pictures_damaged": sorted(name for name, picture in pictures.items() if picture is None),
        "searches": [
            search for uuid in own.values() for search in _find_searches(deployment, uuid)
        ],
        "judgements": _find_judgements(deployment, own),
        "face_groups": describe_groups(deployment, own),
    }
    receipt = person.receipt if person else ""
    return Held(document, pictures, receipt, len(photos), len(own))


@dataclass(frozen=True, slots=True)
class _Gathering:
    """What is needed to tell of a photo: the grants, which faces are meant, the grace period."""

    grants: Mapping[GrantId, Grant]
    own: Mapping[FaceId, str]
    grace: timedelta

    def describe_photo(self, photo: HeldPhoto) -> dict[str, Json]:
        return {
            "sha256": photo.sha256,
            "size_bytes": photo.size_bytes,
            "width_px": photo.width_px,
            "height_px": photo.height_px,
            "media_type": photo.media_type,
            "first_seen_at": audit.format_time(photo.first_seen_at),
            "is_sealed_here": photo.is_sealed_here,
            "names": list(photo.names),
            "caption": photo.credit.caption,
            "credit": photo.credit.credit,
            "copyright": photo.credit.copyright,
            "locations": [self._describe_place(place) for place in photo.locations],
            "collections": [self._describe_index(held) for held in photo.indexed],
        }

    def _describe_place(self, place: HeldLocation) -> dict[str, Json]:
        grant = self.grants[place.grant_id]
        until = keep_until(grant, since=place.added_at, grace=self.grace)
        return {
            "address": place.uri,
            "state": place.state,
            "added_at": audit.format_time(place.added_at),
            "grant": grant.grant_id,
            "erased_at_the_latest": audit.format_time(until),
        }

    def _describe_index(self, held: HeldIndex) -> dict[str, Json]:
        return {
            "collection": held.collection,
            "indexed_at": audit.format_time(held.indexed_at),
            "faces_not_kept": held.dropped,
            "faces": [
                {
                    "face": face.uuid if face.id in self.own else None,
                    "is_meant": face.id in self.own,
                    "box": [face.box.x1, face.box.y1, face.box.x2, face.box.y2],
                    "quality": format_quality(face.quality),
                }
                for face in held.faces
            ],
        }


def _find_own(
    photos: Sequence[HeldPhoto], *, selection: Selection, is_photo: bool
) -> dict[FaceId, str]:
    """The faces that are meant, or kept for who is; of a photo that was named, the only one."""
    own: dict[FaceId, str] = {}
    for photo in photos:
        for held in photo.indexed:
            is_alone = is_photo and len(held.faces) == 1 and not held.dropped
            for face in held.faces:
                is_theirs = face.person_id in selection.person_ids
                if is_alone or is_theirs or face.id in selection.face_ids:
                    own[face.id] = face.uuid
    return own


def _find_grants(
    connection: Connection, photos: Sequence[HeldPhoto], *, selection: Selection
) -> dict[GrantId, Grant]:
    wanted = {place.grant_id for photo in photos for place in photo.locations}
    wanted |= {*selection.grant_ids, *selection.ended_grant_ids}
    return {stored.id: stored.grant for stored in iter_grants(connection) if stored.id in wanted}


def _describe_grant(grant: Grant) -> dict[str, Json]:
    return {
        "grant": grant.grant_id,
        "kind": grant.kind,
        "grantor": grant.grantor,
        "scope": list(grant.scope),
        "uses": sorted(grant.uses),
        "purposes": sorted(grant.purposes),
        "bases": sorted(grant.bases),
        "terms": grant.terms,
        "valid_from": audit.format_time(grant.valid_from),
        "valid_until": audit.format_time(grant.valid_until),
        "revoked_at": None if grant.revoked_at is None else audit.format_time(grant.revoked_at),
    }


def _find_searches(deployment: Deployment, face_uuid: str) -> Iterator[dict[str, Json]]:
    """Every search that showed a face: when and why, but not who searched."""
    for shown in find_searches_of(deployment, face_uuid):
        entry = shown.entry
        for match in shown.matches:
            yield {
                "face": face_uuid,
                "time": str(entry["time"]),
                "action": str(entry["action"]),
                "purpose": None if entry["purpose"] is None else str(entry["purpose"]),
                "rank": _number(match.get("rank")),
                "score": _number(match.get("score")),
            }


def _find_judgements(deployment: Deployment, own: Mapping[FaceId, str]) -> list[Json]:
    """What people said of a match with one of these faces: when and what, but not who."""
    with deployment.database.reading() as connection:
        said = find_judgements_about(connection, sorted(own))
    return [
        {
            "face": own.get(one.face_id) or own.get(one.probe_face_id or one.face_id),
            "time": audit.format_time(one.made_at),
            "said": one.kind,
        }
        for one in said
        if is_believed(deployment, one)
    ]


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) else None
