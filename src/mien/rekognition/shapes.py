"""What several answers are made of: faces, boxes, and versions of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from mien.catalog.faces import VisibleFace
from mien.catalog.image_names import find_names
from mien.rekognition.call import Call
from mien.service.face_groups import FaceGroups
from mien.service.leave import Leave
from mien.types import Box

Shape = Mapping[str, object]

_SCHEME = 1
_VERSION_BYTES = 4


def tell_model_version(digest: str) -> str:
    """The version of the model of this digest, such as `1.2748339`: digits and a dot.

    Templates of two models cannot be compared, so that no two models have the same version.
    """
    number = int.from_bytes(sha256(digest.encode()).digest()[:_VERSION_BYTES], "big")
    return f"{_SCHEME}.{number}"


def tell_box(box: Box, *, width_px: int, height_px: int) -> Shape:
    """The box as shares of the photo's width and height; it may reach beyond an edge."""
    return {
        "Width": box.width / width_px,
        "Height": box.height / height_px,
        "Left": box.x1 / width_px,
        "Top": box.y1 / height_px,
    }


def tell_percent(share: float) -> float:
    """A share of 0 to 1 as 0 to 100."""
    return min(100.0, max(0.0, 100.0 * share))


def tell_face(
    face: VisibleFace, *, model_digest: str, external_image_id: str = "", user_id: str = ""
) -> Shape:
    """A face of a collection whose model has this digest."""
    told: dict[str, object] = {
        "FaceId": face.stored.uuid,
        "BoundingBox": tell_box(face.box, width_px=face.width_px, height_px=face.height_px),
        "ImageId": face.stored.photo_uuid,
        "Confidence": tell_percent(face.confidence),
        "IndexFacesModelVersion": tell_model_version(model_digest),
    }
    if external_image_id:
        told["ExternalImageId"] = external_image_id
    if user_id:
        told["UserId"] = user_id
    return told


def tell_faces(call: Call, leave: Leave, *, faces: Sequence[VisibleFace]) -> list[Shape]:
    """Faces of one collection, with the names that clients gave to photos and to face groups."""
    deployment, ids = call.parts.deployment, [face.stored.id for face in faces]
    with deployment.database.reading() as connection:
        names = find_names(connection, leave.scope, face_ids=ids)
        users = FaceGroups(deployment, leave).find_names(connection, ids)
    return [
        tell_face(
            face,
            model_digest=leave.collection.model_digest,
            external_image_id=names.get(face.stored.id, ""),
            user_id=users.get(face.stored.id, ""),
        )
        for face in faces
    ]
