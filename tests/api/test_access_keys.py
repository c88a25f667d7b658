"""`/v1/access-keys`, asked with API keys, and what may be asked with an access key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from mien.http.signature import Signable
from mien.permission.basis import Basis
from mien.permission.caller import Role
from mien.permission.use import Use
from mien.server.app import make_app
from mien.service.access_keys import MadeAccess
from server.entrance import site_of
from server.signing import Signer, send, with_header
from service.desk import Desk
from service.stage import PURPOSE, Stage, query

ALL = ["account", "add", "case", "grant", "search", "view"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One home for all of these: each test makes keys of its own."""
    stage = Stage(tmp_path_factory.mktemp("gate"), now=datetime.now(UTC))
    with stage.open() as library:
        desk = Desk(stage, library)
        for number, name in enumerate(("ann", "ben"), 1):
            take_in(desk, name, number)
        desk.invite("boss", Role.ADMIN)
        yield desk


def take_in(desk: Desk, name: str, person: int) -> str:
    """A photo of somebody, under a grant of its own."""
    folder = desk.stage.draw(f"{name}/{name}.png", person).parent
    grant = desk.stage.grant(desk.library, scope=folder, uses=list(Use))
    desk.library.add(folder, grant=grant, collection="people")
    return grant


@pytest.fixture(autouse=True)
def now(desk: Desk) -> None:
    """The clock as botocore's: it signs for this moment."""
    desk.stage.now = datetime.now(UTC)


@pytest.fixture(scope="module")
def client(desk: Desk) -> Iterator[TestClient]:
    with TestClient(make_app(site_of(desk))) as client:
        yield client


@pytest.fixture(scope="module")
def boss(desk: Desk) -> dict[str, str]:
    return {"Authorization": f"Bearer {desk.key('boss').secret}"}


def grants_of(desk: Desk) -> list[str]:
    return [grant.grant_id for grant in desk.library.grants()]


def make(client: TestClient, headers: dict[str, str], **body: Any) -> Any:
    draft = {"name": "gate", "collections": ["people"], "purpose": PURPOSE}
    return client.post("/v1/access-keys", json=draft | body, headers=headers)


def sign(made: MadeAccess, path: str, **changes: Any) -> Signable:
    signer = Signer(key_id=made.key.access_key_id, secret=made.secret)
    url = f"http://testserver{path}"
    return signer.sign(**({"method": "GET", "url": url, "headers": {}, "body": b""} | changes))


def face_of(desk: Desk, name: str) -> str:
    catalog = desk.stage.home / "catalog.db"
    statement = (
        "SELECT faces.uuid FROM faces JOIN indexed_photos ON indexed_photos.id = indexed_photo_id "
        "JOIN locations ON locations.photo_id = indexed_photos.photo_id WHERE uri LIKE ?"
    )
    return str(query(catalog, statement, f"%{name}.png")[0])


