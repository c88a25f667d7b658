"""Tags of collections: put, taken away and told. What they say is sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mien.errors import ConflictError
from mien.permission.caller import Operation
from mien.rekognition.arn import read_arn
from mien.rekognition.call import Call
from mien.rekognition.collections import get_leave
from mien.rekognition.errors import Code, ServiceError
from mien.rekognition.kinds import RESOURCE_ARN, TAG_KEYS, TAGS
from mien.rekognition.members import member
from mien.service.tags import Tags


@dataclass(frozen=True, slots=True, kw_only=True)
class TagResource:
    resource_arn: str = member("ResourceArn", RESOURCE_ARN)
    tags: Mapping[str, str] = member("Tags", TAGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class UntagResource:
    resource_arn: str = member("ResourceArn", RESOURCE_ARN)
    tag_keys: tuple[str, ...] = member("TagKeys", TAG_KEYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTagsForResource:
    resource_arn: str = member("ResourceArn", RESOURCE_ARN)


def tag_resource(call: Call, asked: TagResource) -> dict[str, object]:
    tags = _find_tags(call, asked.resource_arn, operation=Operation.ADD)
    try:
        tags.put(asked.tags)
    except ConflictError as error:
        raise ServiceError(Code.QUOTA_EXCEEDED, str(error)) from error
    return {}


def untag_resource(call: Call, asked: UntagResource) -> dict[str, object]:
    _find_tags(call, asked.resource_arn, operation=Operation.ADD).remove(asked.tag_keys)
    return {}


def list_tags_for_resource(call: Call, asked: ListTagsForResource) -> dict[str, object]:
    return {"Tags": _find_tags(call, asked.resource_arn, operation=Operation.VIEW).read()}


def _find_tags(call: Call, resource_arn: str, *, operation: Operation) -> Tags:
    name = read_arn(call, resource_arn)
    call.check(operation, collection=name)
    leave = get_leave(call, collection_id=name)
    return Tags(call.parts.deployment, leave.collection)
