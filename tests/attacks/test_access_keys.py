"""Attempts to get round permission with an access key; every one must fail.

Every operation is tried, through boto3 and real accounts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from starlette.testclient import TestClient

from mien.permission.account import EVERYTHING
from mien.permission.basis import Basis
from mien.permission.caller import Operation, Role
from mien.permission.use import Use
from mien.rekognition.operations import OPERATIONS
from mien.server.app import make_app
from mien.service.access_keys import MadeAccess
from mien.service.account_drafts import UserChange
from mien.service.grants import Narrowing
from mien.testing import draw_photo
from rekognition.client import make_client
from server.entrance import site_of
from server.signing import HEADERS, Signer, send, with_header
from service.desk import Desk
from service.stage import PURPOSE, Stage, query

IMAGE = {"Bytes": draw_photo(1, seed=900)}
NOBODY = "8f14e45f-ceea-467f-ab2f-00000000f0f0"
WITHIN: Mapping[str, tuple[Operation, dict[str, Any]]] = {
    "CreateCollection": (Operation.GRANT, {}),
    "DeleteCollection": (Operation.CASE, {}),
    "DescribeCollection": (Operation.VIEW, {}),
    "IndexFaces": (Operation.ADD, {"Image": IMAGE}),
    "ListFaces": (Operation.VIEW, {}),
    "DeleteFaces": (Operation.CASE, {"FaceIds": [NOBODY]}),
    "SearchFaces": (Operation.SEARCH, {"FaceId": NOBODY}),
    "SearchFacesByImage": (Operation.SEARCH, {"Image": IMAGE}),
    "CreateUser": (Operation.ADD, {"UserId": "ann"}),
    "DeleteUser": (Operation.ADD, {"UserId": "ann"}),
    "ListUsers": (Operation.VIEW, {}),
    "AssociateFaces": (Operation.ADD, {"UserId": "ann", "FaceIds": [NOBODY]}),
    "DisassociateFaces": (Operation.ADD, {"UserId": "ann", "FaceIds": [NOBODY]}),
    "SearchUsers": (Operation.SEARCH, {"UserId": "ann"}),
    "SearchUsersByImage": (Operation.SEARCH, {"Image": IMAGE}),
}
"""What is done within a collection, and what a key needs for it."""
BESIDE: Mapping[str, tuple[Operation, dict[str, Any]]] = {
    "ListCollections": (Operation.VIEW, {}),
    "DetectFaces": (Operation.SEARCH, {"Image": IMAGE}),
    "CompareFaces": (Operation.SEARCH, {"SourceImage": IMAGE, "TargetImage": IMAGE}),
}
NAMED: Mapping[str, tuple[Operation, dict[str, Any]]] = {
    "TagResource": (Operation.ADD, {"Tags": {"a": "b"}}),
    "UntagResource": (Operation.ADD, {"TagKeys": ["a"]}),
    "ListTagsForResource": (Operation.VIEW, {}),
}
"""What names a collection by its ARN."""
ABOUT_ONE = {**WITHIN, **NAMED}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A collection with photos under one grant, and another under a grant of its own.

    One home for all of these: each test makes keys of its own.
    """
    stage = Stage(tmp_path_factory.mktemp("gate"), now=datetime.now(UTC))
    with stage.open() as library:
        for number, name in enumerate(("people", "secret"), 1):
            folder = stage.draw(f"{name}/{name}.png", number).parent
            grant = stage.grant(library, scope=folder, uses=list(Use))
            library.add(folder, grant=grant, collection=name)
        desk = Desk(stage, library)
        desk.invite("ann", Role.CURATOR)
        yield desk


@pytest.fixture(autouse=True)
def now(desk: Desk) -> None:
    """The clock as botocore's: it signs for this moment."""
    desk.stage.now = datetime.now(UTC)


@pytest.fixture(scope="module")
def server(desk: Desk) -> Iterator[TestClient]:
    with TestClient(make_app(site_of(desk)), raise_server_exceptions=False) as server:
        yield server


def root_of(server: TestClient) -> str:
    """What the ARN of every collection of this home begins with."""
    app: Any = server.app
    number = int(
        app.state.site.library.parts.deployment.vault.notary.refer("account", "amazon"), 16
    )
    return f"aws:rekognition:us-east-1:{number % 10**12:012d}:collection/"


def grants_of(desk: Desk) -> list[str]:
    return [grant.grant_id for grant in desk.library.grants()]


