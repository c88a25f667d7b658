"""Who is let in, what every answer carries, and how errors are told."""

from __future__ import annotations

import pytest

from mien.permission.caller import Role
from mien.server.headers import SECURITY_HEADERS
from server.door import Door, caller_of, visiting
from service.stage import Stage


@pytest.mark.parametrize("who", ["", "nobody of that name"])
def test_nobody_unknown_is_let_in(stage: Stage, who: str) -> None:
    with stage.open() as library, visiting(library, who) as client:
        answer = client.get("/v1/collections")
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] == "not-signed-in"


def test_a_role_that_is_not_for_it_is_refused_with_the_reason(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "auditor") as client:
        answer = client.get("/v1/collections")
    assert answer.status_code == 403
    assert [one["code"] for one in answer.json()["reasons"]] == ["operation-not-yours"]


def test_a_list_leaves_out_what_the_caller_may_not_reach(stage: Stage) -> None:
    bound = Door({"ann": caller_of(Role.VIEWER, collections=frozenset({"family"}))})
    with stage.open() as library:
        library.create_collection("family", basis="household")
        library.create_collection("archive", basis="household")
        with visiting(library, "ann", door=bound) as client:
            items = client.get("/v1/collections").json()["items"]
    assert [item["name"] for item in items] == ["family"]


def test_somebody_signed_in_reads_without_a_token(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "viewer", with_key=False) as client:
        del client.headers["X-CSRF-Token"]
        assert client.get("/v1/collections").status_code == 200


@pytest.mark.parametrize("path", ["/v1/collections", "/static/none.css", "/nowhere"])
def test_every_answer_carries_the_security_headers(stage: Stage, path: str) -> None:
    with stage.open() as library, visiting(library, "viewer") as client:
        answer = client.get(path)
    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_a_path_that_is_not_there_is_a_problem_document(stage: Stage) -> None:
    with stage.open() as library, visiting(library) as client:
        answer = client.get("/nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_who_asks_too_often_is_told_when_to_come_back(stage: Stage) -> None:
    hasty = Door({"ann": caller_of(Role.VIEWER, calls_a_minute=2)})
    with stage.open() as library, visiting(library, "ann", door=hasty) as client:
        answers = [client.get("/v1/collections") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 30


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[", ""])
def test_a_page_elsewhere_cannot_pose_as_this_server(stage: Stage, host: str) -> None:
    with stage.open() as library, visiting(library, "viewer") as client:
        answer = client.get("/v1/collections", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (421, "unknown-host")


@pytest.mark.parametrize("host", ["testserver", "localhost:8000", "[::1]:8000", "127.0.0.1"])
def test_the_server_answers_to_its_own_names(stage: Stage, host: str) -> None:
    with stage.open() as library, visiting(library, "viewer") as client:
        assert client.get("/v1/collections", headers={"Host": host}).status_code == 200
