"""Asking an account: page by page over the wire, and what is told when it is refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from mien.errors import SettingsError
from mien.sources.amazon_account import Account, fetch_listing, open_client
from mien.sources.amazon_listing import parse_listing

Answers = Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]]


def face(number: int) -> dict[str, Any]:
    return {
        "FaceId": f"00000000-0000-4000-8000-{number:012}",
        "ImageId": f"00000000-0000-4000-9000-{number:012}",
        "BoundingBox": {"Left": 0.0, "Top": 0.0, "Width": 1.0, "Height": 1.0},
        "Confidence": 99.0,
    }


def page_of(name: str, values: list[Any], asked: dict[str, Any]) -> dict[str, Any]:
    """One value a page."""
    at = int(asked.get("NextToken", "0"))
    more = {"NextToken": str(at + 1)} if at + 1 < len(values) else {}
    return {name: values[at : at + 1], **more}


def list_faces(asked: dict[str, Any]) -> dict[str, Any]:
    if asked["CollectionId"] == "empty":
        return {"Faces": []}
    numbers = {"ann": [1, 3], "bob": []}.get(asked.get("UserId", ""), [1, 2, 3])
    return page_of("Faces", [face(number) for number in numbers], asked)


def list_users(asked: dict[str, Any]) -> dict[str, Any]:
    if asked["CollectionId"] == "empty":
        return {"__type": "InvalidParameterException"}
    users = [{"UserId": name, "UserStatus": "ACTIVE"} for name in ("ann", "bob")]
    return page_of("Users", users, asked)


def list_tags(asked: dict[str, Any]) -> dict[str, Any]:
    if asked["ResourceArn"].endswith("empty"):
        return {"__type": "AccessDeniedException"}
    return {"Tags": {"owner": "press"}}


ANSWERS: Answers = {
    "ListCollections": lambda asked: page_of("CollectionIds", ["staff", "empty"], asked),
    "DescribeCollection": lambda asked: {
        "CollectionARN": f"arn:aws:rekognition:x:1:collection/{asked['CollectionId']}"
    },
    "ListFaces": list_faces,
    "ListUsers": list_users,
    "ListTagsForResource": list_tags,
}


@contextmanager
def serving(answers: Answers) -> Iterator[Any]:
    """A real client of an account that answers so."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = answers[self.headers["X-Amz-Target"].partition(".")[2]](asked)
            body = json.dumps(answer).encode()
            self.send_response(400 if "__type" in answer else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.fixture
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AK")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret word")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def fetch(answers: Answers, **options: Any) -> Any:
    with serving(answers) as endpoint:
        client = open_client(Account(region="eu-central-1", endpoint=endpoint))
        return parse_listing(fetch_listing(client, **options))


@pytest.mark.usefixtures("_signed_in")
def test_everything_is_listed_page_by_page() -> None:
    staff, empty = fetch(ANSWERS)
    assert [one.face_id[-1] for one in staff.faces] == ["1", "2", "3"]
    assert [(one.user_id, [f[-1] for f in one.face_ids]) for one in staff.users] == [
        ("ann", ["1", "3"]),
        ("bob", []),
    ]
    assert staff.tags == {"owner": "press"}
    assert (empty.collection_id, empty.faces, empty.users, empty.tags) == ("empty", (), (), None)


@pytest.mark.usefixtures("_signed_in")
def test_only_the_collections_that_are_named_are_asked_for() -> None:
    (empty,) = fetch(ANSWERS, collections=["empty"])
    assert empty.collection_id == "empty"


@pytest.mark.usefixtures("_signed_in")
@pytest.mark.parametrize("name", ["ListCollections", "DescribeCollection", "ListFaces"])
def test_a_refusal_is_told_by_its_name_and_by_what_is_needed(name: str) -> None:
    def refuse(_: object) -> dict[str, Any]:
        return {"__type": "AccessDeniedException", "Message": "arn:aws:iam::1234:user/secret"}

    with pytest.raises(SettingsError, match=f"{name} with AccessDeniedException") as refused:
        fetch({**ANSWERS, name: refuse})
    assert "rekognition:List" in str(refused.value)
    assert "1234" not in str(refused.value)


@pytest.mark.usefixtures("_signed_in")
def test_users_that_may_not_be_listed_are_not_taken_for_none() -> None:
    denied = {**ANSWERS, "ListUsers": lambda _: {"__type": "AccessDeniedException"}}
    with pytest.raises(SettingsError, match="ListUsers with AccessDeniedException"):
        fetch(denied)


def test_an_account_that_cannot_be_found_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError, match=r"cannot be asked \(ProfileNotFound\)"):
        open_client(Account(profile="none-such"))
    with pytest.raises(SettingsError, match=r"cannot be asked \(NoRegionError\)"):
        open_client(Account())
    with pytest.raises(SettingsError, match=r"cannot be asked \(ValueError\)"):
        open_client(Account(region="eu-central-1", endpoint="nowhere"))
    client = open_client(Account(region="eu-central-1", endpoint="http://127.0.0.1:1"))
    with pytest.raises(SettingsError, match=r"cannot be asked \(NoCredentialsError\)"):
        fetch_listing(client)


def test_without_boto3_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(SettingsError, match=r"pip install 'mien\[aws\]'"):
        open_client(Account())
