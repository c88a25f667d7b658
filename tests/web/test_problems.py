"""Who asks for a page is told of a problem by a page, and a program by problem details."""

from __future__ import annotations

from server.door import visiting
from service.stage import Stage

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_a_browser_gets_a_page(stage: Stage) -> None:
    with stage.open() as library, visiting(library) as client:
        answer = client.get("/nothing", headers=BROWSER)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<h1>There is nothing here</h1>" in answer.text


def test_a_program_gets_problem_details(stage: Stage) -> None:
    with stage.open() as library, visiting(library) as client:
        answer = client.get("/nothing")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_interface_never_answers_with_a_page(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "auditor") as client:
        answer = client.get("/v1/collections", headers=BROWSER)
    assert answer.status_code == 403
    assert answer.json()["code"] == "operation-not-yours"


def test_nothing_that_was_asked_for_becomes_markup(stage: Stage) -> None:
    with stage.open() as library, visiting(library) as client:
        answer = client.get("/static/<script>alert(1)<", headers=BROWSER)
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;" in answer.text
