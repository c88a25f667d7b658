"""A document says the same as Markdown and as HTML, and whatever stands in it stays text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mien.pages.document import (
    Block,
    Document,
    Items,
    Section,
    Table,
    render_html,
    render_markdown,
)
from pages.parsed import HOSTILE, Page

MARKS = [
    "*stars*",
    "_lines_ and __more__",
    "`code`",
    "[a link](https://evil.example)",
    "![a picture](https://evil.example/x.png)",
    "<https://evil.example>",
    "a | b",
    "# heading",
    "- item",
    "+ item",
    "1. item",
    "1) item",
    "===",
    "---",
    "~~~",
    "```",
    "> quote",
    "\\*",
    "&amp;",
    "$x$",
    "two\nlines",
    "  much   room  ",
]


def make_document(*blocks: Block, title: str = "Title", lead: str = "Lead.") -> Document:
    return Document(title, lead, (Section("First part", blocks),))


def read_markdown(document: Document, colophon: str = "End.") -> Page:
    """The Markdown as another implementation of it reads it."""
    text = render_markdown(document, colophon=colophon)
    return Page(MarkdownIt("commonmark").enable("table").render(text))


def read_html(document: Document, colophon: str = "End.") -> Page:
    return Page(render_html(document, colophon=colophon))


def squeeze(text: str) -> str:
    return " ".join(text.split())


WHOLE = make_document(
    "A paragraph.",
    Items(("one", "two")),
    Table(("Name", "Number"), (("Ada", "1"), ("Ben", "2")), empty="nobody"),
    Table(("Name",), (), empty="Nobody is here."),
)


def test_markdown_is_what_it_looks_like() -> None:
    assert render_markdown(WHOLE, colophon="End.") == (
        "# Title\n\nLead.\n\n## First part\n\nA paragraph.\n\n- one\n- two\n\n"
        "| Name | Number |\n| --- | --- |\n| Ada | 1 |\n| Ben | 2 |\n\nNobody is here.\n\n"
        "---\n\nEnd.\n"
    )


@pytest.mark.parametrize("read", [read_markdown, read_html])
def test_both_forms_have_the_same_parts(read: object) -> None:
    assert callable(read)
    page: Page = read(WHOLE)
    assert page.open == []
    counted = {tag: len(page.all(tag)) for tag in ("h1", "h2", "table", "th", "td")}
    assert counted == {"h1": 1, "h2": 1, "table": 1, "th": 2, "td": 4}
    for text in ("Title", "Lead.", "First part", "A paragraph.", "one", "Ada", "2", "End."):
        assert text in page.text
    assert "Nobody is here." in page.text
    assert "nobody" not in page.text, "only where there is no row"


@pytest.mark.parametrize("text", [*HOSTILE, *MARKS])
@pytest.mark.parametrize("read", [read_markdown, read_html])
def test_whatever_is_filled_in_stays_text(read: object, text: str) -> None:
    assert callable(read)
    places = make_document(
        text, Items((text,)), Table(("A",), ((text,),), empty=""), title=text, lead=text
    )
    plain = make_document("x", Items(("x",)), Table(("A",), (("x",),), empty=""))
    page: Page = read(places, text)
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in read(plain).tags]
    assert squeeze(page.text).count(squeeze(text)) >= 6


@settings(max_examples=60)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1,
                        max_size=30).filter(str.strip), min_size=3, max_size=3))  # fmt: skip
def test_no_text_at_all_is_markup(texts: list[str]) -> None:
    first, second, third = texts
    document = make_document(first, Items((second,)), Table(("A",), ((third,),), empty=""))
    plain = make_document("x", Items(("x",)), Table(("A",), (("x",),), empty=""))
    markdown, html = read_markdown(document), read_html(document)
    assert [tag for tag, _ in markdown.tags] == [tag for tag, _ in read_markdown(plain).tags]
    assert [tag for tag, _ in html.tags] == [tag for tag, _ in read_html(plain).tags]
    for text in texts:
        assert squeeze(text) in squeeze(markdown.text)
        assert squeeze(text) in squeeze(html.text)


def test_the_page_leads_to_its_own_sections() -> None:
    document = Document(
        "T", "L", (Section("Who, and how?", ()), Section("Record (article 30)", ()))
    )
    page = read_html(document)
    assert [link["href"] for link in page.all("a")] == ["#who-and-how", "#record-article-30"]
    assert [heading["id"] for heading in page.all("h2")] == ["who-and-how", "record-article-30"]


def test_the_page_asks_nothing_of_any_other_place() -> None:
    html = render_html(WHOLE, colophon="End.")
    page = Page(html)
    assert {tag for tag, _ in page.tags}.isdisjoint(
        {"script", "link", "img", "iframe", "object", "embed", "form", "base", "video", "audio"}
    )
    assert re.findall(r"\w+://", html) == []
    assert "url(" not in html
    assert "@import" not in html


def test_the_policy_of_the_page_allows_its_own_style_alone() -> None:
    metas = read_html(WHOLE).all("meta")
    (policy,) = [m["content"] for m in metas if m.get("http-equiv") == "Content-Security-Policy"]
    assert dict(part.split(" ", 1) for part in policy.split("; ")) == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_page_is_readable_on_a_phone_by_night_and_to_a_reader_of_screens() -> None:
    html = render_html(WHOLE, colophon="End.")
    page = Page(html)
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all(
        "meta"
    )
    assert "color-scheme: light dark" in html
    assert "@media (max-width: 40rem)" in html
    assert page.all("html") == [{"lang": "en"}]
    assert {cell["scope"] for cell in page.all("th")} == {"col"}
    # On a phone the heading of a column stands beside each cell.
    assert [cell["data-column"] for cell in page.all("td")] == ["Name", "Number"] * 2
