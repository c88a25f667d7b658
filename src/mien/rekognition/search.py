"""Searches of a client: for a face of a collection, or for the largest one in a photo."""

from __future__ import annotations

from dataclasses import dataclass

from mien.errors import NotFoundError
from mien.permission.caller import Operation
from mien.permission.quality import QualityFilter
from mien.rekognition.call import Call
from mien.rekognition.errors import Code, ServiceError, check
from mien.rekognition.face_detail import Frame, tell_place
from mien.rekognition.image import IMAGE, Image, read_image
from mien.rekognition.kinds import (
    COLLECTION_ID,
    FACE_ID,
    FACES_AT_ONCE,
    PERCENT,
    QUALITY_FILTER,
)
from mien.rekognition.matches import (
    MOST_FACES,
    USUAL_THRESHOLD,
    ask_to_search,
    find_calibration,
    no_faces,
    read_quality,
    searching,
    tell_match,
)
from mien.rekognition.members import member
from mien.rekognition.shapes import tell_faces, tell_model_version
from mien.service.bound import filter_for
from mien.service.seeking import SearchRequest, SearchResult

_NO_FACE = "faceId was not found in the collection."


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFaces:
    collection_id: str = member("CollectionId", COLLECTION_ID)
    face_id: str = member("FaceId", FACE_ID)
    max_faces: int = member("MaxFaces", FACES_AT_ONCE, default=MOST_FACES)
    threshold: float = member("FaceMatchThreshold", PERCENT, default=USUAL_THRESHOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFacesByImage:
    collection_id: str = member("CollectionId", COLLECTION_ID)
    image: Image = member("Image", IMAGE)
    max_faces: int = member("MaxFaces", FACES_AT_ONCE, default=MOST_FACES)
    threshold: float = member("FaceMatchThreshold", PERCENT, default=USUAL_THRESHOLD)
    quality_filter: str = member("QualityFilter", QUALITY_FILTER, default="NONE")


def search_faces(call: Call, asked: SearchFaces) -> dict[str, object]:
    call.check(Operation.SEARCH, collection=asked.collection_id)
    with searching(call, collection_id=asked.collection_id) as desk:
        try:
            result = desk.search_face(asked.face_id, _make_request(call, asked))
        except NotFoundError as error:
            ask_to_search(call, collection_id=asked.collection_id)  # it may be that none is there
            raise ServiceError(Code.INVALID, _NO_FACE) from error
    return {"SearchedFaceId": asked.face_id, **_tell_matches(call, result)}


def search_faces_by_image(call: Call, asked: SearchFacesByImage) -> dict[str, object]:
    call.check(Operation.SEARCH, collection=asked.collection_id)
    if asked.image.s3_object is not None:
        ask_to_search(call, collection_id=asked.collection_id)  # before anything is fetched
    photo = read_image(call, asked.image)
    request = _make_request(call, asked, quality=read_quality(asked.quality_filter))
    with searching(call, collection_id=asked.collection_id) as desk:
        result = desk.search_photos([photo], request)
    matches = _tell_matches(call, result)
    probe = result.probe
    if probe is None or probe.searched is None:
        raise no_faces()
    frame = Frame(probe.analysis.width_px, probe.analysis.height_px)
    place = tell_place(probe.analysis.faces[probe.searched].face, frame)
    return {
        "SearchedFaceBoundingBox": place["BoundingBox"],
        "SearchedFaceConfidence": place["Confidence"],
        **matches,
    }


def _make_request(
    call: Call,
    asked: SearchFaces | SearchFacesByImage,
    *,
    quality: QualityFilter = QualityFilter.NONE,
) -> SearchRequest:
    return SearchRequest(
        purpose=call.terms.purpose,
        collection=asked.collection_id,
        limit=asked.max_faces,
        min_similarity=asked.threshold,
        quality=quality,
        max_file_bytes=call.parts.max_file_bytes,
        filters=filter_for(call.terms),
    )


def _tell_matches(call: Call, result: SearchResult) -> dict[str, object]:
    """What both answers have. Raises `ServiceError` where it was refused, or shows no face."""
    call.site.metrics.count_search(result.verdict)
    check(result.verdict)
    leave = result.leave
    if leave is None:  # there was nobody to search for
        raise no_faces()
    calibration = find_calibration(call, leave)
    faces = tell_faces(call, leave, faces=[one.face for one in result.candidates])
    return {
        "FaceMatches": [
            {"Similarity": tell_match(one.strength, calibration), "Face": face}
            for one, face in zip(result.candidates, faces, strict=True)
        ],
        "FaceModelVersion": tell_model_version(leave.collection.model_digest),
    }
