"""Collections: made, described, listed and deleted by a client, as far as its key names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mien.catalog import collections as rows
from mien.errors import ConflictError, NotFoundError
from mien.permission.caller import Operation, may_operate, may_reach
from mien.permission.verdict import Verdict
from mien.rekognition.arn import tell_arn
from mien.rekognition.call import Call
from mien.rekognition.errors import Code, ServiceError, check, denied, no_collection
from mien.rekognition.kinds import COLLECTION_ID, NEXT_TOKEN, PAGE, TAGS
from mien.rekognition.members import member
from mien.rekognition.shapes import tell_model_version
from mien.rekognition.tokens import make_token, read_token
from mien.service.bound import look_bound, make_bound_collection
from mien.service.drop_collection import drop_collection
from mien.service.face_groups import FaceGroups
from mien.service.face_list import FaceList
from mien.service.leave import Leave

USUAL_PAGE = 1000
"""How many things a page has where nothing, or 0, is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateCollection:
    collection_id: str = member("CollectionId", COLLECTION_ID)
    tags: Mapping[str, str] = member("Tags", TAGS, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCollection:
    collection_id: str = member("CollectionId", COLLECTION_ID)


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeCollection:
    collection_id: str = member("CollectionId", COLLECTION_ID)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCollections:
    next_token: str = member("NextToken", NEXT_TOKEN, default="")
    max_results: int = member("MaxResults", PAGE, default=0)


def create_collection(call: Call, asked: CreateCollection) -> dict[str, object]:
    name, terms = asked.collection_id, call.terms
    check(may_operate(call.caller, Operation.GRANT, collection=name, purpose=terms.purpose))
    try:
        made = make_bound_collection(call.parts.deployment, terms, name=name, tags=asked.tags or {})
    except ConflictError as error:
        raise ServiceError(
            Code.ALREADY_EXISTS, f"The collection id: {name} already exists."
        ) from error
    if isinstance(made, Verdict):
        raise denied(made)
    return {
        "StatusCode": 200,
        "CollectionArn": tell_arn(call, name),
        "FaceModelVersion": tell_model_version(made.model_digest),
    }


def delete_collection(call: Call, asked: DeleteCollection) -> dict[str, object]:
    name = asked.collection_id
    call.check(Operation.CASE, collection=name)
    leave = get_leave(call, collection_id=name)
    parts, grant_id = call.parts, call.terms.grant_id
    try:
        dropped = drop_collection(
            parts.deployment, leave, grant_id=grant_id, galleries=parts.galleries
        )
    except NotFoundError as error:  # somebody else was as quick
        raise no_collection(name) from error
    if not dropped.is_gone:
        raise ServiceError(
            Code.IN_USE,
            "What came in under the grant of your access key is erased. The collection id: "
            f"{name} stays, since what others brought in, or a link for guests, is in it.",
        )
    return {"StatusCode": 200}


def describe_collection(call: Call, asked: DescribeCollection) -> dict[str, object]:
    name = asked.collection_id
    call.check(Operation.VIEW, collection=name)
    leave = get_leave(call, collection_id=name)
    return {
        "FaceCount": FaceList(call.parts.deployment, leave).count(),
        "UserCount": FaceGroups(call.parts.deployment, leave).count(),
        "FaceModelVersion": tell_model_version(leave.collection.model_digest),
        # In this answer alone the name has these capitals.
        "CollectionARN": tell_arn(call, name),
        "CreationTimestamp": leave.collection.created_at.timestamp(),
    }


def list_collections(call: Call, asked: ListCollections) -> dict[str, object]:
    """Those that the key names and that are there, in the order they were made."""
    call.check(Operation.VIEW)
    after = read_token(call, asked.next_token, operation="ListCollections")
    limit = asked.max_results or USUAL_PAGE
    with call.parts.deployment.database.reading() as connection:
        found = [
            one
            for one in rows.iter_collections(connection)
            if one.id > after and may_reach(call.caller, one.name)
        ]
    page = found[:limit]
    told: dict[str, object] = {
        "CollectionIds": [one.name for one in page],
        "FaceModelVersions": [tell_model_version(one.model_digest) for one in page],
    }
    if len(found) > limit:
        told["NextToken"] = make_token(call, page[-1].id, operation="ListCollections")
    return told


def get_leave(call: Call, *, collection_id: str) -> Leave:
    """What the key may see of the collection. Raises `ServiceError` where it is refused.

    Faces like those of people who opted out are left out of it.
    """
    try:
        look = look_bound(call.parts, call.terms, collection=collection_id)
    except NotFoundError as error:
        raise no_collection(collection_id) from error
    if isinstance(look, Verdict):
        raise denied(look)
    return look.leave
