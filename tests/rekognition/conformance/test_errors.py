"""Errors, as programs tell them apart; and what is not offered, told as the service tells it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from rekognition.conformance.endpoint import Endpoint, make_client
from rekognition.conformance.photos import DAD
from rekognition.conformance.refused import REFUSED, SUPPORTED
from rekognition.conformance.test_index import UNKNOWN

ARN = "arn:aws:rekognition:us-east-1:000000000000:collection/mien-conformance-nowhere"


def least(operation: str, *, collection: str, photo: bytes) -> dict[str, Any]:
    """The least that the operation asks for, about a collection."""
    asked: dict[str, Any] = {"CollectionId": collection}
    if operation in {"CompareFaces", "DetectFaces"} or "Resource" in operation:
        asked = {}
    if "Resource" in operation:
        asked["ResourceArn"] = ARN
    image = {"Bytes": photo}
    more: dict[str, dict[str, Any]] = {
        "AssociateFaces": {"UserId": "ann", "FaceIds": [UNKNOWN]},
        "CompareFaces": {"SourceImage": image, "TargetImage": image},
        "CreateUser": {"UserId": "ann"},
        "DeleteFaces": {"FaceIds": [UNKNOWN]},
        "DeleteUser": {"UserId": "ann"},
        "DetectFaces": {"Image": image},
        "DisassociateFaces": {"UserId": "ann", "FaceIds": [UNKNOWN]},
        "IndexFaces": {"Image": image},
        "SearchFaces": {"FaceId": UNKNOWN},
        "SearchFacesByImage": {"Image": image},
        "SearchUsers": {"UserId": "ann"},
        "SearchUsersByImage": {"Image": image},
        "TagResource": {"Tags": {"a": "1"}},
        "UntagResource": {"TagKeys": ["a"]},
    }
    if operation == "ListCollections":
        return {}
    return asked | more.get(operation, {})


def ask(client: Any, operation: str, **asked: Any) -> dict[str, Any]:
    """By the operation's name as the service has it."""
    method = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
    return dict(getattr(client, method)(**asked))


@pytest.mark.parametrize(
    "operation",
    sorted(SUPPORTED - {"CreateCollection", "ListCollections", "CompareFaces", "DetectFaces"}),
)
def test_a_collection_that_is_not_there_is_not_found(wire: Endpoint, operation: str) -> None:
    asked = least(operation, collection=wire.name("nowhere"), photo=wire.photos.of(DAD))
    with wire.refusing("ResourceNotFoundException"):
        ask(wire.client, operation, **asked)


@pytest.mark.parametrize("operation", sorted(REFUSED))
def test_what_is_not_offered_is_no_operation(wire: Endpoint, operation: str) -> None:
    wire.differs(REFUSED[operation])
    with wire.refusing("UnknownOperationException"):
        ask(wire.unchecked, operation)


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"\xff\xfe", b'"text"', b"[" * 100_000, b'{"MaxResults": "many"}'],
    ids=["cut off", "list", "no text", "word", "deep", "wrong type"],
)
def test_a_body_that_cannot_be_read_is_refused(wire: Endpoint, body: bytes) -> None:
    client = make_client(wire.served)
    client.meta.events.register("before-call", lambda params, **_: params.update(body=body))
    wire.watch.attach_answers(client)
    with wire.refusing("SerializationException", "InvalidParameterException"):
        client.list_collections()


def test_members_that_nobody_knows_are_overlooked(wire: Endpoint) -> None:
    client = make_client(wire.served)
    body = b'{"Else": {"a": [1, null]}, "MaxResults": null}'
    client.meta.events.register("before-call", lambda params, **_: params.update(body=body))
    assert "CollectionIds" in client.list_collections()


def test_every_operation_of_the_service_is_offered_or_refused(wire: Endpoint) -> None:
    assert SUPPORTED | set(REFUSED) == set(wire.client.meta.service_model.operation_names)
    assert not SUPPORTED & set(REFUSED)


def test_an_error_is_the_exception_that_programs_catch(wire: Endpoint) -> None:
    with pytest.raises(wire.client.exceptions.ResourceNotFoundException) as caught:
        wire.client.describe_collection(CollectionId=wire.name("nowhere"))
    told = caught.value.response
    assert told["Error"]["Code"] == "ResourceNotFoundException"
    assert told["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert wire.watch.last["__type"] == "ResourceNotFoundException"


def test_every_answer_has_an_id_of_its_own(wire: Endpoint) -> None:
    ids = {wire.client.list_collections()["ResponseMetadata"]["RequestId"] for _ in range(3)}
    assert len(ids) == 3


def test_the_internal_error_carries_no_word_exception(wire: Endpoint) -> None:
    codes = {shape.name for shape in wire.client.meta.service_model.error_shapes}
    assert {"InternalServerError"} == {code for code in codes if not code.endswith("Exception")}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key_id": "MIENNOBODYSKEY000001"}, "UnrecognizedClientException"),
        ({"secret": "another secret"}, "InvalidSignatureException"),
        ({"region": "eu-west-9"}, "InvalidSignatureException"),
    ],
    ids=["key", "secret", "region"],
)
def test_who_does_not_sign_rightly_is_told_so(
    wire: Endpoint, changes: dict[str, str], code: str
) -> None:
    wire.differs("signing is tried with a key that is known")
    assert wire.served is not None
    signer = {name: value for name, value in changes.items() if name != "region"}
    region = changes.get("region", "us-east-1")
    client = make_client(replace(wire.served, **signer), region=region)
    wire.watch.attach(client)
    with wire.refusing(code):
        client.list_collections()
