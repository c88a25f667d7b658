"""Every page of a full house: nothing acts that somebody wrote, and nobody is kept out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from mien.server.pages import ROUTERS
from web.full_house import MARKUP, TOLD, House, Node, Visited, at_home, full_house, told, walk

DOWNLOADS = {
    "/cases/{case_id}/acknowledgement",
    "/cases/{case_id}/answer",
    "/request/{token}/acknowledgement.json",
    "/request/{token}/answer.zip",
    "/opt-outs/certificates/{erasure_id}",
    "/find/{token}/photo/{ticket}",
    "/static/{name}",
}
PICTURES = {"/cases/{case_id}/faces/{face_id}"}
LATER = {"/find/{token}/{answer}", "/", "/people/{person_id}"}
"""What no link of the house leads to: an answer that nobody has yet, somebody in no photo."""

LONG = ("/docs", "/policy")
LARGEST_BYTES = 100_000
NAMED = ("a", "button", "summary", "legend", "label", "th", "h1", "h2", "h3", "option")

Pages = Mapping[str, Visited]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with full_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="module")
def pages(house: House) -> Pages:
    return walk(house)


@pytest.fixture(scope="module")
def boss(house: House) -> Iterator[TestClient]:
    with at_home(house) as client:
        yield client


def nodes(pages: Pages, *tags: str) -> Iterator[tuple[str, Node]]:
    for path, visited in pages.items():
        yield from ((path, node) for node in visited.page.all(*tags))


def name_of(path: str, node: Node, page: Visited) -> str:
    """What a screen reader calls an element, roughly as browsers work it out."""
    said = node.attributes.get("aria-label", "")
    by = [one for one in page.page.nodes if one.attributes.get("id") in labels_of(node)]
    pictures = [one.attributes.get("alt", "") for one in page.page.all("img") if node in one.inside]
    return (said or " ".join(one.text for one in by) or node.text or " ".join(pictures)).strip()


def labels_of(node: Node) -> set[str]:
    return set(node.attributes.get("aria-labelledby", "").split())


def test_no_link_leads_nowhere(pages: Pages) -> None:
    wrong = {path: one.answer.status_code for path, one in pages.items()}
    assert {path: status for path, status in wrong.items() if status != 200} == {}


def test_links_lead_to_every_page_that_there_is(pages: Pages) -> None:
    routes = [route for router in ROUTERS for route in router.routes]
    shown = {
        route.path: route.path_regex
        for route in routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    }
    opened = {urlsplit(path).path for path in pages}
    never = {path for path, regex in shown.items() if not any(map(regex.match, opened))}
    assert never <= DOWNLOADS | PICTURES | LATER, never


def test_nothing_that_somebody_wrote_is_an_element_or_a_handler(pages: Pages) -> None:
    for path, visited in pages.items():
        assert "<img src=x" not in visited.answer.text, path
        for node in visited.page.nodes:
            acts = [name for name in node.attributes if name.startswith("on")]
            assert not acts, (path, node.tag, node.attributes)
            assert node.attributes.get("src") != "x", path


def test_everything_that_somebody_wrote_is_read_as_it_was_written(pages: Pages) -> None:
    texts = [one.page.text for one in pages.values()]
    texts += [
        value
        for one in pages.values()
        for node in one.page.nodes
        for value in node.attributes.values()
    ]
    read = "\n".join(texts)
    missing = [what for what in TOLD if told(what) not in read]
    assert missing == []
    assert "49" not in re.findall(r"grantor<img[^>]*>\"'(\S*)", read)


def test_scripts_and_styles_are_files_of_ours(pages: Pages, boss: TestClient) -> None:
    names = set()
    for path, node in nodes(pages, "script", "link", "style"):
        address = node.attributes.get("src") or node.attributes.get("href", "")
        assert address.startswith("/static/"), (path, node)
        assert not node.text.strip(), (path, node.text)
        names.add(address)
    for name in names:
        answer = boss.get(name)
        assert answer.status_code == 200, name
        kind = answer.headers["Content-Type"].partition(";")[0]
        ending = name.rpartition(".")[2]
        assert kind in {
            "css": {"text/css"},
            "js": {"text/javascript", "application/javascript"},
            "svg": {"image/svg+xml"},
        }.get(ending, set()), (name, kind)


def test_no_element_is_styled_where_it_stands(pages: Pages) -> None:
    for path, visited in pages.items():
        assert visited.page.with_attribute("style") == [], path


def test_addresses_lead_to_this_server_or_to_the_web_without_telling_from_where(
    pages: Pages,
) -> None:
    for path, visited in pages.items():
        for node in visited.page.nodes:
            for name in ("href", "src", "action", "formaction", "data-instead"):
                value = node.attributes.get(name, "")
                scheme = urlsplit(value).scheme
                is_code = node.tag == "img" and value.startswith("data:image/")
                assert scheme in {"", "http", "https"} or is_code, (path, node.tag, value)
                assert not value.startswith("//"), (path, value)
                if scheme and node.tag == "a":
                    assert "noreferrer" in node.attributes.get("rel", ""), (path, value)


def test_a_page_in_another_tab_knows_nothing_of_this_one(pages: Pages) -> None:
    for path, visited in pages.items():
        for node in visited.page.with_attribute("target"):
            assert "noopener" in node.attributes.get("rel", ""), (path, node.attributes)


def test_what_scripts_read_of_a_page_is_data(pages: Pages) -> None:
    (form,) = [one for one in pages["/add"].page.all("form") if "data-grants" in one.attributes]
    grantors = {one["grantor"] for one in json.loads(form.attributes["data-grants"])}
    assert told("grantor") in grantors
    (form,) = [one for one in pages["/search"].page.all("form") if "data-terms" in one.attributes]
    terms = json.loads(form.attributes["data-terms"])
    assert told("grantor") in {source["name"] for one in terms for source in one["sources"]}


def test_every_form_that_changes_something_carries_the_token(pages: Pages) -> None:
    tokens = set()
    for path, form in nodes(pages, "form"):
        if form.attributes.get("method", "").lower() != "post":
            continue
        is_public = urlsplit(path).path.startswith(("/sign-in", "/request", "/find/", "/welcome/"))
        inside = [one.attributes for one in pages[path].page.all("input") if form in one.inside]
        token = [one["value"] for one in inside if one.get("name") == "csrf_token"]
        assert len(token) == (0 if is_public else 1), (path, form.attributes)
        tokens.update(token)
    assert len(tokens) == 1
    assert all(len(one) >= 32 for one in tokens)


def test_a_form_that_changes_nothing_hands_over_nothing_secret(pages: Pages) -> None:
    for path, form in nodes(pages, "form"):
        if form.attributes.get("method", "get").lower() == "post" or "id" in form.attributes:
            continue
        names = {
            one.attributes.get("name")
            for one in pages[path].page.all("input", "select", "textarea")
            if form in one.inside
        }
        assert "csrf_token" not in names, path
        assert not names & {"password", "name", "reason"}, path


def test_every_field_says_what_it_is_for(pages: Pages) -> None:
    for path, visited in pages.items():
        pointed = {one.attributes.get("for") for one in visited.page.all("label")}
        for node in visited.page.all("input", "select", "textarea"):
            attributes = node.attributes
            if attributes.get("type") == "hidden" or "hidden" in attributes:
                continue
            is_labelled = attributes.get("id") in pointed or node.is_in("label")
            assert is_labelled or attributes.get("aria-label"), (path, attributes)


@pytest.mark.parametrize("name", ["aria-describedby", "aria-labelledby", "aria-controls", "for"])
def test_what_refers_to_another_element_finds_it(pages: Pages, name: str) -> None:
    for path, visited in pages.items():
        ids = {one.attributes["id"] for one in visited.page.with_attribute("id")}
        for node in visited.page.with_attribute(name):
            wanted = set(node.attributes[name].split())
            assert wanted, (path, node.tag)
            assert wanted <= ids, (path, node.tag, node.attributes[name])


def test_a_list_of_proposals_is_there_for_the_field_that_names_it(pages: Pages) -> None:
    for path, visited in pages.items():
        lists = {one.attributes.get("id") for one in visited.page.all("datalist")}
        for node in visited.page.with_attribute("list"):
            assert node.attributes["list"] in lists, path


def test_no_id_is_given_twice(pages: Pages) -> None:
    for path, visited in pages.items():
        ids = [
            one.attributes["id"]
            for one in visited.page.with_attribute("id")
            if not one.is_in("template")
        ]
        assert len(ids) == len(set(ids)), path


def test_every_page_has_one_heading_and_leaves_out_no_level(pages: Pages) -> None:
    for path, visited in pages.items():
        headings = [
            one for one in visited.page.all("h1", "h2", "h3", "h4") if not one.is_in("template")
        ]
        levels = [int(one.tag[1]) for one in headings]
        assert levels.count(1) == 1, (path, levels)
        assert levels[0] == 1, (path, levels)
        for before, after in pairwise(levels):
            assert after <= before + 1, (path, levels)


def test_every_page_is_told_apart_by_its_title(pages: Pages) -> None:
    for path, visited in pages.items():
        (title,) = visited.page.all("title")
        assert title.text.endswith(" · Mien"), path
        assert len(title.text) > len(" · Mien"), path
        (root,) = visited.page.all("html")
        assert root.attributes["lang"] == "en"


@pytest.mark.parametrize("tag", NAMED)
def test_what_is_read_out_has_a_name(pages: Pages, tag: str) -> None:
    for path, node in nodes(pages, tag):
        is_filled_in = node.is_in("template") or "data-part" in node.attributes
        is_value = tag == "option" and "value" in node.attributes  # which is read out instead
        if not (is_filled_in or is_value):
            assert name_of(path, node, pages[path]), (path, node.tag, node.attributes)


def test_every_picture_says_what_it_shows_or_that_it_is_none(pages: Pages) -> None:
    for path, node in nodes(pages, "img"):
        assert "alt" in node.attributes, (path, node.attributes)
    for path, node in nodes(pages, "svg"):
        is_told = "aria-label" in node.attributes or node.attributes.get("aria-hidden") == "true"
        assert is_told, (path, node.attributes)


def test_every_column_and_row_of_a_table_is_named(pages: Pages) -> None:
    for path, node in nodes(pages, "th"):
        assert node.attributes.get("scope") in {"col", "row"}, (path, node.text)


def test_a_part_of_a_page_is_reached_without_the_menu(pages: Pages) -> None:
    for path, visited in pages.items():
        links = visited.page.all("a")
        assert links[0].attributes["href"] == "#main", path
        (main,) = visited.page.all("main")
        assert main.attributes["tabindex"] == "-1", path


def test_nothing_is_out_of_the_order_of_the_keyboard(pages: Pages) -> None:
    for path, visited in pages.items():
        places = {one.attributes["tabindex"] for one in visited.page.with_attribute("tabindex")}
        assert places <= {"0", "-1"}, path
        assert visited.page.with_attribute("accesskey") == [], path
        begins = [one.attributes["id"] for one in visited.page.with_attribute("autofocus")]
        assert begins in ([], ["name"], ["password"]), path  # where there is nothing else to do


def test_the_menu_shows_where_one_is(pages: Pages) -> None:
    for path, visited in pages.items():
        if urlsplit(path).path.startswith(("/sign-in", "/about", "/request", "/find", "/welcome")):
            continue
        menu = [one for one in visited.page.all("a") if one.is_in("nav") and one.is_in("header")]
        here = [one for one in menu if one.attributes.get("aria-current") == "page"]
        assert len(here) <= 1, path
        first = "/" + path.strip("/").split("/")[0].partition("?")[0]
        if first in {one.attributes["href"] for one in menu}:
            assert [one.attributes["href"] for one in here] == [first], path


def test_every_page_names_the_way_out_of_the_records(pages: Pages) -> None:
    for path, visited in pages.items():
        assert "Results are candidates." in visited.page.text, path
        is_stranger = path.startswith(("/sign-in", "/welcome", "/docs"))
        links = {one.attributes.get("href") for one in visited.page.all("a")}
        assert is_stranger or "/policy" in links, path


def test_no_page_is_kept_framed_or_guessed_at(pages: Pages) -> None:
    for path, visited in pages.items():
        headers = visited.answer.headers
        is_looked_after = urlsplit(path).path in {"/policy", "/docs"}  # asked about each time
        wanted = {"no-cache", "private, no-cache"} if is_looked_after else {"no-store"}
        assert headers["Cache-Control"] in wanted, path
        assert headers["X-Frame-Options"] == "DENY", path
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
        assert "unsafe" not in headers["Content-Security-Policy"], path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "no-referrer", path


def test_what_is_kept_is_kept_for_its_reader_alone(pages: Pages) -> None:
    assert "Cookie" in pages["/policy"].answer.headers["Vary"]
    assert pages["/policy"].answer.headers["ETag"]


def test_a_page_is_no_larger_than_a_slow_connection_bears(pages: Pages) -> None:
    sizes = {path: len(one.answer.content) for path, one in pages.items() if path not in LONG}
    assert {path: size for path, size in sizes.items() if size > LARGEST_BYTES} == {}


def test_nothing_is_left_open(pages: Pages) -> None:
    for path, visited in pages.items():
        assert visited.page.open == [], path


def test_no_address_of_a_page_tells_of_anybody(pages: Pages) -> None:
    for path in pages:
        asked = urlsplit(path).query
        named = [what for what in ("person", "requester", "reason", "why") if what in asked]
        assert not named, path


def test_a_name_that_is_read_elsewhere_is_shown_with_its_marks(boss: TestClient) -> None:
    page = boss.get("/collections").text
    assert MARKUP not in page
    assert "collection&lt;img src=x" in page


@pytest.mark.parametrize(
    "path",
    ["/photos?collection={}", "/photos?source={}", "/people/{}", "/photos/{}", "/search?face={}"],
)
def test_what_is_asked_for_in_the_address_becomes_no_markup(boss: TestClient, path: str) -> None:
    for hostile in (MARKUP, "</title><script>alert(1)</script>", "javascript:alert(1)"):
        answer = boss.get(path.format(hostile.replace("#", "")))
        assert answer.status_code < 500, path
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
