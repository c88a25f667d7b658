"""The faces that a search may show, of those that somebody names: asked anew whenever it counts."""

from __future__ import annotations

from collections.abc import Sequence

from mien.catalog.connect import Connection
from mien.catalog.faces import VisibleFace, find_visible_faces
from mien.permission.basis import Basis
from mien.service.deployment import Deployment
from mien.service.enrolled import find_consenting
from mien.service.leave import Leave
from mien.types import FaceId


def find_reached(
    deployment: Deployment, connection: Connection, *, leave: Leave, face_ids: Sequence[FaceId]
) -> dict[FaceId, VisibleFace]:
    """Those of the faces that the search may show; of enrolled people those alone who consent."""
    wanted = [face_id for face_id in face_ids if face_id not in leave.left_out]
    visible = find_visible_faces(connection, leave.scope, face_ids=wanted)
    if leave.collection.basis is not Basis.ENROLLED_ONLY:
        return visible
    people = {face.person_id for face in visible.values() if face.person_id is not None}
    consenting = find_consenting(
        deployment, connection, person_ids=people, purpose=leave.purpose, at=leave.at
    )
    return {face_id: face for face_id, face in visible.items() if face.person_id in consenting}
