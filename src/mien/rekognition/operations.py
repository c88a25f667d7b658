"""Every operation by its name: what it asks for, and what does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mien.rekognition import (
    associations,
    collections,
    compare,
    detect_faces,
    faces,
    index_faces,
    search,
    search_users,
    tags,
    users,
)
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
    "CompareFaces": Operation(compare.CompareFaces, compare.compare_faces),
    "SearchFaces": Operation(search.SearchFaces, search.search_faces),
    "SearchFacesByImage": Operation(search.SearchFacesByImage, search.search_faces_by_image),
    "CreateUser": Operation(users.CreateUser, users.create_user),
    "DeleteUser": Operation(users.DeleteUser, users.delete_user),
    "ListUsers": Operation(users.ListUsers, users.list_users),
    "AssociateFaces": Operation(associations.AssociateFaces, associations.associate_faces),
    "DisassociateFaces": Operation(associations.DisassociateFaces, associations.disassociate_faces),
    "SearchUsers": Operation(search_users.SearchUsers, search_users.search_users),
    "SearchUsersByImage": Operation(
        search_users.SearchUsersByImage, search_users.search_users_by_image
    ),
    "DetectFaces": Operation(detect_faces.DetectFaces, detect_faces.detect_faces),
    "IndexFaces": Operation(index_faces.IndexFaces, index_faces.index_faces),
}
