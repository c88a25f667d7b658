"""The policy over REST, in the form that is asked for."""

from __future__ import annotations

import json

import pytest

from server.door import visiting
from service.stage import Stage


@pytest.mark.parametrize(
    ("accept", "kind", "begins"),
    [
        ("", "application/json", "{"),
        ("*/*", "application/json", "{"),
        ("application/json", "application/json", "{"),
        ("text/html,application/xhtml+xml;q=0.9", "text/html", "<!"),
        ("text/markdown", "text/markdown", "# "),
        ("image/png, text/markdown;q=0.5", "text/markdown", "# "),
    ],
)
def test_the_form_is_what_accept_names(stage: Stage, accept: str, kind: str, begins: str) -> None:
    with stage.open() as library, visiting(library, "viewer") as client:
        stage.grant(library)
        answer = client.get("/v1/policy", headers={"Accept": accept})
    assert answer.headers["Content-Type"].partition(";")[0] == kind
    assert answer.headers["Vary"] == "Accept"
    assert answer.text.lower().startswith(begins)


def test_it_changes_when_what_it_says_does(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "viewer") as client:
        first = client.get("/v1/policy")
        same = client.get("/v1/policy", headers={"If-None-Match": first.headers["ETag"]})
        page = client.get("/v1/policy", headers={"Accept": "text/html"})
        stage.grant(library)
        later = client.get("/v1/policy", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, later.status_code) == (304, 200)
    assert len({first.headers["ETag"], page.headers["ETag"], later.headers["ETag"]}) == 3
    assert json.loads(later.text)["version"] != json.loads(first.text)["version"]


def test_it_needs_a_key_here(stage: Stage) -> None:
    with stage.open() as library, visiting(library) as client:
        assert client.get("/v1/policy").status_code == 401
