"""The policy and who runs this, where anybody may read it: fresh, in three forms, and cheap."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from mien.library import Library
from mien.service.policy import Policy
from server.door import visiting
from service.inbox import fill
from service.stage import Stage
from web.guests import coming_to


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open(public="policy", controller="SV <Nord>", contact="club@example.org") as library:
        fill(stage, library)
        yield library


@pytest.fixture
def visitor(library: Library) -> Iterator[TestClient]:
    with coming_to(library) as client:
        yield client


def test_the_policy_is_a_page_with_its_version(visitor: TestClient, library: Library) -> None:
    page = visitor.get("/policy")
    policy = library.policy()
    assert policy.version in page.text
    for section in policy.document.sections:
        assert f'id="{section.anchor}"' in page.text
    assert "SV &lt;Nord&gt;" in page.text
    assert "style=" not in page.text


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("text/markdown", "text/markdown; charset=utf-8"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        ("image/png", "text/html; charset=utf-8"),
    ],
)
def test_it_comes_in_the_form_that_is_asked_for(
    visitor: TestClient, accept: str, *, kind: str
) -> None:
    answer = visitor.get("/policy", headers={"Accept": accept})
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Vary"] == "Accept, Cookie"


def test_the_document_is_that_of_the_command(visitor: TestClient, library: Library) -> None:
    told = json.loads(visitor.get("/policy", headers={"Accept": "application/json"}).text)
    assert told["version"] == library.policy().version
    assert told["controller"] == "SV <Nord>"


def test_what_has_not_changed_is_not_sent_again(visitor: TestClient, library: Library) -> None:
    etag = visitor.get("/policy").headers["ETag"]
    again = visitor.get("/policy", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    library.create_collection("archive", basis="household")
    changed = visitor.get("/policy", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert "archive" in changed.text


def test_it_is_made_once_until_something_is_recorded(
    visitor: TestClient, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    real = Library.policy

    def note(self: Library) -> Policy:
        made.append(1)
        return real(self)

    monkeypatch.setattr(Library, "policy", note)
    for _ in range(3):
        visitor.get("/policy")
    assert len(made) == 1
    library.create_collection("archive", basis="household")
    visitor.get("/policy")
    assert len(made) == 2


def test_about_names_who_answers_and_where_to_turn(visitor: TestClient) -> None:
    page = visitor.get("/about").text
    assert "SV &lt;Nord&gt;" in page
    assert "club@example.org" in page
    assert "/policy" in page
    assert "/request" not in page, "the operator did not open it"


@pytest.mark.parametrize("path", ["/policy", "/about"])
def test_where_it_is_not_open_there_is_nothing(stage: Stage, path: str) -> None:
    with stage.open(public="requests,find") as library, coming_to(library) as client:
        assert client.get(path).status_code == 404


def test_one_address_reads_it_so_often(visitor: TestClient) -> None:
    codes = {visitor.get("/about").status_code for _ in range(5)}
    assert codes == {200}
    assert [visitor.get("/policy").status_code for _ in range(61)][-1] == 429


def test_whoever_signed_in_reads_it_in_any_case(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "viewer", with_key=False) as client:
        client.headers["Accept"] = "text/html"
        page = client.get("/policy")
        assert page.status_code == 200
        assert "Sign out" in page.text
        assert client.get("/about").status_code == 404
