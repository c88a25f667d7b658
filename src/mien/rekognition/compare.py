"""CompareFaces: the largest face of one photo, and the faces of another. Nothing is kept.

The wire format names no collection, whose leave and model a comparison needs. It is the first
by name of those that the access key names and may search.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

from mien.errors import NotFoundError
from mien.permission.caller import Operation, may_reach
from mien.permission.verdict import Verdict
from mien.rekognition.call import Call
from mien.rekognition.errors import Code, ServiceError, check
from mien.rekognition.face_detail import Frame, tell_face, tell_place
from mien.rekognition.image import IMAGE, Image, read_image
from mien.rekognition.kinds import PERCENT, QUALITY_FILTER
from mien.rekognition.matches import (
    USUAL_THRESHOLD,
    ask_to_search,
    find_calibration,
    no_faces,
    read_quality,
    searching,
    tell_match,
)
from mien.rekognition.members import member
from mien.service.bound import ask_bound_leave, filter_for
from mien.service.compare_faces import CompareFacesRequest, FacesComparison
from mien.service.leave import Leave
from mien.service.searched import Asked
from mien.types import Calibration, PhotoAnalysis


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareFaces:
    source_image: Image = member("SourceImage", IMAGE)
    target_image: Image = member("TargetImage", IMAGE)
    threshold: float = member("SimilarityThreshold", PERCENT, default=USUAL_THRESHOLD)
    quality_filter: str = member("QualityFilter", QUALITY_FILTER, default="NONE")


def compare_faces(call: Call, asked: CompareFaces) -> dict[str, object]:
    leave = _ask(call)
    calibration = find_calibration(call, leave)
    source = read_image(call, asked.source_image)
    target = read_image(call, asked.target_image)
    request = CompareFacesRequest(
        asked=Asked(purpose=call.terms.purpose, collection=leave.collection.name),
        filters=filter_for(call.terms),
        quality=read_quality(asked.quality_filter),
        max_file_bytes=call.parts.max_file_bytes,
    )
    with searching(call, collection_id=leave.collection.name) as desk:
        found = desk.compare_faces(source, target, request=request)
    call.site.metrics.count_search(found.verdict)
    check(found.verdict)
    return _tell(found, calibration, threshold=asked.threshold)


def _ask(call: Call) -> Leave:
    """Of the collection that is relied on. Raises `ServiceError` where there is none."""
    call.check(Operation.SEARCH)
    refused = ""
    for name in sorted(one for one in call.terms.collections if may_reach(call.caller, one)):
        try:
            leave = ask_bound_leave(call.parts.deployment, call.terms, collection=name)
        except NotFoundError:
            continue
        if not isinstance(leave, Verdict):
            return leave
        refused = refused or name
    if refused:
        return ask_to_search(call, collection_id=refused)  # which logs the refusal, and tells it
    raise ServiceError(
        Code.ACCESS_DENIED,
        "CompareFaces needs a collection to rely on for permission and model, and none of those "
        "that your access key names is there. Create one of them first.",
    )


def _tell(
    found: FacesComparison, calibration: Calibration, *, threshold: float
) -> dict[str, object]:
    source, target = found.source, found.target
    if source is None or source.searched is None or target is None or not found.compared:
        raise no_faces()
    frame = _frame_of(target)
    similar = [
        (tell_match(one.strength, calibration), tell_face(target.faces[one.face], frame))
        for one in found.compared
    ]
    matches = [pair for pair in similar if pair[0] >= threshold]
    matches.sort(key=itemgetter(0), reverse=True)
    probe = source.analysis.faces[source.searched].face
    return {
        "SourceImageFace": tell_place(probe, _frame_of(source.analysis)),
        "FaceMatches": [{"Similarity": similarity, "Face": face} for similarity, face in matches],
        "UnmatchedFaces": [face for similarity, face in similar if similarity < threshold],
    }


def _frame_of(analysis: PhotoAnalysis) -> Frame:
    return Frame(analysis.width_px, analysis.height_px)