def test_a_key_is_made_shown_once_and_revoked(
    desk: Desk, client: TestClient, boss: dict[str, str]
) -> None:
    grant = grants_of(desk)[0]
    answer = make(client, boss, grant_id=grant, days=1)
    assert answer.status_code == 201
    made = answer.json()
    key = made["key"]
    assert key["owner"] == desk.accounts.get("boss").user_id
    assert (key["grant_id"], key["purpose"], key["collections"]) == (grant, PURPOSE, ["people"])
    assert ["account", *key["operations"]] == ALL
    assert made["environment"] == {
        "AWS_ACCESS_KEY_ID": key["id"],
        "AWS_SECRET_ACCESS_KEY": made["secret"],
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_REKOGNITION": "http://testserver",
    }
    listed = client.get("/v1/access-keys", headers=boss)
    assert listed.json()["items"][-1] == key
    assert made["secret"] not in listed.text
    path = f"/v1/access-keys/{key['id']}"
    assert client.get(path, headers=boss).json() == key
    assert client.delete(path, headers=boss).json()["revoked_at"]
    assert desk.accounts.access_keys.find(key["id"]) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"grant_id": str(uuid4())}, (404, "not-found")),
        ({"grant_id": "x"}, (404, "not-found")),
        ({"purpose": "press"}, (403, "purpose-not-granted")),
        ({"collections": []}, (422, "settings")),
        ({"collections": ["a b"]}, (422, "settings")),
        ({"operations": ["operate"]}, (422, "settings")),
        ({"owner": "nobody"}, (404, "not-found")),
        ({"days": 400}, (422, "settings")),
        ({"is_admin": True}, (422, "malformed-request")),
    ],
    ids=range(9),
)
def test_what_cannot_be_is_told_as_a_problem(
    desk: Desk,
    client: TestClient,
    boss: dict[str, str],
    *,
    body: dict[str, object],
    expected: object,
) -> None:
    before = list(desk.accounts.access_keys)
    answer = make(client, boss, **({"grant_id": grants_of(desk)[0]} | body))
    assert (answer.status_code, answer.json()["code"]) == expected
    assert list(desk.accounts.access_keys) == before


def test_nobody_gives_or_knows_more_than_they_have(
    desk: Desk, client: TestClient, boss: dict[str, str]
) -> None:
    desk.library.create_collection("club", basis=Basis.HOUSEHOLD)
    desk.make("lesser", Role.ADMIN, collections=["club"])
    lesser = {"Authorization": f"Bearer {desk.key('lesser').secret}"}
    key = make(client, boss, grant_id=grants_of(desk)[0]).json()["key"]
    assert client.get("/v1/access-keys", headers=lesser).json() == {"items": []}
    for method in ("GET", "DELETE"):
        path = f"/v1/access-keys/{key['id']}"
        assert client.request(method, path, headers=lesser).status_code == 404
    # The grant brought in photos elsewhere: as for all who are bound, there is no such grant.
    answer = make(client, lesser, grant_id=grants_of(desk)[0], collections=["club"])
    assert answer.json()["code"] == "not-found"
    fresh = desk.stage.grant(desk.library)
    wide = make(client, lesser, grant_id=fresh, collections=["club", "people"])
    assert (wide.status_code, wide.json()["code"]) == (403, "more-than-yours")


def test_whoever_signs_may_know_who_they_are(desk: Desk, client: TestClient) -> None:
    made = desk.access_key("boss", grant_id=grants_of(desk)[0])
    told = send(client, sign(made, "/v1/me")).json()
    assert told == {
        "actor": f"access-key:{made.key.access_key_id}",
        "name": "gate",
        "operations": ALL,
        "collections": ["people"],
        "purposes": [PURPOSE],
        "calls_a_minute": 600,
    }
    used = desk.accounts.access_keys.get(made.key.access_key_id)
    assert used.last_used_on is not None


def test_whoever_signs_sees_the_faces_of_their_grant_alone(
    desk: Desk, client: TestClient, boss: dict[str, str]
) -> None:
    grant = take_in(desk, "cid", 3)
    own, other = face_of(desk, "cid"), face_of(desk, "ben")
    made = desk.access_key("boss", grant_id=grant)
    assert send(client, sign(made, f"/v1/faces/{own}")).json()["face_id"] == own
    for face_id in (own, other):
        assert client.get(f"/v1/faces/{face_id}", headers=boss).status_code == 200
    elsewhere = desk.access_key("boss", grant_id=grant, collections=["others"])
    for key, face_id in ((made, other), (made, str(uuid4())), (elsewhere, own)):
        hidden = send(client, sign(key, f"/v1/faces/{face_id}"))
        assert (hidden.status_code, hidden.json()["code"]) == (404, "not-found")
        assert hidden.json()["detail"] == f"There is no face {face_id} here that may be seen."
    desk.library.revoke(grant)
    assert send(client, sign(made, f"/v1/faces/{own}")).status_code == 404


