"""What somebody typed or found is not lost: a form, an answer, a place in the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser.visit import PHONE, Visit, serving, visiting
from mien.testing import draw_photo
from service import inbox
from service.stage import Stage

pytestmark = pytest.mark.browser


def fill_in_grant(visit: Visit) -> None:
    visit.open("/grants/new")
    visit.page.get_by_label("Name", exact=True).fill("Ann Ek")
    visit.page.get_by_label("Shelf, for photos that you hand in here").fill("ann")
    visit.page.get_by_label("Purposes").fill("family-album")
    visit.page.get_by_text("At home").click()


def test_a_form_that_cannot_be_sent_stays_as_it_was_filled_in(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="curator", shots=shots) as visit,
    ):
        fill_in_grant(visit)
        send = visit.page.get_by_role("button", name="Record the grant")
        for broken, told in (("offline", "Mien does not answer"), ("out", "You are signed out")):
            cookies = visit.page.context.cookies()
            if broken == "offline":
                visit.page.context.set_offline(True)
            else:
                visit.page.context.clear_cookies()
            send.click()
            expect(visit.page.get_by_role("alert")).to_contain_text(told)
            expect(visit.page.get_by_label("Name", exact=True)).to_have_value("Ann Ek")
            visit.page.context.set_offline(False)
            visit.page.context.add_cookies(cookies)  # type: ignore[arg-type]
        assert library.grants() == []
        send.click()
        expect(visit.page.get_by_text("The grant is recorded.")).to_be_visible()
        assert [one.grantor for one in library.grants()] == ["Ann Ek"]


def test_the_face_that_was_chosen_stays_chosen_where_something_else_is_lacking(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="curator", shots=shots) as visit,
    ):
        inbox.fill(stage, library)
        visit.open("/opt-outs/person")
        photo = {"name": "b.png", "mimeType": "image/png", "buffer": draw_photo(1, 2, seed=5)}
        visit.page.get_by_label("A photo of them").set_input_files(photo)  # type: ignore[arg-type]
        visit.page.get_by_role("button", name="Face 2").click()
        visit.page.get_by_role("button", name="Keep them out").click()
        expect(visit.page.get_by_text("Say how you know")).to_be_visible()
        second = visit.page.get_by_role("button", name="Face 2")
        expect(second).to_have_attribute("aria-pressed", "true")
        assert visit.page.locator("input[name=face]").input_value() == "1"


def test_an_answer_is_there_still_after_a_look_at_one_of_its_photos(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="searcher", shots=shots) as visit,
    ):
        inbox.fill(stage, library)
        visit.open("/search")
        photo = {"name": "a.png", "mimeType": "image/png", "buffer": draw_photo(1, seed=5)}
        visit.page.locator("#photo").set_input_files(photo)  # type: ignore[arg-type]
        expect(visit.page.locator("#boxes button")).to_have_count(1)
        visit.page.get_by_role("button", name="Search", exact=True).click()
        first = visit.page.locator(".candidate").first
        expect(first.get_by_role("button", name="Keep")).to_be_visible()
        expect(visit.page.get_by_text("Keep what you want to take along.")).to_be_visible()
        with visit.page.context.expect_page() as opened:
            first.get_by_text("Its photo, and by whose permission").click()
        expect(opened.value.get_by_role("heading", level=1)).to_contain_text(".png")
        assert opened.value.evaluate("window.opener") is None
        expect(first).to_be_visible()


def test_words_stand_where_a_picture_may_not_be_seen_any_more(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="curator", shots=shots) as visit,
    ):
        inbox.fill(stage, library)
        visit.page.route("**/thumbnail*", lambda route: route.fulfill(status=404))
        visit.open("/photos")
        expect(visit.page.get_by_text("No picture of it may be seen now.")).to_have_count(3)


def test_the_menu_of_a_phone_closes_with_escape_and_says_where_one_is(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="viewer", shots=shots, viewport=PHONE) as visit,
    ):
        visit.open("/photos")
        menu = visit.page.get_by_role("button", name="Menu")
        menu.press("Enter")
        expect(menu).to_have_attribute("aria-expanded", "true")
        visit.page.keyboard.press("Tab")
        visit.page.keyboard.press("Escape")
        expect(menu).to_have_attribute("aria-expanded", "false")
        expect(menu).to_be_focused()
