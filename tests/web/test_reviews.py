"""The page of searches that stand for review."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mien.permission.caller import Role
from server.entrance import browsing, csrf_of
from service.desk import Desk
from service.stage import PURPOSE, Stage


@pytest.fixture
def desk(stage: Stage) -> Iterator[Desk]:
    stage.draw("ann.png", 1)
    with stage.open(review_share=100) as library:
        library.add(stage.photos, grant=stage.grant(library))
        desk = Desk(stage, library)
        sam = desk.make("Sam")
        desk.make("Ada", Role.AUDITOR)
        library.acting(sam.actor).search(stage.photos / "ann.png", purpose=PURPOSE)
        yield desk


def test_an_auditor_reads_and_marks(desk: Desk) -> None:
    with browsing(desk, "Ada") as client:
        page = client.get("/audit/reviews").text
        assert "Sam · " in page
        assert PURPOSE in page
        assert "none given" in page
        token = csrf_of(client)
        path = page.split('action="/audit/reviews/')[1].split('"')[0]
        empty = {"csrf_token": token, "finding": "objected", "comment": ""}
        refused = client.post(f"/audit/reviews/{path}", data=empty)
        assert (refused.status_code, "says why" in refused.text) == (403, True)
        marked = client.post(f"/audit/reviews/{path}", data=empty | {"comment": "Whose wedding?"})
        assert marked.headers["Location"] == "/audit/reviews"
        page = client.get("/audit/reviews").text
        assert "objected to" in page
        assert "Whose wedding?" in page
        assert client.post("/audit/reviews/0", data=empty | {"comment": "x"}).status_code == 404
        assert client.get("/audit/reviews?before=0").text.count("<article") == 0


def test_nobody_else_reads_them(desk: Desk) -> None:
    with browsing(desk, "Sam") as client:
        assert client.get("/audit/reviews").status_code == 403
        form = {"csrf_token": csrf_of(client), "finding": "fine"}
        assert client.post("/audit/reviews/1", data=form).status_code == 403


def test_older_searches_are_a_page_away(desk: Desk) -> None:
    for _ in range(21):
        desk.library.search(desk.stage.photos / "ann.png", purpose="none")
    with browsing(desk, "Ada") as client:
        page = client.get("/audit/reviews").text
        assert page.count("<article") == 20
        before = page.split("/audit/reviews?before=")[1].split('"')[0]
        assert client.get(f"/audit/reviews?before={before}").text.count("<article") == 2
