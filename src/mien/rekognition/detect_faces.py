"""DetectFaces: where the faces of a photo are and how they are seen, and never what they are."""

from __future__ import annotations

from dataclasses import dataclass

from mien.permission.caller import Operation
from mien.permission.verdict import Verdict
from mien.rekognition.call import Call
from mien.rekognition.errors import denied
from mien.rekognition.face_detail import ATTRIBUTES, Frame, check_attributes, tell_face
from mien.rekognition.image import IMAGE, Image, check_image, read_image
from mien.rekognition.members import member
from mien.service.glance import glance

MOST_FACES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectFaces:
    image: Image = member("Image", IMAGE)
    attributes: tuple[str, ...] = member("Attributes", ATTRIBUTES, default=())


def detect_faces(call: Call, asked: DetectFaces) -> dict[str, object]:
    call.check(Operation.SEARCH)
    check_attributes(asked.attributes)
    check_image(asked.image)
    with call.site.turnstile.enter():
        seen = glance(call.parts, call.terms, read=lambda: read_image(call, asked.image))
    if isinstance(seen, Verdict):
        raise denied(seen)
    frame = Frame(seen.width_px, seen.height_px)
    return {"FaceDetails": [tell_face(face, frame) for face in seen.faces[:MOST_FACES]]}
