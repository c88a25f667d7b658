"""Whatever somebody wrote is a text on every page, and never a part of it."""

from __future__ import annotations

import json
from functools import cache
from types import SimpleNamespace as Thing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.filling import NOW, PAGES, fill, form_of, link_of, user_of
from pages.outline import Outline
from pages.parsed import HOSTILE

LONG = "x" * 10_000
RIGHT_TO_LEFT = "\u202eevil\u2066 \u05d0\u0628\u200f"
SILENT = {"request_trap"}
"""Pages that show nothing of what anybody wrote."""


@cache
def plain_shape(page: str, count: int = 2) -> list[tuple[str, tuple[str, ...]]]:
    return Outline(fill(page, "plain", count=count)).shape


@pytest.mark.parametrize("text", [" ".join(HOSTILE[at::3]) for at in range(3)])
def test_no_text_becomes_a_part_of_a_page(text: str) -> None:
    for page in PAGES:
        seen = Outline(fill(page, text))
        assert seen.shape == plain_shape(page), page
        assert not seen.comments


@pytest.mark.parametrize("count", [0, 1])
def test_nor_does_it_where_there_is_little(count: int) -> None:
    for page in PAGES:
        seen = Outline(fill(page, " ".join(HOSTILE), count=count))
        assert seen.shape == plain_shape(page, count), page


@pytest.mark.parametrize("text", ["a<b>&amp;\"'`=", RIGHT_TO_LEFT, "{{ 7 * 7 }}{% raw %}"])
def test_a_text_is_shown_as_it_was_written(text: str) -> None:
    for page in PAGES:
        seen = Outline(fill(page, text))
        assert seen.says(text) is (page not in SILENT), page
        assert not seen.says("49")


def test_a_very_long_text_is_shown_whole_and_changes_nothing_else() -> None:
    for page in PAGES:
        seen = Outline(fill(page, LONG))
        assert seen.shape == plain_shape(page), page
        assert seen.says(LONG) is (page not in SILENT), page


@pytest.mark.parametrize("text", ["javascript:alert(1)", "data:text/html,x", "//evil.example"])
def test_nothing_that_was_written_leads_out_of_here(text: str) -> None:
    for page in PAGES:
        seen = Outline(fill(page, text))
        led = [tag.get(name) for tag in seen.tags for name in ("href", "src", "action")]
        assert not [one for one in led if one.startswith(text)], page


def test_a_line_break_in_a_text_ends_no_value() -> None:
    for page in PAGES:
        assert Outline(fill(page, "one\r\n\r\ntwo\tthree\x0bfour\u2028five")).shape == plain_shape(
            page
        ), page


@settings(max_examples=15)
@given(st.text(min_size=1, max_size=60).filter(str.strip), st.sampled_from(PAGES))
def test_no_text_at_all_becomes_a_part_of_a_page(text: str, page: str) -> None:
    assert Outline(fill(page, text)).shape == plain_shape(page)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    ("page", "form", "name"), [("add", "add", "data-grants"), ("search", "search", "data-terms")]
)
def test_what_is_handed_to_a_script_is_read_as_it_was_written(
    page: str, form: str, name: str, *, text: str
) -> None:
    seen = Outline(fill(page, text))
    (held,) = [json.loads(tag.get(name)) for tag in seen.all("form") if tag.get("id") == form]
    assert held[0]["purposes"] == [text]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_was_typed_stands_in_the_field_again(text: str) -> None:
    seen = Outline(fill("request", text))
    fields = {tag.get("name"): tag for tag in seen.all("input", "textarea")}
    for name in ("name", "number", "address", "value", "contact"):
        assert fields[name].get("value") == text
    assert fields["words"].texts == [text]


@pytest.mark.parametrize("text", HOSTILE)
def test_an_error_stands_at_its_field_as_text(text: str) -> None:
    names = ("name", "purposes", "retention_days", "assessment", "basis")
    seen = Outline(fill("collection_new", form=form_of(text, *names)))
    told = {tag.get("id"): tag.text for tag in seen.all("p") if tag.get("class") == "error"}
    assert told == {f"{name}-error": text for name in names}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_name_that_stands_in_an_address_changes_nothing_of_it(text: str) -> None:
    for page in ("photo", "photos", "person"):
        for tag in Outline(fill(page, text)).all("a", "img"):
            for address in (tag.get("href"), tag.get("src"), tag.get("data-instead")):
                if address.startswith(("/v1/", "/photos/", "/search")) and "collection=" in address:
                    assert not set(address) & set("<>\"' \u202e"), address


def test_a_password_is_never_written_into_a_page() -> None:
    for page in ("sign_in", "welcome", "account"):
        for tag in Outline(fill(page)).all("input"):
            if tag.get("type") == "password":
                assert not tag.has("value")
                assert tag.get("autocomplete") in {"current-password", "new-password"}


def test_a_secret_stands_once_where_it_is_shown_once() -> None:
    told: dict[str, Any] = {"secret": "s3cr3t-of-a-key", "link": "http://here/welcome/t0k3n"}
    shown = fill("users", **told)
    assert shown.count("s3cr3t-of-a-key") == 1
    assert shown.count("t0k3n") == 1
    assert "s3cr3t" not in fill("users")


