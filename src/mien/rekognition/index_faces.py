"""IndexFaces: a photo is handed in, and its faces come into a collection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mien.errors import NotFoundError
from mien.permission.caller import Operation
from mien.permission.quality import QualityFilter
from mien.permission.verdict import Verdict
from mien.rekognition import shapes
from mien.rekognition.call import Call
from mien.rekognition.errors import denied, no_collection
from mien.rekognition.face_detail import ATTRIBUTES, Frame, check_attributes, tell_face
from mien.rekognition.image import IMAGE, Image, check_image, read_image
from mien.rekognition.kinds import COLLECTION_ID, EXTERNAL_IMAGE_ID, QUALITY_FILTER
from mien.rekognition.members import Whole, member
from mien.service.index_photo import (
    MOST_FACES,
    IndexedFace,
    IndexedPhoto,
    IndexRequest,
    LeftOutFace,
    index_photo,
)
from mien.types import Flaw

_REASON_BY_FLAW: Mapping[Flaw, str] = {
    Flaw.TOO_SMALL: "SMALL_BOUNDING_BOX",
    Flaw.BLURRED: "LOW_SHARPNESS",
    Flaw.EXTREME_POSE: "EXTREME_POSE",
    Flaw.TOO_DARK: "LOW_BRIGHTNESS",
    Flaw.LOW_CONFIDENCE: "LOW_CONFIDENCE",
}
_POOR, _BEYOND = "LOW_FACE_QUALITY", "EXCEEDS_MAX_FACES"
_NAMELESS = "photo"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFaces:
    collection_id: str = member("CollectionId", COLLECTION_ID)
    image: Image = member("Image", IMAGE)
    external_image_id: str = member("ExternalImageId", EXTERNAL_IMAGE_ID, default="")
    detection_attributes: tuple[str, ...] = member("DetectionAttributes", ATTRIBUTES, default=())
    max_faces: int | None = member("MaxFaces", Whole(1), default=None)
    quality_filter: str = member("QualityFilter", QUALITY_FILTER, default="AUTO")


def index_faces(call: Call, asked: IndexFaces) -> dict[str, object]:
    call.check(Operation.ADD, collection=asked.collection_id)
    check_attributes(asked.detection_attributes)
    check_image(asked.image)
    request = IndexRequest(
        terms=call.terms,
        collection=asked.collection_id,
        file_name=_name_of(asked.image),
        name=asked.external_image_id,
        quality=QualityFilter(asked.quality_filter.lower()),
        most_faces=min(asked.max_faces or MOST_FACES, MOST_FACES),
    )
    try:
        with call.site.turnstile.enter():
            indexed = index_photo(call.parts, request, read=lambda: read_image(call, asked.image))
    except NotFoundError as error:
        raise no_collection(asked.collection_id) from error
    if isinstance(indexed, Verdict):
        raise denied(indexed)
    return {
        "FaceRecords": [_tell_record(one, indexed, asked=asked) for one in indexed.faces],
        "UnindexedFaces": [
            *(_tell_unindexed(one, indexed, reasons=_reasons_of(one)) for one in indexed.unfit),
            *(_tell_unindexed(one, indexed, reasons=[_BEYOND]) for one in indexed.beyond),
        ],
        "FaceModelVersion": shapes.tell_model_version(indexed.model_digest),
    }


def _name_of(image: Image) -> str:
    """What the photo's place on the shelf is called."""
    return (image.s3_object and image.s3_object.name) or _NAMELESS


def _tell_record(
    one: IndexedFace, indexed: IndexedPhoto, *, asked: IndexFaces
) -> dict[str, object]:
    return {
        "Face": shapes.tell_face(
            one.visible,
            model_digest=indexed.model_digest,
            external_image_id=asked.external_image_id,
        ),
        "FaceDetail": tell_face(one, Frame(indexed.width_px, indexed.height_px)),
    }


def _tell_unindexed(
    face: LeftOutFace, indexed: IndexedPhoto, *, reasons: list[str]
) -> dict[str, object]:
    return {
        "Reasons": reasons,
        "FaceDetail": tell_face(face, Frame(indexed.width_px, indexed.height_px)),
    }


def _reasons_of(face: LeftOutFace) -> list[str]:
    """Why a face fell short, as far as that has a name there."""
    named = [_REASON_BY_FLAW[flaw] for flaw in face.quality.flaws if flaw in _REASON_BY_FLAW]
    return named or [_POOR]
