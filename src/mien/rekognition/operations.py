"""Every operation by its name: what it asks for, and what does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mien.rekognition import collections, faces, tags
from mien.rekognition.call import Call

Answer = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Operation:
    """The members that an operation takes, and the call that answers it."""

    request: type
    do: Callable[[Call, Any], Answer]


OPERATIONS: Mapping[str, Operation] = {
    "CreateCollection": Operation(collections.CreateCollection, collections.create_collection),
    "DeleteCollection": Operation(collections.DeleteCollection, collections.delete_collection),
    "DeleteFaces": Operation(faces.DeleteFaces, faces.delete_faces),
    "DescribeCollection": Operation(
        collections.DescribeCollection, collections.describe_collection
    ),
    "ListCollections": Operation(collections.ListCollections, collections.list_collections),
    "ListFaces": Operation(faces.ListFaces, faces.list_faces),
    "ListTagsForResource": Operation(tags.ListTagsForResource, tags.list_tags_for_resource),
    "TagResource": Operation(tags.TagResource, tags.tag_resource),
    "UntagResource": Operation(tags.UntagResource, tags.untag_resource),
}