def test_a_key_that_may_not_look_sees_no_face(desk: Desk, client: TestClient) -> None:
    made = desk.access_key("boss", grant_id=grants_of(desk)[0], operations=["search"])
    answer = send(client, sign(made, f"/v1/faces/{face_of(desk, 'ann')}"))
    assert (answer.status_code, answer.json()["code"]) == (403, "operation-not-yours")


def test_nothing_else_is_asked_with_an_access_key(desk: Desk, client: TestClient) -> None:
    """Every address of the interface, with a signature that is right."""
    made = desk.access_key("boss", grant_id=grants_of(desk)[0], calls_a_minute=6_000)
    document = client.get("/v1/openapi.json").json()
    answered = set()
    for path, methods in document["paths"].items():
        for method in methods:
            place = path.replace("{face_id}", face_of(desk, "ann"))
            place = place.replace("{", "").replace("}", "")
            answer = send(client, sign(made, place, method=method.upper()))
            if answer.status_code == 200 and document["paths"][path][method]["security"]:
                answered.add((method, path))
            elif document["paths"][path][method]["security"]:
                codes = {"not-for-access-keys", "not-signed-in", "malformed-request"}
                assert answer.json()["code"] in codes, path
    assert answered == {
        ("get", "/v1/me"),
        ("get", "/v1/faces/{face_id}"),
        ("get", "/v1/faces/{face_id}/crop"),
    }


def test_a_page_is_not_opened_with_an_access_key(desk: Desk, client: TestClient) -> None:
    made = desk.access_key("boss", grant_id=grants_of(desk)[0])
    for path in ("/users", "/photos", "/grants"):
        answer = send(client, sign(made, path))
        assert answer.status_code in {401, 403}
        assert "boss" not in answer.text


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"path": "/v1/%6de"}, "signature-wrong"),
        ({"query": "a=1"}, "signature-wrong"),
        ({"query": "X-Amz-Signature=0"}, "signature-malformed"),
        ({"method": "HEAD"}, None),
    ],
)
def test_a_request_that_was_changed_is_refused(
    desk: Desk, client: TestClient, change: dict[str, str], *, code: str | None
) -> None:
    made = desk.access_key("boss", grant_id=grants_of(desk)[0])
    changed: Any = change
    answer = send(client, replace(sign(made, "/v1/me"), **changed))
    assert answer.status_code in {401, 404, 405}
    assert code is None or answer.json()["code"] == code


def test_a_signature_that_is_wrong_falls_back_on_nothing(desk: Desk, client: TestClient) -> None:
    """Not on the cookie that came with it."""
    made = desk.access_key("boss", grant_id=grants_of(desk)[0])
    desk.make("eve", Role.ADMIN)
    token = desk.sign_in("eve")
    wrong = replace(made, secret="another")  # noqa: S106
    for path, code in (("/v1/me", "signature-wrong"), ("/v1/users", "not-for-access-keys")):
        request = with_header(sign(wrong, path), "cookie", f"mien-session={token}")
        assert send(client, request).json()["code"] == code
    cookie = {"Cookie": f"mien-session={token}"}
    assert client.get("/v1/me", headers=cookie).status_code == 200


def test_a_key_asks_so_often_a_minute(desk: Desk, client: TestClient) -> None:
    made = desk.access_key("boss", grant_id=grants_of(desk)[0], calls_a_minute=2)
    answers = [send(client, sign(made, "/v1/me")).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


def test_the_day_of_use_is_not_noted_for_whoever_only_knows_the_id(
    desk: Desk, client: TestClient
) -> None:
    made = desk.access_key("boss", grant_id=grants_of(desk)[0])
    wrong = replace(made, secret="another")  # noqa: S106
    assert send(client, sign(wrong, "/v1/me")).status_code == 401
    assert desk.accounts.access_keys.get(made.key.access_key_id).last_used_on is None
