"""What comes before an operation: limits and signatures, told so that an SDK understands."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from starlette.testclient import TestClient

from mien.errors import CatalogError
from mien.http.limits import Limits
from mien.http.site import Site
from mien.http.turnstile import BusyError
from mien.rekognition.call import Call
from mien.rekognition.members import Blob, Group, member
from mien.rekognition.operations import OPERATIONS, Operation
from mien.server.app import make_app
from rekognition.client import KEY_ID, SECRET, Key, make_client
from server.door import Door, make_site
from server.signing import HEADERS, Signer, send, with_header, without
from service.stage import Stage

URL = "http://testserver/"
FIVE_MB = b"\xff" * 5_242_880
SIGNER = Signer(key_id=KEY_ID, secret=SECRET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    content: bytes = member("Bytes", Blob(1, 5_242_880))


@dataclass(frozen=True, slots=True, kw_only=True)
class Two:
    source: Photo = member("SourceImage", Group(Photo))
    target: Photo = member("TargetImage", Group(Photo))


class Doing:
    """An operation that notes what it was asked, and fails as often as it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[Two] = []
        self.errors: list[Exception] = []
        monkeypatch.setitem(OPERATIONS, "CompareFaces", Operation(Two, self.do))

    def do(self, call: Call, asked: Two) -> dict[str, object]:
        assert call.caller.actor == f"access-key:{KEY_ID}"
        self.asked.append(asked)
        if self.errors:
            raise self.errors.pop(0)
        return {"FaceMatches": []}


@pytest.fixture
def doing(monkeypatch: pytest.MonkeyPatch) -> Doing:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)  # between tries
    return Doing(monkeypatch)


@pytest.fixture
def site(stage: Stage) -> Iterator[Site]:
    with stage.open() as library:
        yield make_site(library, door_for(1_000_000))


def door_for(calls_a_minute: int) -> Door:
    access = Key("g", "family-album").as_access()
    caller = replace(access.caller, calls_a_minute=calls_a_minute)
    return Door(access_keys={KEY_ID: replace(access, caller=caller)})


@contextmanager
def serving(site: Site) -> Iterator[TestClient]:
    with TestClient(make_app(site), raise_server_exceptions=False) as server:
        yield server


def compare(server: TestClient, *, content: bytes = b"x", attempts: int = 1) -> Any:
    client = make_client(server, attempts=attempts)
    return client.compare_faces(SourceImage={"Bytes": content}, TargetImage={"Bytes": content})


def refused(server: TestClient, **asked: Any) -> ClientError:
    with pytest.raises(ClientError) as raised:
        compare(server, **asked)
    assert type(raised.value).__name__ == raised.value.response["Error"]["Code"]
    return raised.value


def code_of(answer: Any) -> str:
    """Of an error that is told as the service tells it."""
    document = answer.json()
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert answer.headers["x-amzn-RequestId"]
    assert document["__type"] == document["Code"]
    assert document["Message"] == document["message"]
    return str(document["Code"])


def test_two_photos_as_large_as_they_may_be_fit(site: Site, doing: Doing) -> None:
    with serving(site) as server:
        compare(server, content=FIVE_MB)
        assert [len(doing.asked[0].source.content), len(doing.asked[0].target.content)] == [
            5_242_880,
            5_242_880,
        ]
        error = refused(server, content=FIVE_MB + b"x")
    assert error.response["Error"]["Code"] == "ImageTooLargeException"


def test_a_body_beyond_the_servers_limit_is_a_photo_that_is_too_large(
    site: Site, doing: Doing
) -> None:
    small = replace(site, limits=Limits(photo_bytes=1_000))
    with serving(small) as server:
        error = refused(server, content=b"x" * 1_000)
    assert error.response["Error"]["Message"] == "Image size is too large."
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert doing.asked == []


def test_no_room_for_more_bodies_is_tried_again(site: Site, doing: Doing) -> None:
    full = replace(site, limits=Limits(held_bytes=10))
    with serving(full) as server:
        error = refused(server, attempts=3)
    assert error.response["Error"]["Code"] == "ThrottlingException"
    assert error.response["ResponseMetadata"]["RetryAttempts"] == 2
    assert error.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "5"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BusyError(2), "ThrottlingException"),
        (CatalogError("locked"), "ThrottlingException"),
        (RuntimeError("nobody expected this"), "InternalServerError"),
    ],
    ids=["busy", "locked", "crash"],
)
def test_what_passes_is_tried_again(
    site: Site, doing: Doing, error: Exception, *, code: str
) -> None:
    with serving(site) as server:
        doing.errors = [error]
        told = refused(server)
        assert told.response["Error"]["Code"] == code
        assert "nobody expected" not in str(told)
        doing.errors = [error, error]
        assert compare(server, attempts=3)["FaceMatches"] == []
    assert len(doing.asked) == 4


