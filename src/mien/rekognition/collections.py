"""Collections: made, described, listed and deleted by a client, as far as its key names them."""

from __future__ import annotations

from dataclasses import dataclass

from mien.errors import NotFoundError
from mien.permission.caller import Operation
from mien.permission.verdict import Verdict
from mien.rekognition.call import Call
from mien.rekognition.errors import denied, no_collection
from mien.rekognition.kinds import COLLECTION_ID
from mien.rekognition.members import member
from mien.service.bound import ask_bound_leave
from mien.service.leave import Leave


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeCollection:
    collection_id: str = member("CollectionId", COLLECTION_ID)


def describe_collection(call: Call, asked: DescribeCollection) -> dict[str, object]:
    call.check(Operation.VIEW, collection=asked.collection_id)
    leave = get_leave(call, collection_id=asked.collection_id)
    return {"FaceCount": 0, "CollectionARN": leave.collection.name}


def get_leave(call: Call, *, collection_id: str) -> Leave:
    """What the key may see of the collection. Raises `ServiceError` where it is refused."""
    try:
        leave = ask_bound_leave(call.parts.deployment, call.terms, collection=collection_id)
    except NotFoundError as error:
        raise no_collection(collection_id) from error
    if isinstance(leave, Verdict):
        raise denied(leave)
    return leave
