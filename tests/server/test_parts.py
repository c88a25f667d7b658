"""What is wrapped around the application, and how it is described, each part on its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from mien.http.metrics import Metrics, Reading
from mien.server.headers import SECURITY_HEADERS, SecurityHeaders
from mien.server.hosts import KnownHosts
from mien.server.measure import Measure
from mien.server.openapi import (
    _PROBLEMS,
    _TAGS,
    PUBLIC,
    describe_with,
    iter_operations,
    name_operation,
)

HOST = "photos.example.org"
ORIGIN = f"https://{HOST}"


async def answer_well(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def break_down(scope: Scope, receive: Receive, send: Send) -> None:
    raise ZeroDivisionError


async def break_off(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise ZeroDivisionError


def ask(app: Any, **scope: Any) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    usual = {"type": "http", "method": "GET", "path": "/", "headers": []}
    asyncio.run(app(usual | scope, receive, send))
    return sent


def counted(app: Any, **scope: Any) -> list[str]:
    """The lines of the metrics that count requests."""
    metrics = Metrics()
    with contextlib.suppress(ZeroDivisionError):
        ask(Measure(app, metrics=metrics), **scope)
    text = metrics.write(Reading(at_work=0, waiting=0, photos=0, faces=0)).decode()
    return [line for line in text.splitlines() if line.startswith("mien_requests_total")]


def line_of(route: str, method: str, status: int) -> str:
    return f'mien_requests_total{{method="{method}",route="{route}",status="{status}"}} 1.0'


def test_an_answer_is_counted_by_the_pattern_of_its_route() -> None:
    route = Route("/v1/photos/{uuid}", answer_well)
    found = counted(answer_well, path="/v1/photos/a-name-of-somebody", route=route)
    assert found == [line_of("/v1/photos/{uuid}", "GET", 204)]


def test_a_path_that_somebody_made_up_is_no_label() -> None:
    found = counted(answer_well, path="/Ann-Ek-was-here")
    assert found == [line_of("none", "GET", 204)]


@pytest.mark.parametrize(
    ("method", "label"),
    [("GET", "GET"), ("DELETE", "DELETE"), ("PURGE", "other"), ("ann", "other"), ("get", "other")],
)
def test_a_method_that_somebody_made_up_is_no_label(method: str, label: str) -> None:
    assert counted(answer_well, method=method) == [line_of("none", label, 204)]


def test_an_answer_that_never_began_is_an_error_of_the_server() -> None:
    assert counted(break_down) == [line_of("none", "GET", 500)]


def test_an_answer_that_broke_off_counts_as_it_began() -> None:
    assert counted(break_off) == [line_of("none", "GET", 200)]


def test_an_error_is_counted_and_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        ask(Measure(break_down, metrics=Metrics()))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda app: Measure(app, metrics=Metrics()),
        lambda app: SecurityHeaders(app, is_secure=True),
        lambda app: KnownHosts(app, origin=ORIGIN),
    ],
    ids=["measure", "headers", "hosts"],
)
def test_what_is_no_request_goes_through_untouched(wrap: Callable[[Any], Any]) -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    assert ask(wrap(app), type="lifespan") == []
    assert seen == ["lifespan"]


def headers_of(sent: list[Message]) -> dict[str, str]:
    return {name.decode().title(): value.decode() for name, value in sent[0]["headers"]}


@pytest.mark.parametrize("is_secure", [True, False])
def test_every_answer_is_told_how_it_may_be_used(*, is_secure: bool) -> None:
    told = headers_of(ask(SecurityHeaders(answer_well, is_secure=is_secure)))
    assert told["Cache-Control"] == "no-store"
    assert ("Strict-Transport-Security" in told) is is_secure
    for name, value in SECURITY_HEADERS.items():
        assert told[name.title()] == value


def test_an_answer_says_itself_how_long_it_may_be_kept_and_nothing_else() -> None:
    own = [(b"cache-control", b"private, no-cache"), (b"x-frame-options", b"ALLOWALL")]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(own)})

    told = headers_of(ask(SecurityHeaders(app, is_secure=False)))
    assert told["Cache-Control"] == "private, no-cache"
    assert told["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("feature", ["geolocation", "microphone", "payment", "usb"])
def test_the_camera_is_all_that_a_page_may_use(feature: str) -> None:
    policy = SECURITY_HEADERS["Permissions-Policy"]
    assert f"{feature}=()" in policy
    assert "camera=(self)" in policy


@pytest.mark.parametrize(
    ("host", "is_known"),
    [
        (HOST, True),
        (f"{HOST}:443", True),
        (HOST.upper(), True),
        ("localhost", True),
        ("127.0.0.1:8000", True),
        ("[::1]:8000", True),
        (f"x.{HOST}", False),
        (f"{HOST}.evil.example", False),
        (f"{HOST}@evil.example", False),
        ("evil.example", False),
        ("127.0.0.2", False),
        ("0.0.0.0", False),  # noqa: S104
        ("", False),
        ("[", False),
        ("[::1", False),
    ],
)
def test_the_server_goes_by_its_own_name_and_this_machines(host: str, *, is_known: bool) -> None:
    sent = ask(KnownHosts(answer_well, origin=ORIGIN), headers=[(b"host", host.encode())])
    assert sent[0]["status"] == (204 if is_known else 421)


def test_a_request_that_names_nobody_is_turned_away_with_what_to_do() -> None:
    sent = ask(KnownHosts(answer_well, origin=ORIGIN))
    assert sent[0]["status"] == 421
    assert b"--behind" in sent[1]["body"]
    assert HOST.encode() not in sent[1]["body"]


class ThingOut(BaseModel):
    """A thing,
    as it is told."""

    name: str


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    app = FastAPI(title="T", version="1", generate_unique_id_function=name_operation)

    @app.get("/things", tags=["photos"])
    def list_things() -> ThingOut:
        """List what there is. More is told
        here. And here."""
        raise AssertionError

    @app.post("/things", tags=["faces"], status_code=204)
    def make_thing(name: int) -> None:
        """Make one."""

    @app.get("/alive", tags=["of no kind that is known"])
    def tell_alive() -> None: ...

    describe_with(app)
    document = app.openapi()
    assert app.openapi() is document
    return document


def operation(document: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [one for one in iter_operations(document) if one["operationId"] == name]
    return found


def test_an_operation_is_called_as_its_function(described: dict[str, Any]) -> None:
    names = [one["operationId"] for one in iter_operations(described)]
    assert names == ["list_things", "make_thing", "tell_alive"]
    assert name_operation(APIRoute("/x", lambda: None, name="tell_all")) == "tell_all"


def test_the_first_sentence_is_the_summary_and_the_rest_the_description(
    described: dict[str, Any],
) -> None:
    one, other = (operation(described, name) for name in ("list_things", "make_thing"))
    assert one["summary"] == "List what there is"
    assert one["description"] == "More is told here. And here."
    assert (other["summary"], other["description"]) == ("Make one", "")


def test_an_answer_is_described_by_what_it_holds(described: dict[str, Any]) -> None:
    one = operation(described, "list_things")["responses"]["200"]
    assert one["description"] == "A thing, as it is told."
    assert operation(described, "make_thing")["responses"]["204"]["description"] == "Done."


def test_every_problem_is_told_in_one_shape(described: dict[str, Any]) -> None:
    for one in iter_operations(described):
        for status, answer in one["responses"].items():
            if int(status) >= 400:
                (kind,) = answer["content"]
                assert kind == "application/problem+json"
                schema = answer["content"][kind]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}
                assert answer["description"] == _PROBLEMS[int(status)]
    assert "HTTPValidationError" not in described["components"]["schemas"]


def test_what_anybody_may_ask_for_says_so_and_has_fewer_problems(described: dict[str, Any]) -> None:
    public, other = (operation(described, name) for name in ("tell_alive", "list_things"))
    assert "tell_alive" in PUBLIC
    assert public["security"] == []
    assert other["security"] == [{"key": []}, {"session": []}]
    assert {"401", "403"} <= set(other["responses"])
    assert not {"401", "403", "404"} & set(public["responses"])


def test_kinds_of_routes_are_told_in_order_with_what_they_are(described: dict[str, Any]) -> None:
    assert [tag["name"] for tag in described["tags"]] == [
        "faces",
        "of no kind that is known",
        "photos",
    ]
    told = {tag["name"]: tag["description"] for tag in described["tags"]}
    assert told["photos"] == _TAGS["photos"]
    assert told["of no kind that is known"] == ""


def test_who_asks_is_described_without_a_secret(described: dict[str, Any]) -> None:
    schemes = described["components"]["securitySchemes"]
    assert schemes["key"]["scheme"] == "bearer"
    assert (schemes["session"]["in"], schemes["session"]["name"]) == ("cookie", "mien-session")


@pytest.mark.parametrize("text", [*_TAGS.values(), *_PROBLEMS.values()])
def test_what_is_told_to_people_is_a_sentence(text: str) -> None:
    assert text[0].isupper()
    assert text.endswith(".")
