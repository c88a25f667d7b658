"""Tags of collections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rekognition.conformance.endpoint import Endpoint
from rekognition.conformance.proofs import proves

NOBODYS = "arn:aws:rekognition:us-east-1:000000000000:collection/mien-conformance-nowhere"
TAGS = {"team": "fotos", "Jahr:2026/5": "1 + 1 = 2 @ ähem"}


@pytest.fixture
def arn(wire: Endpoint) -> Iterator[str]:
    with wire.collection("tagged") as collection_id:
        found = wire.client.describe_collection(CollectionId=collection_id)
        yield found["CollectionARN"]


@proves("CreateCollectionRequest", "Tags")
@proves("ListTagsForResourceRequest", "ResourceArn")
@proves("ListTagsForResourceResponse", "Tags")
def test_a_collection_is_made_with_its_tags(wire: Endpoint) -> None:
    name = wire.name("tagged")
    wire.drop(name)
    made = wire.client.create_collection(CollectionId=name, Tags=TAGS)
    arn = wire.client.describe_collection(CollectionId=name)["CollectionARN"]
    assert wire.client.list_tags_for_resource(ResourceArn=arn)["Tags"] == TAGS
    assert made["CollectionArn"] == arn
    wire.drop(name)


def test_a_collection_without_tags_has_none(wire: Endpoint, arn: str) -> None:
    assert wire.client.list_tags_for_resource(ResourceArn=arn).get("Tags", {}) == {}


@proves("TagResourceRequest", "ResourceArn", "Tags")
def test_a_tag_is_added_and_another_is_overwritten(wire: Endpoint, arn: str) -> None:
    wire.client.tag_resource(ResourceArn=arn, Tags={"a": "1", "b": ""})
    wire.client.tag_resource(ResourceArn=arn, Tags={"b": "2", "c": "3"})
    found = wire.client.list_tags_for_resource(ResourceArn=arn)["Tags"]
    assert found == {"a": "1", "b": "2", "c": "3"}


@proves("UntagResourceRequest", "ResourceArn", "TagKeys")
def test_a_tag_is_taken_away_and_one_that_is_not_there_is_no_error(
    wire: Endpoint, arn: str
) -> None:
    wire.client.tag_resource(ResourceArn=arn, Tags={"a": "1", "b": "2"})
    wire.client.untag_resource(ResourceArn=arn, TagKeys=["a", "never"])
    assert wire.client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"b": "2"}


def test_tags_go_with_their_collection(wire: Endpoint, arn: str) -> None:
    wire.client.tag_resource(ResourceArn=arn, Tags=TAGS)
    name = wire.name("tagged")
    wire.client.delete_collection(CollectionId=name)
    wire.client.create_collection(CollectionId=name)
    assert wire.client.list_tags_for_resource(ResourceArn=arn).get("Tags", {}) == {}


@pytest.mark.parametrize("operation", ["list_tags_for_resource", "tag_resource", "untag_resource"])
def test_what_is_not_there_has_no_tags(wire: Endpoint, operation: str) -> None:
    more: dict[str, dict[str, Any]] = {
        "list_tags_for_resource": {},
        "tag_resource": {"Tags": {"a": "1"}},
        "untag_resource": {"TagKeys": ["a"]},
    }
    with wire.refusing("ResourceNotFoundException"):
        getattr(wire.client, operation)(ResourceArn=NOBODYS, **more[operation])


@pytest.mark.parametrize("key", ["aws:own", "tab\tkey", "ende!", ""])
def test_keys_that_tags_cannot_have_are_refused(wire: Endpoint, arn: str, key: str) -> None:
    with wire.refusing("InvalidParameterException"):
        wire.unchecked.tag_resource(ResourceArn=arn, Tags={key: "1"})