def test_a_secret_of_a_second_factor_stands_where_it_is_copied_and_sealed_where_it_is_sent() -> (
    None
):
    told: dict[str, Any] = {"secret": "GEZDGNBVGY3TQOJQ", "sealed": "opaque"}
    shown = fill("second_factor", **told)
    assert shown.count("GEZDGNBVGY3TQOJQ") == 1
    hidden = {tag.get("name"): tag.get("value") for tag in Outline(shown).all("input")}
    assert hidden == {"sealed": "opaque", "csrf_token": "token", "code": ""}


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("waiting", "The host was asked."),
        ("looking", "The photos are being looked through for you."),
        ("approved", "The host said yes."),
        ("ready", "The host said yes."),
        ("denied", "The host said no."),
        ("withdrawn", "You withdrew."),
        ("answered", "One photo shows you."),
        ("over", "This answer is over."),
    ],
)
def test_a_guest_is_told_how_it_stands(state: str, told: str) -> None:
    asked = Thing(state=state, ends_at=NOW, is_enrolled=False)
    seen = Outline(fill("find_answer", count=1, asked=asked))
    (main,) = seen.all("main")
    assert told in main.text
    shows = [tag for tag in seen.all("form") if tag.get("action").endswith("/show")]
    assert len(shows) == (state in {"approved", "ready"})
    assert bool(seen.all("rect", "image")) is False
    assert len([tag for tag in seen.all("a") if tag.has("download")]) == (state == "answered")


def test_only_whoever_was_enrolled_can_withdraw() -> None:
    for is_enrolled in (False, True):
        asked = Thing(state="answered", ends_at=NOW, is_enrolled=is_enrolled)
        seen = Outline(fill("find_answer", asked=asked))
        actions = [tag.get("action") for tag in seen.all("form")]
        assert ("/find/abc/def/withdraw" in actions) is is_enrolled


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "Please sign in"),
        (403, "This is not allowed"),
        (404, "There is nothing here"),
        (409, "This cannot be done as things are"),
        (422, "This cannot be read"),
        (429, "That was too fast"),
        (503, "Mien cannot do this now"),
        (500, "Something went wrong"),
        (418, "Something went wrong"),
    ],
)
def test_a_problem_has_a_heading_and_a_way_on(status: int, told: str) -> None:
    seen = Outline(fill("problem", "Why it went wrong.", count=0, status=status))
    (heading,) = seen.all("h1")
    (main,) = seen.all("main")
    (way,) = [tag.get("href") for tag in seen.all("a") if tag.within("main")]
    assert heading.text == told
    assert "Why it went wrong." in main.text
    assert way == ("/sign-in" if status == 401 else "/")


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ({"is_vouched": False}, "changed: gives nothing"),
        ({"is_active": False}, "disabled"),
        ({"has_password": False}, "invited"),
        ({}, "active"),
    ],
)
def test_a_user_has_one_state_and_only_what_can_be_done_in_it(
    others: dict[str, bool], told: str
) -> None:
    user = user_of("ann", **others)
    seen = Outline(fill("users", count=0, users=[user]))
    badges = [tag.text for tag in seen.all("span") if "badge" in tag.get("class").split()]
    assert told in badges
    actions = {tag.get("action") for tag in seen.all("form")}
    may = user.is_vouched and user.is_active
    assert ("/users/u-1/link" in actions) is may
    assert ("/users/u-1/change" in actions) is user.is_vouched
    assert ("/users/u-1/second-factor/remove" in actions) is user.is_vouched
    assert ("/users/u-1/enable" in actions) is (not user.is_active)
    assert ("/users/u-1/disable" in actions) is (user.is_active or not user.is_vouched)


def test_a_link_that_ended_offers_nothing_to_end() -> None:
    for is_over in (True, False):
        ended = NOW if is_over else None
        seen = Outline(fill("link", link=link_of("party", revoked_at=ended), is_over=is_over))
        actions = {tag.get("action") for tag in seen.all("form")}
        assert ("/links/l-1/end" in actions) is not is_over


@pytest.mark.parametrize("operation", ["search", "view", "add", "grant", "share", "case", "audit"])
def test_the_menu_shows_what_whoever_is_signed_in_may_do(operation: str) -> None:
    me = Thing(name="ann", operations={operation})
    seen = Outline(fill("optout_place", me=me))
    places = {tag.get("href") for tag in seen.all("a") if tag.within("nav") and tag.within("li")}
    wanted = {
        "search": {"/search"},
        "view": {"/photos", "/people"},
        "add": {"/add"},
        "grant": {"/grants"},
        "share": {"/links"},
        "case": {"/cases", "/opt-outs"},
        "audit": {"/audit"},
    }
    assert places == wanted[operation]


@pytest.mark.parametrize(
    ("page", "path"),
    [("grants", "/grants"), ("cases", "/cases"), ("optouts", "/opt-outs"), ("audit", "/audit")],
)
def test_the_menu_shows_where_one_is(page: str, path: str) -> None:
    nav = [tag for tag in Outline(fill(page)).all("a") if tag.get("aria-current") == "page"]
    assert path in {tag.get("href") for tag in nav if tag.within("nav")}
