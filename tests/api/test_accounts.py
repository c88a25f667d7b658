"""`/v1/users`, `/v1/keys`, `/v1/me` and `/v1/reviews`, asked with keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from mien.permission.caller import OPERATIONS, Operation, Role
from mien.server.app import make_app
from server.entrance import site_of
from service.desk import PASSWORD, Desk
from service.stage import PURPOSE, Stage


@pytest.fixture
def desk(stage: Stage) -> Iterator[Desk]:
    stage.draw("ann.png", 1)
    with stage.open(review_share=100) as library:
        library.add(stage.photos, grant=stage.grant(library))
        desk = Desk(stage, library)
        desk.make("boss", Role.ADMIN)
        desk.make("sam")
        yield desk


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    """The boss's."""
    with TestClient(make_app(site_of(desk)), headers=bearer(desk, "boss")) as client:
        yield client


def bearer(desk: Desk, owner: str, **terms: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {desk.key(owner, **terms).secret}"}


def test_me_is_whoever_asks(desk: Desk, client: TestClient) -> None:
    headers = bearer(
        desk, "sam", name="booth", operations=[Operation.VIEW], collections=["default"]
    )
    told = client.get("/v1/me", headers=headers).json()
    assert told.pop("actor").startswith("key:")
    assert told == {
        "name": "booth",
        "operations": ["account", "view"],
        "collections": ["default"],
        "purposes": None,
        "calls_a_minute": 600,
    }
    assert client.get("/v1/me", headers={"Authorization": ""}).json()["code"] == "not-signed-in"


def test_a_user_is_invited_changed_and_ended(desk: Desk, client: TestClient) -> None:
    made = client.post("/v1/users", json={"name": "Ann", "role": "viewer"})
    assert made.status_code == 201
    ann = made.json()
    assert ann | {"id": "", "created_at": ""} == {
        "id": "",
        "name": "Ann",
        "role": "viewer",
        "collections": None,
        "purposes": None,
        "is_active": True,
        "is_unchanged": True,
        "has_password": False,
        "has_second_factor": False,
        "created_at": "",
    }
    path = f"/v1/users/{ann['id']}"
    link = client.post(f"{path}/links").json()
    assert link["address"].startswith("http://testserver/welcome/")
    assert link["expires_at"] == "2030-05-02T12:00:00Z"
    token = link["address"].rpartition("/")[2]
    desk.accounts.own.welcome(token, PASSWORD)
    assert client.get(path).json()["has_password"]
    changed = client.patch(path, json={"role": "searcher", "collections": ["default"]}).json()
    assert (changed["role"], changed["collections"]) == ("searcher", ["default"])
    kept = client.patch(path, json={"role": "viewer", "purposes": ["press"]}).json()
    assert (kept["collections"], kept["purposes"]) == (["default"], ["press"])
    freed = client.patch(path, json={"collections": None, "is_active": False}).json()
    assert (freed["collections"], freed["is_active"], freed["role"]) == (None, False, "viewer")
    assert not desk.enter("Ann").token
    assert client.patch(path, json={"is_active": True}).json()["is_active"]
    names = [user["name"] for user in client.get("/v1/users").json()["items"]]
    assert names == ["boss", "sam", "Ann"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/users", {"name": "sam", "role": "viewer"}, 409),
        ("POST", "/v1/users", {"name": "x", "role": "queen"}, 422),
        ("POST", "/v1/users", {"name": "x", "role": "viewer", "is_admin": True}, 422),
        ("POST", "/v1/users", {"name": "x", "role": "viewer", "collections": ["no"]}, 404),
        ("POST", "/v1/users", {"name": "\u0000", "role": "viewer"}, 422),
        ("GET", "/v1/users/nobody", None, 404),
        ("PATCH", "/v1/users/nobody", {"is_active": False}, 404),
        ("POST", "/v1/users/nobody/links", None, 404),
        ("POST", "/v1/keys", {"name": "k", "owner": "nobody"}, 404),
        ("POST", "/v1/keys", {"name": "k", "days": 400}, 422),
        ("POST", "/v1/keys", {"name": "k", "operations": []}, 422),
        ("POST", "/v1/keys", {"name": "k", "owner": "sam", "operations": ["operate"]}, 403),
        ("GET", "/v1/keys/nothing", None, 404),
        ("DELETE", "/v1/keys/nothing", None, 404),
        ("GET", "/v1/reviews/1", None, 404),
        ("GET", "/v1/reviews?cursor=made-up", None, 400),
        ("PUT", "/v1/reviews/99999999999999999999", {"finding": "fine"}, 404),
        ("PUT", "/v1/reviews/1", {"finding": "maybe"}, 422),
    ],
)
def test_what_cannot_be_is_told_as_a_problem(
    client: TestClient, method: str, path: str, body: object, *, status: int
) -> None:
    answer = client.request(method, path, json=body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (
        status,
        "application/problem+json",
    )


def test_a_key_is_made_shown_once_and_revoked(desk: Desk, client: TestClient) -> None:
    made = client.post("/v1/keys", json={"name": "booth", "operations": ["view"], "days": 1})
    assert made.status_code == 201
    key, secret = made.json()["key"], made.json()["secret"]
    assert key["owner"] == desk.accounts.get("boss").user_id
    assert (key["operations"], key["expires_at"]) == (["view"], "2030-05-02T12:00:00Z")
    own = {"Authorization": f"Bearer {secret}"}
    assert client.get("/v1/collections", headers=own).status_code == 200
    assert client.get("/v1/users", headers=own).status_code == 403
    assert secret not in client.get("/v1/keys").text
    shown = client.get(f"/v1/keys/{key['id']}").json()
    assert shown["last_used_on"] == "2030-05-01T00:00:00Z"
    ended = client.delete(f"/v1/keys/{key['id']}").json()
    assert ended["revoked_at"] == "2030-05-01T12:00:00Z"
    assert client.get("/v1/collections", headers=own).status_code == 401


def test_a_lost_second_factor_is_removed_and_none_is_given(desk: Desk, client: TestClient) -> None:
    sam = desk.accounts.get("sam")
    desk.set_factor(sam)
    path = f"/v1/users/{sam.user_id}"
    assert client.patch(path, json={"has_second_factor": True}).status_code == 422
    assert (
        client.patch(path, json={"has_second_factor": False}).json()["has_second_factor"] is False
    )
    assert desk.enter("sam").token


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SEARCHER, Role.CURATOR, Role.AUDITOR])
def test_each_role_reaches_its_own_and_no_more(
    desk: Desk, client: TestClient, *, role: Role
) -> None:
    desk.make("somebody", role)
    headers = bearer(desk, "somebody")
    for path, operation in (
        ("/v1/users", Operation.OPERATE),
        ("/v1/keys", Operation.OPERATE),
        ("/v1/reviews", Operation.AUDIT),
        ("/v1/me", Operation.ACCOUNT),
    ):
        expected = 200 if operation in OPERATIONS[role] else 403
        assert client.get(path, headers=headers).status_code == expected


