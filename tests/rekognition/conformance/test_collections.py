"""Collections: made, described, listed and deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from rekognition.conformance.endpoint import Endpoint
from rekognition.conformance.proofs import Status, proves

NOWHERE = "nowhere"
ACCOUNT = "the account number stands for your data folder"
ARN = r"(arn:)?aws:rekognition:[a-z0-9-]+:\w*:collection/"


@pytest.fixture
def made(wire: Endpoint) -> Iterator[str]:
    with wire.collection("made") as collection_id:
        yield collection_id


@pytest.fixture(scope="module")
def listed(wire: Endpoint) -> Iterator[list[str]]:
    """Three collections, in the order of their names."""
    with ExitStack() as stack:
        names = [f"listed-{number}" for number in (1, 2, 3)]
        yield [stack.enter_context(wire.collection(name)) for name in names]


@proves("CreateCollectionRequest", "CollectionId")
@proves("CreateCollectionResponse", "StatusCode")
@proves("CreateCollectionResponse", "CollectionArn", status=Status.DIFFERS, why=ACCOUNT)
@proves(
    "CreateCollectionResponse",
    "FaceModelVersion",
    status=Status.DIFFERS,
    why="the model of your own, as digits and dots",
)
def test_a_collection_is_made_with_an_arn_and_the_version_of_the_model(wire: Endpoint) -> None:
    name = wire.name("made")
    wire.drop(name)
    made = wire.client.create_collection(CollectionId=name)
    assert made["StatusCode"] == 200
    assert re.fullmatch(
        rf"(arn:)?aws:rekognition:[a-z0-9-]+:\d*:collection/{name}", made["CollectionArn"]
    )
    assert re.fullmatch(r"[0-9.]+", made["FaceModelVersion"])
    assert "CollectionARN" not in made


def test_a_collection_that_is_there_is_not_made_again(wire: Endpoint, made: str) -> None:
    with wire.refusing("ResourceAlreadyExistsException") as refusal:
        wire.client.create_collection(CollectionId=made)
    assert refusal.message == f"The collection id: {made} already exists."


def test_names_differ_by_capitals(wire: Endpoint, made: str) -> None:
    with wire.collection("Made") as other:
        assert other.lower() == made
        found = wire.client.list_collections()["CollectionIds"]
        assert {made, other} <= set(found)


@proves("DescribeCollectionRequest", "CollectionId")
@proves("DescribeCollectionResponse", "CreationTimestamp")
@proves("DescribeCollectionResponse", "CollectionARN", status=Status.DIFFERS, why=ACCOUNT)
@proves(
    "DescribeCollectionResponse",
    *("FaceCount", "UserCount"),
    status=Status.DIFFERS,
    why="of what came in under the grant of the key",
)
@proves(
    "DescribeCollectionResponse",
    "FaceModelVersion",
    status=Status.DIFFERS,
    why="the model of your own, as digits and dots",
)
def test_an_empty_collection_is_described_with_capitals_of_its_own(wire: Endpoint) -> None:
    name = wire.name("made")
    wire.drop(name)
    made = wire.client.create_collection(CollectionId=name)
    found = wire.client.describe_collection(CollectionId=name)
    assert found["CollectionARN"] == made["CollectionArn"]
    assert "CollectionArn" not in found
    assert (found["FaceCount"], found["UserCount"]) == (0, 0)
    assert found["FaceModelVersion"] == made["FaceModelVersion"]
    assert abs(datetime.now(UTC) - found["CreationTimestamp"]) < timedelta(minutes=1)
    wire.drop(name)


@proves("ListCollectionsResponse", "CollectionIds")
@proves(
    "ListCollectionsResponse",
    "FaceModelVersions",
    status=Status.DIFFERS,
    why="the model of your own, as digits and dots",
)
def test_collections_are_listed_with_as_many_versions(wire: Endpoint, listed: list[str]) -> None:
    found = wire.client.list_collections()
    assert len(found["FaceModelVersions"]) == len(found["CollectionIds"])
    assert set(listed) <= set(found["CollectionIds"])
    assert all(re.fullmatch(r"[0-9.]+", one) for one in found["FaceModelVersions"])


@proves("ListCollectionsRequest", "NextToken", "MaxResults")
@proves("ListCollectionsResponse", "NextToken")
def test_pages_of_one_show_each_collection_once(wire: Endpoint, listed: list[str]) -> None:
    pages = wire.client.get_paginator("list_collections").paginate(PaginationConfig={"PageSize": 1})
    found = [name for page in pages for name in page["CollectionIds"]]
    assert len(found) == len(set(found))
    assert set(listed) <= set(found)


def test_a_page_of_nobody_s_is_refused(wire: Endpoint, listed: list[str]) -> None:
    with wire.refusing("InvalidPaginationTokenException"):
        wire.client.list_collections(NextToken="x" * 40)
    token = wire.client.list_collections(MaxResults=1)["NextToken"]
    with wire.refusing("InvalidPaginationTokenException"):
        wire.client.list_collections(NextToken=token[:-4] + "AAAA")


def test_a_page_of_another_list_is_refused(wire: Endpoint, listed: list[str]) -> None:
    token = wire.client.list_collections(MaxResults=1)["NextToken"]
    with wire.refusing("InvalidPaginationTokenException"):
        wire.client.list_faces(CollectionId=listed[0], NextToken=token)


@proves("DeleteCollectionRequest", "CollectionId")
@proves("DeleteCollectionResponse", "StatusCode")
def test_a_deleted_collection_is_gone(wire: Endpoint, made: str) -> None:
    assert wire.client.delete_collection(CollectionId=made)["StatusCode"] == 200
    with wire.refusing("ResourceNotFoundException"):
        wire.client.describe_collection(CollectionId=made)
    assert made not in wire.client.list_collections()["CollectionIds"]


def test_a_deleted_collection_can_be_made_anew_and_is_empty(wire: Endpoint, made: str) -> None:
    wire.index(made, wire.photos.of(0))
    assert wire.client.describe_collection(CollectionId=made)["FaceCount"] == 1
    wire.client.delete_collection(CollectionId=made)
    wire.client.create_collection(CollectionId=made)
    assert wire.client.describe_collection(CollectionId=made)["FaceCount"] == 0


@pytest.mark.parametrize("operation", ["delete_collection", "describe_collection"])
def test_what_is_not_there_is_said_to_be_not_there(wire: Endpoint, operation: str) -> None:
    name = wire.name(NOWHERE)
    with wire.refusing("ResourceNotFoundException") as refusal:
        getattr(wire.client, operation)(CollectionId=name)
    assert name in refusal.message


def test_a_key_makes_no_collection_that_it_does_not_name(wire: Endpoint) -> None:
    wire.differs("an access key names the collections that it is for")
    with wire.refusing("AccessDeniedException") as refusal:
        wire.client.create_collection(CollectionId="somebody-elses")
    assert "collection-not-yours" in refusal.message