def make_key(desk: Desk, owner: str = "ann", **terms: Any) -> MadeAccess:
    own = {"grant_id": grants_of(desk)[0], "calls_a_minute": 6_000}
    return desk.access_key(owner, **(own | terms))


@cache
def client_of(server: TestClient, key_id: str, *, secret: str) -> Any:
    """It takes longer to make one than to ask with it."""
    return make_client(server, key_id=key_id, secret=secret)


def ask(server: TestClient, made: MadeAccess, name: str, **asked: Any) -> str:
    """Calls an operation as boto3 does; the code of its refusal, empty where it was done."""
    try:
        client_of(server, made.key.access_key_id, secret=made.secret)._make_api_call(name, asked)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def ask_within(server: TestClient, made: MadeAccess, name: str, *, collection: str) -> str:
    where = {"CollectionId": collection}
    if name in NAMED:
        where = {"ResourceArn": f"{root_of(server)}{collection}"}
    return ask(server, made, name, **where, **ABOUT_ONE[name][1])


@contextmanager
def unchanged(desk: Desk) -> Iterator[None]:
    """Nothing of what is held comes, goes or changes meanwhile."""
    tables = ("collections", "photos", "faces", "indexed_photos", "locations", "face_groups")
    catalog = desk.stage.home / "catalog.db"

    def read() -> list[Any]:
        return [query(catalog, f"SELECT * FROM {name}") for name in tables]  # noqa: S608

    before = read()
    yield
    assert read() == before


def test_every_operation_is_tried() -> None:
    assert OPERATIONS.keys() == WITHIN.keys() | BESIDE.keys() | NAMED.keys()


def test_no_other_collection_is_known_searched_filled_or_emptied(
    desk: Desk, server: TestClient
) -> None:
    """Neither one that is there nor one that is not, and nobody is told which it is."""
    made, others = make_key(desk), ("secret", "nowhere", "People")
    with unchanged(desk):
        for name in ABOUT_ONE:
            codes = {ask_within(server, made, name, collection=one) for one in others}
            assert len(codes) == 1, name
            assert codes <= {"ResourceNotFoundException", "AccessDeniedException"}, name


@pytest.mark.parametrize("operation", ["view", "search", "add", "grant", "case"])
def test_a_key_does_what_it_is_for_and_no_more(
    desk: Desk, server: TestClient, operation: str
) -> None:
    made = make_key(desk, operations=[operation])
    with unchanged(desk):
        for name, (needed, _) in ABOUT_ONE.items():
            if needed != operation:
                code = ask_within(server, made, name, collection="people")
                assert code == "AccessDeniedException", name
        for name, (needed, asked) in BESIDE.items():
            if needed != operation:
                assert ask(server, made, name, **asked) == "AccessDeniedException", name


def test_a_key_sees_nothing_that_came_in_under_another_grant(
    desk: Desk, server: TestClient
) -> None:
    """Both grants are for the same purpose, and both collections are named."""
    made = make_key(desk, collections=["people", "secret"])
    client = make_client(server, key_id=made.key.access_key_id, secret=made.secret)
    assert client.describe_collection(CollectionId="people")["FaceCount"] == 1
    assert client.describe_collection(CollectionId="secret")["FaceCount"] == 0
    assert client.list_faces(CollectionId="secret")["Faces"] == []
    image = {"Bytes": (desk.stage.photos / "secret" / "secret.png").read_bytes()}
    found = client.search_users_by_image(CollectionId="secret", Image=image)
    assert found["UserMatches"] == []


def test_a_grant_that_ends_takes_its_keys_along(desk: Desk, server: TestClient) -> None:
    grant = desk.stage.grant(desk.library)
    made = make_key(desk, grant_id=grant)
    assert ask_within(server, made, "DescribeCollection", collection="people") == ""
    desk.library.revoke(grant)
    check_all_is_refused(desk, server, made)


def test_a_purpose_that_a_grant_loses_is_lost_to_its_keys(desk: Desk, server: TestClient) -> None:
    folder = desk.stage.photos / "people"
    grant = desk.stage.grant(desk.library, PURPOSE, "press", scope=folder, uses=list(Use))
    made = make_key(desk, grant_id=grant, collections=["people"])
    assert ask_within(server, made, "DescribeCollection", collection="people") == ""
    desk.library.narrow(grant, Narrowing(purposes=["press"]))
    check_all_is_refused(desk, server, made)


