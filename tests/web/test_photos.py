"""Photos to look at: within reach, filtered, page by page, and one with its boxes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.testclient import TestClient

from mien.library import Library
from mien.permission.caller import Role
from mien.permission.use import Use
from mien.web import photos as pages
from server.door import Door, caller_of, visiting
from service.stage import Stage

HTML = {"Accept": "text/html"}


@contextmanager
def looking(
    library: Library, who: str = "viewer", door: Door | None = None
) -> Iterator[TestClient]:
    with visiting(library, who, with_key=False, door=door) as client:
        client.headers.update(HTML)
        yield client


def fill(stage: Stage, library: Library, **terms: Any) -> str:
    stage.draw("beach.png", 1, 2)
    stage.draw("<b>party.png", 3)
    grant = stage.grant(library, **terms)
    library.add(stage.photos, grant=grant)
    return grant


def test_where_there_is_nothing_the_way_to_add_is_shown_to_who_may(stage: Stage) -> None:
    with stage.open() as library:
        with looking(library, "curator") as client:
            assert 'href="/add"' in client.get("/photos").text
        with looking(library, "viewer") as client:
            page = client.get("/photos").text
    assert "There are no photos yet" in page
    assert 'href="/add"' not in page


def test_photos_are_listed_by_name_and_no_name_is_markup(stage: Stage) -> None:
    with stage.open() as library, looking(library) as client:
        fill(stage, library)
        page = client.get("/photos").text
    assert "beach.png" in page
    assert "&lt;b&gt;party" in page
    assert "<b>party" not in page
    assert "2 faces" in page


def test_a_list_goes_on_with_the_same_filters(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "A_PAGE", 1)
    with stage.open() as library, looking(library) as client:
        fill(stage, library)
        first = client.get("/photos?order=place&until=2030-05-01").text
        following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
        second = client.get(following.replace("&amp;", "&")).text
    assert "order=place" in following
    assert "until=2030-05-01" in following
    assert ("beach.png" in first) is not ("beach.png" in second)
    assert 'rel="next"' not in second


def test_a_filter_that_nothing_fits_says_so(stage: Stage) -> None:
    with stage.open() as library, looking(library) as client:
        fill(stage, library)
        assert "No photo fits this" in client.get("/photos?until=2029-01-01").text


@pytest.mark.parametrize("day", ["yesterday", "2030-02-30", "9999-12-31"])
def test_what_is_no_day_is_told_as_that(stage: Stage, day: str) -> None:
    with stage.open() as library, looking(library) as client:
        fill(stage, library)
        answer = client.get(f"/photos?until={day}")
    assert answer.status_code == 422
    assert "is no day" in answer.text


def test_what_no_grant_lets_be_looked_at_is_refused_with_the_reason(stage: Stage) -> None:
    with stage.open() as library, looking(library) as client:
        fill(stage, library, uses=[Use.STORE, Use.TEMPLATE, Use.SEARCH])
        page = client.get("/photos").text
    assert "cannot be looked at now" in page
    assert "beach.png" not in page


def test_collections_out_of_reach_are_not_named(stage: Stage) -> None:
    door = Door({"bound": caller_of(Role.VIEWER, collections=frozenset({"other"}))})
    with stage.open() as library, looking(library, "bound", door) as client:
        fill(stage, library)
        page = client.get("/photos").text
        assert client.get("/photos?collection=default").status_code == 200
        asked = client.get("/photos?collection=default").text
        library.create_collection("other", basis="household")
        beyond = client.get("/photos?collection=default")
    assert "default" not in page
    assert "beach.png" not in asked
    assert beyond.status_code == 404


def test_a_photo_is_shown_with_its_boxes_and_why_it_is_here(stage: Stage) -> None:
    with stage.open() as library, looking(library, "searcher") as client:
        fill(stage, library, terms="Only with the name of the club.")
        page = client.get(address_of(client, "beach.png")).text
    assert page.count("<rect") == 2
    assert page.count("Search with this face") == 2
    assert "A. Holder" in page
    assert "Only with the name of the club." in page
    assert "family-album" in page
    assert "style=" not in page


def test_who_may_not_search_is_not_offered_it(stage: Stage) -> None:
    with stage.open() as library, looking(library, "viewer") as client:
        fill(stage, library)
        page = client.get(address_of(client, "beach.png")).text
    assert "Search with this face" not in page
    assert "/opt-outs" not in page


@pytest.mark.parametrize("photo", ["nothing", "0" * 64, "00000000-0000-4000-8000-000000000000"])
def test_a_photo_that_is_not_there_is_a_page_that_says_so(stage: Stage, photo: str) -> None:
    with stage.open() as library, looking(library) as client:
        answer = client.get(f"/photos/{photo}")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    assert '<nav id="places"' in answer.text


def test_an_auditor_looks_at_no_photo(stage: Stage) -> None:
    with stage.open() as library, looking(library, "auditor") as client:
        answer = client.get("/photos")
    assert answer.status_code == 403
    assert "operation-not-yours" in answer.text


def address_of(client: TestClient, name: str) -> str:
    """Of the page of the photo with this name."""
    before = client.get("/photos").text.split(name)[0]
    return before.rsplit('<a href="', 1)[1].split('"')[0].replace("&amp;", "&")