def test_a_key_asks_so_often_a_minute(desk: Desk, client: TestClient) -> None:
    headers = bearer(desk, "sam", calls_a_minute=3)
    answers = [client.get("/v1/me", headers=headers).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]


def test_searches_are_reviewed(desk: Desk, client: TestClient) -> None:
    sam = desk.library.acting(desk.accounts.get("sam").actor)
    for purpose in (PURPOSE, "press", PURPOSE):
        sam.search(desk.stage.photos / "ann.png", purpose=purpose)
    first = client.get("/v1/reviews", params={"limit": 2}).json()
    assert [one["purpose"] for one in first["items"]] == [PURPOSE, "press"]
    assert [one["shown"] for one in first["items"]] == [1, 0]
    rest = client.get("/v1/reviews", params={"cursor": first["next_cursor"]}).json()
    assert (len(rest["items"]), rest["next_cursor"]) == (1, None)
    seq = rest["items"][0]["seq"]
    refused = client.put(f"/v1/reviews/{seq}", json={"finding": "objected"})
    assert (refused.status_code, "says why" in refused.json()["detail"]) == (422, True)
    done = client.put(f"/v1/reviews/{seq}", json={"finding": "objected", "comment": "Why?"})
    assert done.json()["review"]["comment"] == "Why?"
    assert client.get(f"/v1/reviews/{seq}").json()["review"]["reviewer"] == "booth"


def test_nobody_reviews_their_own_searches(desk: Desk, client: TestClient) -> None:
    boss = desk.library.acting(desk.accounts.get("boss").actor)
    boss.search(desk.stage.photos / "ann.png", purpose=PURPOSE)
    (item,) = client.get("/v1/reviews").json()["items"]
    assert item["is_own"]
    answer = client.put(f"/v1/reviews/{item['seq']}", json={"finding": "fine"})
    assert (answer.status_code, answer.json()["code"]) == (403, "own-search")
