"""Faces of a collection: listed and erased by a client, as far as its key sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mien.catalog.connect import Connection
from mien.catalog.face_groups import find_faces_of
from mien.catalog.face_lists import find_ids
from mien.errors import NotFoundError
from mien.permission.caller import Operation
from mien.rekognition.call import Call
from mien.rekognition.collections import USUAL_PAGE, get_leave
from mien.rekognition.errors import Code, ServiceError
from mien.rekognition.kinds import COLLECTION_ID, FACE_ID, FACES_AT_ONCE, NEXT_TOKEN, PAGE, USER_ID
from mien.rekognition.members import Many, member
from mien.rekognition.shapes import Shape, tell_faces, tell_model_version
from mien.rekognition.tokens import make_token, read_token
from mien.service.erase_faces import erase_faces
from mien.service.face_groups import FaceGroups
from mien.service.face_list import FaceList
from mien.service.leave import Leave
from mien.types import FaceId

_FACE_IDS = Many(FACE_ID, FACES_AT_ONCE.least, FACES_AT_ONCE.most)
_LIST = "ListFaces"
_GROUPED, _UNKNOWN = "ASSOCIATED_TO_AN_EXISTING_USER", "FACE_NOT_FOUND"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFaces:
    collection_id: str = member("CollectionId", COLLECTION_ID)
    next_token: str = member("NextToken", NEXT_TOKEN, default="")
    max_results: int = member("MaxResults", PAGE, default=0)
    user_id: str = member("UserId", USER_ID, default="")
    face_ids: tuple[str, ...] = member("FaceIds", _FACE_IDS, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteFaces:
    collection_id: str = member("CollectionId", COLLECTION_ID)
    face_ids: tuple[str, ...] = member("FaceIds", _FACE_IDS)


def list_faces(call: Call, asked: ListFaces) -> dict[str, object]:
    name = asked.collection_id
    call.check(Operation.VIEW, collection=name)
    leave = get_leave(call, collection_id=name)
    after = read_token(call, asked.next_token, operation=_LIST, collection_id=name)
    faces = FaceList(call.parts.deployment, leave, chosen=_choose(call, asked, leave=leave))
    page = faces.read_page(after=after, limit=asked.max_results or USUAL_PAGE)
    told: dict[str, object] = {
        "Faces": tell_faces(call, leave, faces=page.faces),
        "FaceModelVersion": tell_model_version(leave.collection.model_digest),
    }
    if page.last:
        told["NextToken"] = make_token(call, page.last, operation=_LIST, collection_id=name)
    return told


def delete_faces(call: Call, asked: DeleteFaces) -> dict[str, object]:
    call.check(Operation.CASE, collection=asked.collection_id)
    leave = get_leave(call, collection_id=asked.collection_id)
    parts = call.parts
    done = erase_faces(parts.deployment, leave, face_ids=asked.face_ids, galleries=parts.galleries)
    refused = [
        *(_tell_grouped(face_id, name) for face_id, name in done.grouped.items()),
        *({"FaceId": face_id, "Reasons": [_UNKNOWN]} for face_id in done.unknown),
    ]
    return {"DeletedFaces": list(done.erased), "UnsuccessfulFaceDeletions": refused}


def _tell_grouped(face_id: str, name: str) -> Shape:
    told: dict[str, object] = {"FaceId": face_id, "Reasons": [_GROUPED]}
    return {**told, "UserId": name} if name else told


def _choose(call: Call, asked: ListFaces, *, leave: Leave) -> Sequence[FaceId] | None:
    """Which faces are wanted; all, where nobody chooses. Raises `ServiceError`."""
    deployment, chosen = call.parts.deployment, []
    with deployment.database.reading() as connection:
        if asked.face_ids:
            found = find_ids(connection, leave.collection.id, uuids=set(asked.face_ids))
            chosen.append(set(found.values()))
        if asked.user_id:
            group = _get_group(call, connection, leave=leave, name=asked.user_id)
            chosen.append(set(find_faces_of(connection, [group]).get(group, ())))
    return list(set.intersection(*chosen)) if chosen else None


def _get_group(call: Call, connection: Connection, *, leave: Leave, name: str) -> int:
    try:
        return FaceGroups(call.parts.deployment, leave).get(connection, name).id
    except NotFoundError as error:
        raise ServiceError(Code.NOT_FOUND, str(error)) from error
