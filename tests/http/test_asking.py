"""A change that comes with a browser's cookie brings the token of its session too."""

from __future__ import annotations

from typing import Annotated

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from mien.http.asking import CSRF_HEADER, SESSION_COOKIE, Asking, needs
from mien.permission.caller import Operation, Role
from mien.server.app import make_app
from server.door import CSRF_TOKEN, Door, caller_of, make_site
from service.stage import PURPOSE, Stage


def with_routes(stage_app: FastAPI) -> FastAPI:
    @stage_app.post("/change")
    def change(asking: Annotated[Asking, needs(Operation.ADD)]) -> str:
        return asking.caller.actor

    @stage_app.get("/within")
    def within(asking: Annotated[Asking, needs(Operation.VIEW)], collection: str) -> str:
        asking.check(collection=collection, purpose=PURPOSE)
        return collection

    return stage_app


BOUND = Door(
    {
        "curator": caller_of(Role.CURATOR),
        "ann": caller_of(Role.VIEWER, collections=frozenset({"family"})),
        "eve": caller_of(Role.VIEWER, purposes=frozenset({"press"})),
    }
)


@pytest.fixture
def client(stage: Stage) -> TestClient:
    library = stage.open()
    return TestClient(with_routes(make_app(make_site(library, BOUND))))


def test_without_the_token_nothing_is_changed(client: TestClient) -> None:
    client.cookies.set(SESSION_COOKIE, "curator")
    for token in ("", "another", "\xe4"):
        answer = client.post("/change", headers={CSRF_HEADER.encode(): token.encode("latin-1")})
        assert (answer.status_code, answer.json()["code"]) == (403, "no-csrf-token")


def test_the_token_may_come_in_a_header_or_a_form(client: TestClient) -> None:
    client.cookies.set(SESSION_COOKIE, "curator")
    assert client.post("/change", headers={CSRF_HEADER: CSRF_TOKEN}).json() == "user:curator"
    assert client.post("/change", data={"csrf_token": CSRF_TOKEN}).status_code == 200
    assert client.post("/change", data={"csrf_token": "another"}).status_code == 403


def test_a_form_of_another_kind_carries_no_token(client: TestClient) -> None:
    # A page elsewhere may send multipart bodies and plain text without being asked.
    client.cookies.set(SESSION_COOKIE, "curator")
    sent = client.post("/change", files={"csrf_token": (None, CSRF_TOKEN)})
    assert sent.status_code == 403


def test_a_key_needs_no_token_and_counts_before_a_cookie(client: TestClient) -> None:
    client.cookies.set(SESSION_COOKIE, "curator")
    asked = client.post("/change", headers={"Authorization": "Bearer ann"})
    assert asked.json()["code"] == "operation-not-yours"
    unknown = client.post("/change", headers={"Authorization": "Bearer nobody"})
    assert unknown.status_code == 401


def test_a_bound_caller_stays_within_the_bounds(client: TestClient) -> None:
    def ask(who: str, collection: str) -> int:
        headers = {"Authorization": f"Bearer {who}"}
        return client.get("/within", params={"collection": collection}, headers=headers).status_code

    assert (ask("ann", "family"), ask("ann", "archive")) == (200, 403)
    assert ask("eve", "family") == 403
