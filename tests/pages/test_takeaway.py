"""The page of kept candidates stands by itself, and nothing in it acts or calls home."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.pages.takeaway import Card, Takeaway, render_takeaway
from pages.parsed import HOSTILE, Page

CROP = b"\xff\xd8\xff crop"
CARD = Card(
    crop_jpeg=CROP,
    title="ada.jpg",
    rank=1,
    score=0.98765,
    match="strong",
    strangers="1 in 40,000",
    said="kept, not confirmed",
    uris=("https://a.example/ada.jpg",),
    credit="Ann Ek",
)
PAGE = Takeaway(
    purpose="press",
    collection="album",
    made_at="2030-05-01",
    meaning=("A score says how alike.",),
    controller="The club",
    contact="club@example.org",
    cards=(CARD,),
    left_out=0,
)


def show(*cards: Card, **changes: object) -> Page:
    return Page(render_takeaway(replace(PAGE, cards=cards or (CARD,), **changes)))  # type: ignore[arg-type]


def test_everything_that_is_known_of_a_candidate_stands_there() -> None:
    page = show()
    for text in ("1. ada.jpg", "score 0.988", "strong", "1 in 40,000", "kept, not confirmed"):
        assert text in page.text
    assert "Ann Ek" in page.text
    assert [one["href"] for one in page.all("a")] == ["https://a.example/ada.jpg"]
    (picture,) = page.all("img")
    assert picture["alt"] == "Face of candidate 1"
    assert picture["src"] == f"data:image/jpeg;base64,{base64.b64encode(CROP).decode()}"


def test_what_for_who_answers_and_how_to_get_out_stand_there() -> None:
    text = show().text
    assert "Purpose: press · collection: album · 2030-05-01" in text
    assert "A score says how alike." in text
    assert "The club answers for this." in text
    assert "writes to club@example.org" in text
    assert "Keep this page no longer" in text


@pytest.mark.parametrize("name", ["controller", "contact"])
def test_what_the_operator_did_not_say_is_left_out(name: str) -> None:
    text = show(**{name: ""}).text
    told = {"controller": "answers for this", "contact": "writes to"}[name]
    assert told not in text
    assert "None" not in text


def test_candidates_that_may_not_be_shown_are_counted() -> None:
    assert "2 more may not be shown" in show(left_out=2).text
    assert "may not be shown" not in show(left_out=0).text


def test_a_page_without_candidates_has_no_empty_list() -> None:
    page = Page(render_takeaway(replace(PAGE, cards=(), left_out=3)))
    assert page.all("ol") == []
    assert "3 more may not be shown" in page.text


def test_candidates_stand_in_their_order() -> None:
    cards = [replace(CARD, rank=rank, title=f"{rank}.jpg") for rank in (1, 2, 3)]
    text = show(*cards).text
    places = [text.index(f"{rank}. {rank}.jpg") for rank in (1, 2, 3)]
    assert places == sorted(places)


def test_what_nobody_measured_is_not_claimed() -> None:
    assert "strangers:" not in show(replace(CARD, strangers="")).text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_becomes_markup(hostile: str) -> None:
    card = replace(
        CARD,
        title=hostile,
        credit=hostile,
        said=hostile,
        match=hostile,
        strangers=hostile,
        uris=(hostile,),
    )
    words = dict.fromkeys(("purpose", "collection", "made_at", "controller", "contact"), hostile)
    page = show(card, meaning=(hostile,), **words)
    assert page.open == []
    assert page.all("script") == []
    assert [one for one in page.all("img") if one["alt"] != "Face of candidate 1"] == []
    assert [name for _, one in page.tags for name in one if name.startswith("on")] == []
    assert page.text.count(hostile) >= 11
    assert page.all("a") == []


@settings(max_examples=30)
@given(st.text(max_size=40))
def test_whatever_a_file_is_called_it_is_text(text: str) -> None:
    page = show(replace(CARD, title=text, credit=text, uris=(text,)))
    plain = show(replace(CARD, title="x", credit="x" if text else "", uris=("x",)))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]


@pytest.mark.parametrize(
    ("uri", "links"),
    [
        ("https://a.example/1", 1),
        ("http://a.example/1", 1),
        ("HTTPS://A.EXAMPLE/1", 1),
        ("file:///photos/1.jpg", 1),
        ("file://server/share/1.jpg", 0),
        ("javascript:alert(1)", 0),
        ("JavaScript:alert(1)", 0),
        (" javascript:alert(1)", 0),
        ("data:text/html,<script>alert(1)</script>", 0),
        ("vbscript:x", 0),
        ("upload:///ann/0123456789abcdef/1.jpg", 0),
        ("//a.example/1", 0),
        ("blob:https://a.example/1", 0),
        ("", 0),
    ],
)
def test_a_click_leads_to_the_web_and_to_files_of_this_machine_alone(uri: str, links: int) -> None:
    found = show(replace(CARD, uris=(uri,))).all("a")
    assert [(one["href"], one["rel"]) for one in found] == [(uri, "noreferrer")] * links


def test_the_page_asks_nobody_for_anything() -> None:
    page = show()
    (policy,) = [one for one in page.all("meta") if "http-equiv" in one]
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert policy["content"].startswith("default-src 'none'; img-src data:;")
    assert "form-action 'none'" in policy["content"]
    assert page.all("link") + page.all("script") + page.all("form") + page.all("iframe") == []
    assert {one["src"].partition(":")[0] for one in page.all("img")} == {"data"}


def test_no_search_engine_is_to_list_it() -> None:
    assert {"name": "robots", "content": "noindex, nofollow"} in show().all("meta")