def test_one_call_too_many_is_told_as_amazon_tells_it(stage: Stage, doing: Doing) -> None:
    with stage.open() as library, serving(make_site(library, door_for(2))) as server:
        for _ in range(2):
            compare(server)
        error = refused(server, attempts=2)
    assert error.response["Error"]["Code"] == "ProvisionedThroughputExceededException"
    assert error.response["Error"]["Message"] == "Provisioned Rate exceeded."
    assert error.response["ResponseMetadata"]["RetryAttempts"] == 1
    assert int(error.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"]) > 0
    assert len(doing.asked) == 2


def test_another_name_of_the_server_is_told_in_words(site: Site) -> None:
    with serving(site) as server:
        answer = send(server, with_header(SIGNER.sign(url=URL), "host", "evil.example"))
    assert code_of(answer) == "InvalidParameterException"
    assert "does not go by that name" in answer.json()["Message"]


def test_a_packed_body_is_not_unpacked(site: Site) -> None:
    packed = SIGNER.sign(url=URL, headers=HEADERS | {"Content-Encoding": "gzip"})
    with serving(site) as server:
        answer = send(server, packed)
    assert code_of(answer) == "InvalidParameterException"
    assert "compressed" in answer.json()["Message"]


def test_whoever_names_no_operation_is_told_so(site: Site) -> None:
    bare = SIGNER.sign(url=URL, headers={"Content-Type": HEADERS["Content-Type"]})
    with serving(site) as server:
        assert code_of(send(server, bare)) == "UnknownOperationException"


@pytest.mark.parametrize(
    "target",
    [
        *("CompareFaces", "rekognitionservice.CompareFaces", "RekognitionService.comparefaces"),
        *(
            "RekognitionService.CompareFaces,x",
            "RekognitionService.RekognitionService.CompareFaces",
        ),
        *("Rekognition.CompareFaces", "RekognitionService.__init__", "RekognitionService."),
    ],
)
def test_an_operation_has_one_name(site: Site, doing: Doing, target: str) -> None:
    wrong = SIGNER.sign(url=URL, headers=HEADERS | {"X-Amz-Target": target})
    with serving(site) as server:
        assert code_of(send(server, wrong)) == "UnknownOperationException"
    assert doing.asked == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "InvalidParameterException"),
        (b"{}", "InvalidParameterException"),
        (b"[]", "SerializationException"),
        (b"{", "SerializationException"),
        (b"\xff", "SerializationException"),
        (b"[" * 200_000, "SerializationException"),
        (b'{"SourceImage": "x"}', "SerializationException"),
    ],
    ids=["empty", "nothing", "list", "half", "no text", "deep", "wrong type"],
)
def test_a_body_is_one_document(site: Site, doing: Doing, body: bytes, *, code: str) -> None:
    request = SIGNER.sign(
        url=URL, headers=HEADERS | {"X-Amz-Target": "RekognitionService.CompareFaces"}, body=body
    )
    with serving(site) as server:
        assert code_of(send(server, request)) == code
    assert doing.asked == []


@pytest.mark.parametrize(
    ("signer", "code"),
    [
        (Signer(key_id=KEY_ID), "InvalidSignatureException"),
        (replace(SIGNER, key_id="MIENNOBODY0000000001"), "UnrecognizedClientException"),
        (replace(SIGNER, region="eu-west-1"), "InvalidSignatureException"),
        (replace(SIGNER, service="s3"), "InvalidSignatureException"),
        (replace(SIGNER, token=KEY_ID), "IncompleteSignatureException"),
    ],
    ids=["secret", "key", "region", "service", "token"],
)
def test_who_is_not_believed_is_told_as_amazon_tells_it(
    site: Site, signer: Signer, code: str
) -> None:
    with serving(site) as server:
        answer = send(server, signer.sign(url=URL))
    assert (answer.status_code, code_of(answer)) == (400, code)


def test_nobody_is_let_in_without_a_signature(site: Site, doing: Doing) -> None:
    request = SIGNER.sign(url=URL)
    bare = without(request, "authorization")
    tries = [
        (bare, "MissingAuthenticationTokenException"),
        (with_header(bare, "authorization", "Bearer admin"), "MissingAuthenticationTokenException"),
        (with_header(bare, "cookie", "mien-session=admin"), "MissingAuthenticationTokenException"),
        (with_header(bare, "authorization", "AWS4-HMAC-SHA256 x"), "IncompleteSignatureException"),
    ]
    with serving(site) as server:
        for tried, code in tries:
            assert code_of(send(server, tried)) == code
    assert doing.asked == []


def test_a_second_target_is_not_smuggled_in(site: Site, doing: Doing) -> None:
    """Neither before nor after the one that was signed, nor under a name that looks like it."""
    request = SIGNER.sign(url=URL)
    second = ("x-amz-target", "RekognitionService.CompareFaces")
    with serving(site) as server:
        for headers in ([second, *request.headers], [*request.headers, second]):
            answer = send(server, replace(request, headers=headers))
            assert code_of(answer) == "IncompleteSignatureException"
        like = with_header(request, "x_amz_target", second[1])
        assert code_of(send(server, like)) != "CompareFaces"
    assert doing.asked == []


def test_the_same_pieces_in_another_way_are_the_same_body(site: Site, doing: Doing) -> None:
    """A body that comes in chunks is signed as a whole, and one that grew is refused."""
    image = {"Bytes": base64.b64encode(b"x").decode()}
    body = json.dumps({"SourceImage": image, "TargetImage": image}).encode()
    headers = HEADERS | {"X-Amz-Target": "RekognitionService.CompareFaces"}
    request = SIGNER.sign(url=URL, headers=headers, body=body)
    with serving(site) as server:
        for pieces, status in (([body[:9], body[9:]], 200), ([body, b" "], 400)):
            answer = server.post("/", content=iter(pieces), headers=dict(request.headers))
            assert answer.status_code == status
    assert len(doing.asked) == 1
