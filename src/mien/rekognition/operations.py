"""Every operation by its name: what it asks for, and what does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mien.rekognition import collections, compare, search
from mien.rekognition.call import Call

Answer = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Operation:
    """The members that an operation takes, and the call that answers it."""

    request: type
    do: Callable[[Call, Any], Answer]


OPERATIONS: Mapping[str, Operation] = {
    "DescribeCollection": Operation(
        collections.DescribeCollection, collections.describe_collection
    ),
    "CompareFaces": Operation(compare.CompareFaces, compare.compare_faces),
    "SearchFaces": Operation(search.SearchFaces, search.search_faces),
    "SearchFacesByImage": Operation(search.SearchFacesByImage, search.search_faces_by_image),
}
