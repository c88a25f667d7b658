"""Faces of users: associated with one, where they are like the others, and disassociated again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mien.errors import GroupFullError, ModelError, NotFoundError
from mien.permission.caller import Operation
from mien.rekognition.call import Call
from mien.rekognition.errors import Code, ServiceError
from mien.rekognition.kinds import CLIENT_TOKEN, COLLECTION_ID, FACE_ID, PERCENT, USER_ID
from mien.rekognition.members import Many, member
from mien.rekognition.once import Facts, do_once
from mien.rekognition.users import get_groups, no_user, tell_status
from mien.service.face_groups import FaceGroups
from mien.service.group_faces import MOST_FACES, Fault, Grouped, GroupFaces, Grouping

_FACE_IDS = Many(FACE_ID, 1, MOST_FACES)
_REASONS: Mapping[Fault, str] = {
    Fault.NOT_FOUND: "FACE_NOT_FOUND",
    Fault.IN_ANOTHER: "ASSOCIATED_TO_A_DIFFERENT_USER",
    Fault.UNLIKE: "LOW_MATCH_CONFIDENCE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociateFaces:
    collection_id: str = member("CollectionId", COLLECTION_ID)
    user_id: str = member("UserId", USER_ID)
    face_ids: tuple[str, ...] = member("FaceIds", _FACE_IDS)
    user_match_threshold: float = member("UserMatchThreshold", PERCENT, default=75.0)
    client_request_token: str = member("ClientRequestToken", CLIENT_TOKEN, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class DisassociateFaces:
    collection_id: str = member("CollectionId", COLLECTION_ID)
    user_id: str = member("UserId", USER_ID)
    client_request_token: str = member("ClientRequestToken", CLIENT_TOKEN, default="")
    face_ids: tuple[str, ...] = member("FaceIds", _FACE_IDS)


def associate_faces(call: Call, asked: AssociateFaces) -> dict[str, object]:
    """A face that the user has already is not told of."""
    groups = get_groups(call, Operation.ADD, collection_id=asked.collection_id)
    grouping = Grouping(name=asked.user_id, face_ids=asked.face_ids)

    def make() -> Facts:
        faces = GroupFaces(groups, call.parts.galleries)
        try:
            grouped = faces.add(grouping, min_similarity=asked.user_match_threshold)
        except NotFoundError as error:
            raise no_user(asked.user_id) from error
        except ModelError as error:
            raise ServiceError(Code.ACCESS_DENIED, str(error)) from error
        except GroupFullError as error:
            raise ServiceError(Code.QUOTA_EXCEEDED, str(error)) from error
        return _note(asked.face_ids, grouped)

    facts = do_once(call, asked, token=asked.client_request_token, make=make)
    return _tell(facts, groups, face_ids=asked.face_ids, words=("AssociatedFaces", "Associations"))


def disassociate_faces(call: Call, asked: DisassociateFaces) -> dict[str, object]:
    groups = get_groups(call, Operation.ADD, collection_id=asked.collection_id)
    grouping = Grouping(name=asked.user_id, face_ids=asked.face_ids)

    def make() -> Facts:
        try:
            grouped = GroupFaces(groups, call.parts.galleries).remove(grouping)
        except NotFoundError as error:
            raise no_user(asked.user_id) from error
        return _note(asked.face_ids, grouped)

    facts = do_once(call, asked, token=asked.client_request_token, make=make)
    words = ("DisassociatedFaces", "Disassociations")
    return _tell(facts, groups, face_ids=asked.face_ids, words=words)


def _note(face_ids: Sequence[str], grouped: Grouped) -> Facts:
    """What was done, by places in the request: no id of a face is kept to answer it again."""
    left = [[face_ids.index(one.face_id), one.fault.name, one.similarity] for one in grouped.left]
    done = [face_ids.index(one) for one in grouped.done]
    return {"done": done, "left": left, "faces": grouped.group.faces}


def _tell(
    facts: Facts, groups: FaceGroups, *, face_ids: Sequence[str], words: tuple[str, str]
) -> dict[str, object]:
    done, failed = words
    others = [
        face_ids[place] for place, fault, _ in facts["left"] if fault == Fault.IN_ANOTHER.name
    ]
    names = groups.find_names_of(others)
    return {
        done: [{"FaceId": face_ids[place]} for place in facts["done"]],
        f"UnsuccessfulFace{failed}": [
            _tell_left(face_ids[place], Fault[fault], similarity=similarity, names=names)
            for place, fault, similarity in facts["left"]
        ],
        "UserStatus": tell_status(facts["faces"]),
    }


def _tell_left(
    face_id: str, fault: Fault, *, similarity: float | None, names: Mapping[str, str]
) -> dict[str, object]:
    told: dict[str, object] = {"FaceId": face_id, "Reasons": [_REASONS[fault]]}
    if face_id in names:
        told["UserId"] = names[face_id]
    if similarity is not None:
        told["Confidence"] = similarity
    return told
