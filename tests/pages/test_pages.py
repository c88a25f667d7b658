"""Every page, empty and full: well formed, in reach of everybody, and without a foreign thing."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise, product

import pytest

from house.source import PACKAGE, listing
from mien.pages.web import read_static
from pages.filling import _VALUES, PAGES, PUBLIC, fill
from pages.outline import Outline, Tag

MOST_BYTES = 100_000
FULL = 20
FILLINGS = (0, 1, 3)
STATIC = PACKAGE / "static"
SPOKEN = ("aria-label", "aria-labelledby", "title")
REFERRING = ("aria-describedby", "aria-labelledby", "aria-controls", "for", "list")


Check = Callable[[str, Outline], None]


@cache
def outline(page: str, count: int = 2) -> Outline:
    return Outline(fill(page, "plain words", count=count))


def on_every_page(check: Check) -> Callable[[], None]:
    """The test that this holds for every page, whether little is on it or much."""

    def test() -> None:
        for page, count in product(PAGES, FILLINGS):
            try:
                check(page, outline(page, count))
            except AssertionError as error:
                error.add_note(f"on the page {page}, with {count} of each thing")
                raise

    return test


def test_every_template_that_is_a_page_is_filled_here() -> None:
    assert sorted(_VALUES) == PAGES


@on_every_page
def test_a_page_has_one_heading_of_its_own_and_none_is_skipped(page: str, seen: Outline) -> None:
    headings = [tag for tag in seen.tags if re.fullmatch("h[1-6]", tag.name)]
    levels = [int(tag.name[1]) for tag in headings]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    assert all(tag.text.strip() or tag.has("data-part") for tag in headings)


@on_every_page
def test_no_id_stands_for_two_things(page: str, seen: Outline) -> None:
    ids = seen.ids
    assert "" not in ids
    assert len(ids) == len(set(ids)), listing("twice", [i for i in ids if ids.count(i) > 1])


@on_every_page
def test_whatever_is_referred_to_is_there(page: str, seen: Outline) -> None:
    named = {one for tag in seen.tags for name in REFERRING for one in tag.get(name).split()}
    named |= {tag.get("href")[1:] for tag in seen.all("a") if tag.get("href").startswith("#")}
    assert not named - set(seen.ids)


@on_every_page
def test_each_field_is_told_by_a_label(page: str, seen: Outline) -> None:
    labels = {tag.get("for"): tag.text.strip() for tag in seen.all("label") if tag.has("for")}
    bare = [
        tag.attributes
        for tag in seen.all("input", "select", "textarea")
        if tag.get("type") != "hidden"
        and not (tag.has("hidden") and tag.get("autocomplete") == "username")
        and not (labels.get(tag.get("id")) or tag.within("label") or tag.get("aria-label"))
    ]
    assert not bare, listing("give it a label", bare)


@on_every_page
def test_each_button_and_link_says_what_it_does(page: str, seen: Outline) -> None:
    for tag in seen.all("button", "a", "summary"):
        says = tag.text.strip() or any(tag.get(name) for name in SPOKEN) or tag.has("data-part")
        assert says or any(part.has("data-part") for part in tag.parts), tag.attributes
    assert all(tag.get("type") in {"submit", "button"} for tag in seen.all("button"))
    assert all(tag.text.strip() for tag in seen.all("legend", "caption", "option") if _is_told(tag))


def _is_told(tag: Tag) -> bool:
    return not ((tag.name == "option" and tag.get("value") == "") or _is_in_list(tag))


def _is_in_list(tag: Tag) -> bool:
    return tag.within("datalist") is not None


@on_every_page
def test_each_picture_has_a_text_for_whoever_cannot_see_it(page: str, seen: Outline) -> None:
    for tag in seen.all("img"):
        assert tag.has("alt"), tag.attributes
    for tag in seen.all("svg"):
        assert tag.get("aria-hidden") == "true" or tag.get("aria-label"), tag.attributes


@on_every_page
def test_a_change_brings_the_token_of_the_session_along(page: str, seen: Outline) -> None:
    for form in seen.all("form"):
        token = [tag for tag in _fields(form) if tag.get("name") == "csrf_token"]
        if form.get("method") == "post" and page not in PUBLIC:
            assert [tag.get("value") for tag in token] == ["token"], form.attributes
            assert token[0].get("type") == "hidden"
        else:
            assert token == []


def _fields(form: Tag) -> list[Tag]:
    return [tag for part in form.parts for tag in (part, *_fields(part))]


@on_every_page
def test_a_form_is_sent_here_and_nothing_private_in_an_address(page: str, seen: Outline) -> None:
    for form in seen.all("form"):
        action = form.get("action")
        assert action == "" or (action.startswith("/") and not action.startswith("//"))
        if form.get("method") != "post":
            assert page in {"add", "photos", "search"}, "only filters stand in an address"
            assert not any(tag.get("type") == "password" for tag in _fields(form))


@on_every_page
def test_a_page_leads_nowhere_else(page: str, seen: Outline) -> None:
    addresses = [tag.get(name) for tag in seen.tags for name in ("href", "src", "action", "poster")]
    absolute = {one for one in addresses if re.match(r"[a-z]+:|//", one, re.IGNORECASE)}
    if page == "photo":
        absolute = {one for one in absolute if not one.startswith("https://example.org/")}
        assert all(
            tag.get("rel") == "noreferrer noopener"
            for tag in seen.all("a")
            if tag.get("href").startswith("https:")
        )
    if page == "second_factor":
        absolute = {one for one in absolute if not one.startswith("data:image/svg+xml")}
    assert not absolute


@on_every_page
def test_no_script_and_no_style_stands_in_a_page(page: str, seen: Outline) -> None:
    assert not seen.all("style", "base", "iframe", "object", "embed")
    assert not seen.comments
    for tag in seen.all("script"):
        assert tag.get("type") == "module"
        assert tag.text == ""
    names = {name for tag in seen.tags for name in tag.attributes}
    assert not {name for name in names if name.startswith("on") or name in {"style", "srcdoc"}}


@on_every_page
def test_what_a_page_needs_is_there(page: str, seen: Outline) -> None:
    named = [tag.get("src") for tag in seen.all("script", "img")]
    named += [tag.get("href") for tag in seen.all("link")]
    files = [one.removeprefix("/static/") for one in named if one.startswith("/static/")]
    assert {"app.js", "style.css", "mark.svg"} <= set(files)
    assert all(read_static(name) for name in files)
    scripts = [tag.get("src") for tag in seen.all("script")]
    assert len(scripts) == len(set(scripts))


@on_every_page
def test_a_page_has_a_language_a_title_and_is_not_for_search_engines(
    page: str, seen: Outline
) -> None:
    (html,) = seen.all("html")
    (title,) = seen.all("title")
    metas = {tag.get("name"): tag.get("content") for tag in seen.all("meta")}
    assert html.get("lang") == "en"
    assert title.text.endswith(" · Mien")
    assert len(title.text) > len(" · Mien")
    assert metas["robots"] == "noindex, nofollow"
    assert metas["viewport"] == "width=device-width, initial-scale=1"
    assert seen.all("meta")[0].get("charset") == "utf-8"


@on_every_page
def test_the_content_is_reached_without_going_through_the_menu(page: str, seen: Outline) -> None:
    (main,) = seen.all("main")
    first = seen.all("a")[0]
    assert (first.get("class"), first.get("href")) == ("skip", f"#{main.get('id')}")
    assert main.get("tabindex") == "-1"
    assert len(seen.all("header")) == len(seen.all("footer")) == 1
    assert all(tag.get("aria-label") for tag in seen.all("nav"))


@on_every_page
def test_a_long_page_is_still_a_small_one(page: str, seen: Outline) -> None:
    assert len(fill(page, "some plain words", count=FULL).encode()) < MOST_BYTES


@on_every_page
def test_the_menu_is_for_those_who_signed_in(page: str, seen: Outline) -> None:
    places = [tag for tag in seen.all("nav") if tag.get("id") == "places"]
    leaves = [tag for tag in seen.all("form") if tag.get("action") == "/sign-out"]
    tokens = [tag for tag in seen.all("meta") if tag.get("name") == "csrf-token"]
    assert len(places) == len(leaves) == len(tokens) == (0 if page in PUBLIC else 1)


@on_every_page
def test_a_page_says_that_it_shows_candidates_and_nobodys_name(page: str, seen: Outline) -> None:
    (footer,) = seen.all("footer")
    assert "Results are candidates." in footer.text


@on_every_page
def test_every_table_has_headings_for_its_columns(page: str, seen: Outline) -> None:
    for table in seen.all("table"):
        heads = [tag for tag in seen.all("th") if tag.within("table") is table]
        assert heads
        assert all(tag.get("scope") in {"col", "row"} for tag in heads)
        assert all(tag.text.strip() for tag in heads)
        rows = [tag for tag in seen.all("tr") if tag.within("table") is table]
        widths = {sum(part.name in {"td", "th"} for part in row.parts) for row in rows}
        assert len(widths) == 1, "each row has as many cells as there are columns"


@on_every_page
def test_a_notice_is_read_out_when_it_is_about_what_was_just_done(page: str, seen: Outline) -> None:
    for tag in seen.tags:
        words = tag.get("class").split()
        if "notice" in words and "good" in words and page != "doctor":
            assert tag.get("role") == "status", tag.text
        if tag.get("role") == "alert":
            assert "bad" in words


@on_every_page
def test_a_moment_is_told_to_machines_too(page: str, seen: Outline) -> None:
    for tag in seen.all("time"):
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d", tag.get("datetime"))
        assert re.fullmatch(r"\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?", tag.text)


@on_every_page
def test_a_field_that_is_wrong_says_so_where_it_stands(page: str, seen: Outline) -> None:
    wrong = [tag for tag in seen.tags if tag.get("aria-invalid") == "true"]
    for tag in wrong:
        assert f"{tag.get('id')}-error" in tag.get("aria-describedby").split()
    told = {tag.get("id") for tag in seen.tags if tag.name == "p" and tag.get("class") == "error"}
    named = {one for tag in seen.tags for one in tag.get("aria-describedby").split()}
    assert told <= named


@pytest.mark.parametrize("name", sorted(path.name for path in STATIC.iterdir()))
def test_each_file_of_ours_is_read_as_it_is(name: str) -> None:
    assert read_static(name) == (STATIC / name).read_bytes()


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../__init__.py", "..\\__init__.py", "/etc/passwd", ".hidden", "no.css", "a/b"],
)
def test_no_other_file_is_read(name: str) -> None:
    assert read_static(name) is None
