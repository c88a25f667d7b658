"""Searches for users: by a user, by a face of the collection, and by a photo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from mien.errors import ModelError, NotFoundError
from mien.permission.caller import Operation
from mien.permission.quality import QualityFilter, may_keep
from mien.rekognition.call import Call
from mien.rekognition.errors import Code, ServiceError, denied, invalid, no_collection
from mien.rekognition.face_detail import Frame, tell_face
from mien.rekognition.image import IMAGE, Image, check_image, read_image
from mien.rekognition.kinds import (
    COLLECTION_ID,
    FACE_ID,
    PERCENT,
    QUALITY_FILTER,
    USER_ID,
    USERS_AT_ONCE,
)
from mien.rekognition.members import member
from mien.rekognition.shapes import tell_model_version
from mien.rekognition.users import MOST_USERS, no_user, tell_user
from mien.service.search_groups import GroupRequest, GroupResult, GroupSearch
from mien.types import EmbeddedFace, Flaw


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchUsers:
    collection_id: str = member("CollectionId", COLLECTION_ID)
    user_id: str = member("UserId", USER_ID, default="")
    face_id: str = member("FaceId", FACE_ID, default="")
    user_match_threshold: float = member("UserMatchThreshold", PERCENT, default=80.0)
    max_users: int = member("MaxUsers", USERS_AT_ONCE, default=MOST_USERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchUsersByImage:
    collection_id: str = member("CollectionId", COLLECTION_ID)
    image: Image = member("Image", IMAGE)
    user_match_threshold: float = member("UserMatchThreshold", PERCENT, default=80.0)
    max_users: int = member("MaxUsers", USERS_AT_ONCE, default=MOST_USERS)
    quality_filter: str = member("QualityFilter", QUALITY_FILTER, default="NONE")


_REASONS: Mapping[Flaw, str] = {
    Flaw.TOO_SMALL: "SMALL_BOUNDING_BOX",
    Flaw.BLURRED: "LOW_SHARPNESS",
    Flaw.NOISY: "LOW_FACE_QUALITY",
    Flaw.EXTREME_POSE: "EXTREME_POSE",
    Flaw.TOO_DARK: "LOW_BRIGHTNESS",
    Flaw.TOO_BRIGHT: "LOW_FACE_QUALITY",
    Flaw.CUT_OFF: "LOW_FACE_QUALITY",
    Flaw.LOW_CONFIDENCE: "LOW_CONFIDENCE",
}


def search_users(call: Call, asked: SearchUsers) -> dict[str, object]:
    """The user who is searched for is no match of their own."""
    if bool(asked.user_id) == bool(asked.face_id):
        raise invalid("Name either a UserId or a FaceId.")
    search = _open_search(call, asked)
    try:
        with _searching(call):
            found = (
                search.by_name(asked.user_id) if asked.user_id else search.by_face(asked.face_id)
            )
    except NotFoundError as error:
        raise no_user(asked.user_id) if asked.user_id else no_face() from error
    told = _tell(call, found)
    if asked.user_id:
        return told | {"SearchedUser": {"UserId": asked.user_id}}
    return told | {"SearchedFace": {"FaceId": asked.face_id}}


def search_users_by_image(call: Call, asked: SearchUsersByImage) -> dict[str, object]:
    """For the largest face that passes the filter; a photo without one matches nobody."""
    check_image(asked.image)
    search = _open_search(call, asked)
    chosen = QualityFilter(asked.quality_filter.lower())
    with _searching(call):
        found = search.by_photo(lambda: read_image(call, asked.image), quality=chosen)
    told = _tell(call, found)
    if found.probe is None:
        return told
    analysis, searched = found.probe.analysis, found.probe.searched
    frame = Frame(analysis.width_px, analysis.height_px)
    if searched is not None:
        told["SearchedFace"] = {"FaceDetail": tell_face(analysis.faces[searched], frame)}
    told["UnsearchedFaces"] = [
        {"FaceDetails": tell_face(face, frame), "Reasons": _tell_reasons(face, chosen)}
        for number, face in enumerate(analysis.faces)
        if number != searched
    ]
    return told


def _open_search(call: Call, asked: SearchUsers | SearchUsersByImage) -> GroupSearch:
    call.check(Operation.SEARCH, collection=asked.collection_id)
    request = GroupRequest(
        terms=call.terms,
        collection=asked.collection_id,
        min_similarity=asked.user_match_threshold,
        limit=asked.max_users,
    )
    try:
        return GroupSearch(call.parts, request)
    except NotFoundError as error:
        raise no_collection(asked.collection_id) from error


@contextmanager
def _searching(call: Call) -> Iterator[None]:
    """So many searches at once, and none with a model that has no similarity."""
    try:
        with call.site.turnstile.enter():
            yield
    except ModelError as error:
        raise ServiceError(Code.ACCESS_DENIED, str(error)) from error


def _tell(call: Call, found: GroupResult) -> dict[str, object]:
    call.site.metrics.count_search(found.verdict)
    if not found.verdict.is_allowed:
        raise denied(found.verdict)
    return {
        "UserMatches": [
            {"Similarity": one.similarity, "User": tell_user(one.group)} for one in found.matches
        ],
        "FaceModelVersion": tell_model_version(found.model_digest),
    }


def _tell_reasons(face: EmbeddedFace, chosen: QualityFilter) -> list[str]:
    """Why a face was not searched for: it is not good enough, or another one is larger."""
    if may_keep(face.quality, chosen=chosen).is_allowed:
        return ["FACE_NOT_LARGEST"]
    reasons = dict.fromkeys(_REASONS[flaw] for flaw in face.quality.flaws)
    return list(reasons) or ["LOW_FACE_QUALITY"]


def no_face() -> ServiceError:
    return ServiceError(Code.INVALID, "faceId was not found in the collection.")
