"""The faces of a collection whose person is known, read for an evaluation as a search may.

Who a kept face is of was told by the same model, from the templates that people enrolled. A
face that it missed is not there to be counted, so misses look rarer than they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mien.catalog.audit import Json
from mien.catalog.faces import VisibleFace, find_visible_faces, iter_visible_ids
from mien.permission.basis import Basis
from mien.permission.verdict import ALLOWED, Verdict
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.collections import check_model
from mien.service.deployment import Deployment
from mien.service.enrolled import find_consenting
from mien.service.gallery import Galleries
from mien.service.leave import Leave, ask_leave
from mien.service.left_out import find_left_out
from mien.types import Cohort, FaceId, Vectors
from mien.vault.vault import SealedPhoto

_CIRCULAR = (
    "Who each face is of was told by the same model, at the rate at which it keeps faces: faces "
    "that it missed are not in the collection, so misses are rarer here than in life."
)


@dataclass(frozen=True, slots=True, eq=False)
class KnownFaces:
    """Templates (n, d), turned as they are stored, with the person and a photo of each."""

    templates: Vectors
    people: Sequence[str]
    photos: Sequence[str]
    unreadable: int
    cohort: Cohort | None
    notes: Sequence[str] = (_CIRCULAR,)


def read_collection(
    deployment: Deployment, galleries: Galleries, *, collection: str, purpose: str
) -> KnownFaces | Verdict:
    """The faces, or why they may not be read; either way the audit log has an entry.

    Raises `NotFoundError`.
    """
    began = deployment.clock()
    asked = {"purpose": purpose, "collection": collection}
    leave = ask_leave(deployment, purpose=purpose, collection=collection, at=began)
    if isinstance(leave, Verdict):
        _enter(deployment, leave, asked=asked)
        return leave
    check_model(leave.collection, deployment.model)
    visible = _find_visible(deployment, galleries, leave=leave)
    _enter(deployment, ALLOWED, asked=asked, leave=leave, faces=len(visible))
    read = _read_templates(deployment, visible)
    found = [visible[face_id] for face_id in read]
    dimension = leave.collection.dimension
    return KnownFaces(
        templates=np.stack(list(read.values())) if read else np.empty((0, dimension), np.float32),
        people=[f"person {face.person_id}" for face in found],
        photos=[face.locations[0].uri for face in found],
        unreadable=len(visible) - len(read),
        cohort=galleries.load(leave.collection, gaussian=deployment.model.gaussian).cohort,
    )


def _find_visible(
    deployment: Deployment, galleries: Galleries, *, leave: Leave
) -> Mapping[FaceId, VisibleFace]:
    """Faces of somebody known that a search for this purpose could show."""
    model = deployment.model
    gallery = galleries.load(leave.collection, gaussian=model.gaussian)
    left_out = find_left_out(
        gallery,
        deployment.suppressed.load(model),
        rotation=deployment.vault.rotation_of(leave.collection.dimension),
    )
    hidden = set(left_out.tolist())
    with deployment.database.reading() as connection:
        ids = [one for one in iter_visible_ids(connection, leave.scope) if one not in hidden]
        found = find_visible_faces(connection, leave.scope, face_ids=ids)
        known = {i: face for i, face in found.items() if face.person_id is not None}
        if leave.collection.basis is not Basis.ENROLLED_ONLY:
            return known
        people = {face.person_id for face in known.values() if face.person_id is not None}
        consenting = find_consenting(
            deployment, connection, person_ids=people, purpose=leave.purpose, at=leave.at
        )
    return {i: face for i, face in known.items() if face.person_id in consenting}


def _read_templates(
    deployment: Deployment, visible: Mapping[FaceId, VisibleFace]
) -> dict[FaceId, np.ndarray[tuple[int], np.dtype[np.float32]]]:
    """Turned templates by face, without those that cannot be read; of unit length again."""
    by_uuid = {face.stored.uuid: face_id for face_id, face in visible.items()}
    places = {SealedPhoto(face.stored.blob_id, face.stored.photo_uuid) for face in visible.values()}
    read = {}
    for _, templates in deployment.vault.iter_templates(sorted(places, key=str)):
        for uuid, template in templates.items():
            if uuid in by_uuid:
                wide = template.astype(np.float32)
                read[by_uuid[uuid]] = wide / np.linalg.norm(wide)
    return dict(sorted(read.items()))


def _enter(
    deployment: Deployment,
    verdict: Verdict,
    *,
    asked: Mapping[str, str],
    leave: Leave | None = None,
    faces: int = 0,
) -> None:
    facts: dict[str, Json] = {"faces": faces}
    if leave is not None:
        facts["collection"] = audit.refer_collection(deployment, leave.collection.uuid)
        facts["collection_revision"] = leave.collection.revision
    event = Event(
        action=Action.EVALUATION,
        purpose=asked["purpose"],
        reasons=verdict.reasons,
        facts=facts,
        note=Note(dict(asked)),
    )
    with deployment.database.writing() as connection:
        audit.append(deployment, connection, event=event)
