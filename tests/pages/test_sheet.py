"""The contact sheet stands by itself, and nothing that comes from a file acts in it."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.pages.sheet import Picture, Row, Sheet, render_sheet
from pages.parsed import HOSTILE, Page

CROP, PHOTO = b"\xff\xd8\xff crop", b"\xff\xd8\xff photo"
PROBE = Picture(b"probe", b"its photo")
WITHHELD = Picture(b"", b"")


def make_row(
    *,
    rank: int = 1,
    picture: Picture = Picture(CROP, PHOTO),  # noqa: B008  (frozen)
    title: str = "ada.jpg",
    uris: tuple[str, ...] = ("file:///photos/ada.jpg",),
    caption: str = "",
    credit: str = "",
) -> Row:
    return Row(
        rank, 0.98765, "strong", "1 in 40,000; expect 0.3", picture, title, uris, caption, credit
    )


def make_page(*rows: Row, heading: str = "Candidates", purpose: str = "press") -> Page:
    return Page(render_sheet(Sheet(heading, purpose, "probe.jpg", PROBE, rows)))


def data_uri(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def test_probe_and_candidates_are_shown_with_rank_score_and_source() -> None:
    page = make_page(make_row(), make_row(rank=2, title="bob.jpg", caption="Bob", credit="Eve"))
    assert page.open == []
    for text in ("Candidates", "press", "probe.jpg", "1. ada.jpg", "2. bob.jpg", "score 0.988"):
        assert text in page.text
    assert "Bob" in page.text
    assert "Eve" in page.text
    pictures = [image["src"] for image in page.all("img")]
    probe, candidate = (
        [data_uri(b"probe"), data_uri(b"its photo")],
        [data_uri(CROP), data_uri(PHOTO)],
    )
    assert pictures == probe + 2 * [probe[0], *candidate], "each beside the face searched for"
    assert all(image["alt"] for image in page.all("img"))


def test_the_page_says_that_candidates_are_no_identification() -> None:
    assert "None of them is an identification, and nobody shown here endorses" in make_page().text


def test_no_candidates_are_said_in_words() -> None:
    page = make_page()
    assert "No candidates." in page.text
    assert page.all("ol") == []


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_files_say_is_text(text: str) -> None:
    row = make_row(title=text, uris=(text,), caption=text, credit=text)
    sheet = Sheet(text, text, text, Picture(CROP, PHOTO), [row])
    page, plain = Page(render_sheet(sheet)), make_page(make_row(caption="x", credit="x"))
    assert page.text.count(text) >= 7
    assert [tag for tag, _ in page.tags if tag != "a"] == [
        tag for tag, _ in plain.tags if tag != "a"
    ], "no tag more and no tag less"
    assert page.open == []
    names = {name for _, attributes in page.tags for name in attributes}
    assert not any(name.startswith("on") for name in names)


@settings(max_examples=25)  # each renders a page
@given(st.lists(st.text(max_size=60), min_size=8, max_size=8))
def test_no_text_at_all_makes_a_tag(texts: list[str]) -> None:
    page = make_page(*(make_row(title=text, caption=f"{text}.") for text in texts))
    plain = make_page(*(make_row(title="x", caption="x") for _ in texts))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    names = [sorted(attributes) for _, attributes in page.tags]
    assert names == [sorted(attributes) for _, attributes in plain.tags]


@pytest.mark.parametrize(
    "uri",
    [
        "file:///photos/ada%20%3C.jpg",
        "https://archive.example/a.jpg",
        "http://archive.example/a.jpg",
        "HTTPS://ARCHIVE.EXAMPLE/a.jpg",
    ],
)
def test_files_and_web_addresses_are_links_that_tell_nothing(uri: str) -> None:
    assert make_page(make_row(uris=(uri,))).all("a") == [{"href": uri, "rel": "noreferrer"}]


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox",
        "blob:https://a.example/1",
        "file://server/share/a.jpg",
        "//evil.example/a.jpg",
        "s3://bucket/a.jpg",
        "",
    ],
)
def test_other_addresses_are_read_and_not_clicked(uri: str) -> None:
    page = make_page(make_row(uris=(uri,)))
    assert page.all("a") == []
    assert uri in page.text


def test_every_location_is_named() -> None:
    uris = ("file:///a.jpg", "file:///b.jpg")
    assert [link["href"] for link in make_page(make_row(uris=uris)).all("a")] == list(uris)


def test_what_may_not_be_displayed_is_withheld_and_said_so() -> None:
    page = make_page(make_row(picture=WITHHELD))
    assert "Its grant allows no display" in page.text
    shown = {image["src"] for image in page.all("img")}
    assert shown == {data_uri(b"probe"), data_uri(b"its photo")}, "the probe's alone"
    assert [link["href"] for link in page.all("a")] == ["file:///photos/ada.jpg"]


@pytest.mark.parametrize("picture", [Picture(CROP, b""), Picture(b"", PHOTO)])
def test_half_a_picture_is_no_broken_one(picture: Picture) -> None:
    images = make_page(make_row(picture=picture)).all("img")
    assert data_uri(b"") not in [image["src"] for image in images]


def test_the_page_asks_nothing_of_any_other_place() -> None:
    html = render_sheet(Sheet("h", "p", "t", Picture(CROP, PHOTO), [make_row()]))
    page = Page(html)
    assert {tag for tag, _ in page.tags}.isdisjoint(
        {"script", "link", "iframe", "object", "embed", "form", "base", "video", "audio"}
    )
    assert all(image["src"].startswith("data:image/jpeg;base64,") for image in page.all("img"))
    assert "@import" not in html
    assert "url(" not in html
    assert set(re.findall(r"\w+://", html)) == {"file://"}


def test_the_policy_of_the_page_allows_its_own_pictures_and_style_alone() -> None:
    metas = make_page().all("meta")
    (policy,) = [m["content"] for m in metas if m.get("http-equiv") == "Content-Security-Policy"]
    assert dict(part.split(" ", 1) for part in policy.split("; ")) == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": "'unsafe-inline'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert {"name": "robots", "content": "noindex, nofollow"} in metas
    assert metas[0] == {"charset": "utf-8"}


def test_a_caveat_about_the_probe_stands_beside_it() -> None:
    plain = Sheet("h", "p", "t", Picture(CROP, PHOTO), [make_row()])
    assert "caveat" not in render_sheet(plain).partition("<body>")[2]
    warned = replace(plain, caveat="The searched face is <blurred>: its scores mean less.")
    shown = render_sheet(warned).partition("<ol>")[0]
    assert "The searched face is &lt;blurred&gt;: its scores mean less." in shown
