"""Every route there is: somebody may ask for it, its problems are told, and nothing leaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from house.source import listing
from mien.http.problem import MEDIA_TYPE
from mien.server import interface, pages
from mien.server.headers import SECURITY_HEADERS
from mien.server.openapi import PUBLIC, iter_operations
from server.door import visiting
from service.stage import Stage

PUBLIC_PATHS = {
    "/": "it leads to the first page, or to where one signs in",
    "/docs": "the reference holds nothing of anybody",
    "/healthz": "a load balancer has no key",
    "/readyz": "the same",
    "/sign-in": "whoever signs in is nobody yet",
    "/welcome/{token}": "a one-time link is who they are",
    "/static/{name}": "style, scripts and drawings of ours",
    "/about": "what anybody may read, where the operator opened it",
    "/policy": "the same",
    "/request": "whoever asks for what is theirs needs no account",
    "/request/{token}": "the secret address is who they are",
    "/request/{token}/acknowledgement.json": "the same",
    "/request/{token}/answer.zip": "the same",
    "/find/{token}": "a host's link is what lets guests in",
    "/find/{token}/{answer}": "the same, and the answer's own secret",
    "/find/{token}/{answer}/show": "the same",
    "/find/{token}/{answer}/withdraw": "the same",
    "/find/{token}/photo/{ticket}": "the same, for a quarter of an hour",
}
"""What anybody may ask for, with the reason."""

TOLD = {400, 401, 403, 404, 409, 412, 422, 429, 503}
LIKE_A_TEMPLATE = re.compile(r"embedding|vector|template(?!s$|s_until$)|feature|descriptor")
"""Names of fields; that there are `templates`, and until when, may be told."""


def routes() -> list[APIRoute]:
    return [
        route
        for router in (*interface.ROUTERS, *pages.ROUTERS)
        for route in router.routes
        if isinstance(route, APIRoute)
    ]


def needs_somebody(route: APIRoute) -> bool:
    """Whether somebody is made sure of before the route begins."""
    waiting = list(route.dependant.dependencies)
    while waiting:
        found = waiting.pop()
        waiting += found.dependencies
        if getattr(found.call, "__module__", "") == "mien.http.asking":
            return True
    return route.path == "/metrics"  # a token of the settings, or else somebody


@pytest.fixture
def document(stage: Stage) -> dict[str, Any]:
    with stage.open() as library, visiting(library) as client:
        found: dict[str, Any] = client.get("/v1/openapi.json").json()
    return found


def test_every_route_asks_who_it_is_or_is_known_to_be_public() -> None:
    open_to_all = [
        route.path
        for route in routes()
        if not needs_somebody(route) and route.path not in PUBLIC_PATHS
    ]
    assert not open_to_all, listing(
        "add `needs(Operation.X)`, or say why it is public", open_to_all
    )


def test_no_rest_route_is_open_to_strangers(stage: Stage) -> None:
    """Whatever the code says, the answer counts."""
    somebody = "6e1f4bb6-5f63-4b1c-9d2e-0c8a51f3a7d4"
    let_in = []
    with stage.open() as library, visiting(library) as client:
        for route in routes():
            if not route.path.startswith("/v1/"):
                continue
            path = re.sub(r"\{[^}]*\}", somebody, route.path)
            for method in route.methods or ():
                status = client.request(method, path, json={}).status_code
                # A body that makes no sense is told before anybody is asked for a key.
                if status not in {401, 404, 422, 429}:
                    let_in.append(f"{method} {path}: {status}")
    assert not let_in, listing("a stranger got an answer", let_in)


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    operations = list(iter_operations(document))
    names = [one["operationId"] for one in operations]
    assert len(set(names)) == len(names)
    bare = [
        one["operationId"]
        for one in operations
        if not one["summary"] or not one["tags"] or "Successful Response" in str(one["responses"])
    ]
    assert not bare, listing("write a docstring, and a tag on its router", bare)
    assert {tag["name"] for tag in document["tags"] if not tag["description"]} == set()


def test_every_operation_tells_its_problems(document: dict[str, Any]) -> None:
    for operation in iter_operations(document):
        told = {int(status) for status in operation["responses"] if status >= "400"}
        is_public = operation["operationId"] in PUBLIC
        assert told >= ({422, 429, 503} if is_public else TOLD), operation["operationId"]
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert list(answer["content"]) == [MEDIA_TYPE]
        assert bool(operation["security"]) is not is_public
    assert "ValidationError" not in str(document["components"]["schemas"])


def test_a_problem_is_what_the_description_says(stage: Stage, document: dict[str, Any]) -> None:
    told = document["components"]["schemas"]["Problem"]
    with stage.open() as library, visiting(library, "viewer") as client:
        answers = [
            client.get("/v1/grants"),
            client.get("/v1/collections/none"),
            client.get("/v1/collections?limit=0"),
            client.get("/v1/collections?cursor=made-up"),
        ]
    assert [answer.status_code for answer in answers] == [403, 404, 422, 400]
    for answer in answers:
        assert set(told["required"]) <= set(answer.json()) <= set(told["properties"])


def test_no_answer_has_a_field_for_a_template(document: dict[str, Any]) -> None:
    fields = list(iter_fields(document["components"]["schemas"]))
    assert len(fields) > 100
    assert [field for field in fields if LIKE_A_TEMPLATE.search(field.rpartition(".")[2])] == []


def iter_fields(schemas: dict[str, Any]) -> Iterator[str]:
    for name, schema in schemas.items():
        yield from (f"{name}.{field}" for field in schema.get("properties", {}))


def test_every_route_carries_the_security_headers(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "admin") as client:
        for route in routes():
            if "GET" not in (route.methods or ()):
                continue
            answer = client.get(re.sub(r"\{[^}]*\}", "1", route.path))
            assert find_lacking(answer) == [], route.path
            assert "unsafe" not in answer.headers["Content-Security-Policy"], route.path


def test_what_nobody_expected_is_told_as_a_problem_with_the_same_headers(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "admin") as client:
        app = client.app
        assert isinstance(app, FastAPI)

        @app.get("/crash")
        def crash() -> None:
            raise RuntimeError("something private")

        answer = TestClient(app, raise_server_exceptions=False).get("/crash")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "private" not in answer.text
    assert find_lacking(answer) == []


def find_lacking(answer: Any) -> list[str]:
    """The security headers that an answer does not carry as they should be."""
    return [name for name, value in SECURITY_HEADERS.items() if answer.headers.get(name) != value]