def check_all_is_refused(desk: Desk, server: TestClient, made: MadeAccess) -> None:
    """Of what is seen, searched or added; to take away what is held is never kept from anybody."""
    with unchanged(desk):
        for name in ABOUT_ONE:
            if ABOUT_ONE[name][0] in {Operation.VIEW, Operation.SEARCH, Operation.ADD}:
                code = ask_within(server, made, name, collection="people")
                assert code == "AccessDeniedException", name


def test_a_key_is_nothing_without_its_owner(desk: Desk, server: TestClient) -> None:
    desk.invite("bob", Role.CURATOR)
    made = make_key(desk, "bob")
    change = UserChange(role=Role.CURATOR, purposes=["press"])
    desk.accounts.change("bob", change, by=EVERYTHING)
    check_all_is_refused(desk, server, made)
    desk.accounts.disable("bob", by=EVERYTHING)
    code = ask_within(server, made, "DescribeCollection", collection="people")
    assert code == "UnrecognizedClientException"


def test_what_has_ended_is_told_as_what_never_was(desk: Desk, server: TestClient) -> None:
    """Whoever guesses ids learns nothing of them, with or without the secret."""
    revoked, over, nobody = make_key(desk), make_key(desk, days=1), make_key(desk)
    desk.accounts.access_keys.revoke(revoked.key.access_key_id, by=EVERYTHING)
    desk.stage.now += timedelta(days=1)  # the signatures are too early by that, and not looked at
    unknown = replace(nobody.key, access_key_id="MIENNOBODYNOBODY0000")
    told = set()
    for made in (revoked, over, replace(nobody, key=unknown)):
        for secret in (made.secret, "guessed"):
            client = make_client(server, key_id=made.key.access_key_id, secret=secret)
            with pytest.raises(ClientError) as refused:
                client.describe_collection(CollectionId="people")
            told.add((refused.value.response["Error"]["Code"], str(refused.value)))
    assert len(told) == 1


def sign(made: MadeAccess, **changes: Any) -> Any:
    headers = HEADERS | {"X-Amz-Target": "RekognitionService.DescribeCollection"}
    signer = Signer(key_id=made.key.access_key_id, secret=made.secret)
    return signer.sign(url="http://testserver/", headers=headers | changes)


def test_a_request_is_sent_again_within_minutes_alone(desk: Desk, server: TestClient) -> None:
    request = sign(make_key(desk))
    assert send(server, request).status_code == 200
    desk.stage.now += timedelta(minutes=6)
    assert send(server, request).json()["__type"] == "InvalidSignatureException"


def test_a_signature_is_of_one_key(desk: Desk, server: TestClient) -> None:
    """The id is no part of what is signed: another one has another secret."""
    weak = make_key(desk, operations=["view"], collections=["others"])
    strong = make_key(desk)
    request = sign(weak)
    renamed = request.get("authorization").replace(weak.key.access_key_id, strong.key.access_key_id)
    answer = send(server, with_header(request, "authorization", renamed))
    assert answer.json()["__type"] == "InvalidSignatureException"


def test_what_was_signed_for_one_server_is_nothing_to_another(
    desk: Desk, server: TestClient, tmp_path: Path
) -> None:
    made = make_key(desk)
    other = Stage(tmp_path / "other", now=desk.stage.now)
    with other.open() as library:
        there = Desk(other, library)
        with TestClient(make_app(site_of(there))) as elsewhere:
            answer = send(elsewhere, sign(made))
    assert answer.json()["__type"] == "UnrecognizedClientException"
    assert send(server, sign(made)).status_code == 200


def test_no_header_of_a_proxy_or_a_browser_makes_more_of_a_key(
    desk: Desk, server: TestClient
) -> None:
    desk.make("boss", Role.ADMIN)
    made, token = make_key(desk, operations=["search"]), desk.sign_in("boss")
    for name, value in (
        ("cookie", f"mien-session={token}"),
        ("x-forwarded-user", "ann"),
        ("x-http-method-override", "GET"),
        ("x-original-url", "/v1/users"),
    ):
        answer = send(server, with_header(sign(made), name, value))
        assert answer.json()["__type"] == "AccessDeniedException"


def test_no_refusal_says_what_is_not_the_clients(desk: Desk, server: TestClient) -> None:
    made = make_key(desk, operations=["search"])
    desk.library.create_collection("club", basis=Basis.HOUSEHOLD)
    tries = [sign(made), with_header(sign(made), "x-amz-target", "RekognitionService.ListFaces")]
    for request in tries:
        text = send(server, request).text
        for hidden in (
            made.secret,
            "secret",
            "club",
            "ann",
            grants_of(desk)[0],
            str(desk.stage.home),
        ):
            assert hidden not in text
