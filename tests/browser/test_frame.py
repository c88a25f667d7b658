"""What is around every page: the menu, the way past it, and what tells of a problem."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser.visit import PHONE, serving, visiting
from service.enrolled_stage import add as add_members
from service.enrolling import enrol
from service.stage import Stage

pytestmark = pytest.mark.browser


def test_a_problem_is_a_page_that_everybody_can_read(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="", shots=shots) as visit,
    ):
        answer = visit.open("/static/nothing.css")
        assert answer is not None
        assert answer.status == 404
        expect(visit.page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
        visit.look("problem")
        assert visit.page.get_by_role("navigation").count() == 0


def test_on_a_phone_the_menu_opens_and_leads_on(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="admin", shots=shots, viewport=PHONE) as visit,
    ):
        visit.open("/people")
        page = visit.page
        menu = page.get_by_role("button", name="Menu")
        photos = page.get_by_role("link", name="Photos", exact=True)
        expect(photos).to_be_hidden()
        menu.focus()
        page.keyboard.press("Enter")
        expect(menu).to_have_attribute("aria-expanded", "true")
        expect(photos).to_be_visible()
        visit.check_access()
        visit.check_no_sideways_scrolling()
        page.screenshot(path=shots / "menu-phone.png")
        photos.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Photos")


def test_past_the_menu_with_the_keyboard(stage: Stage, browser: Browser, shots: Path) -> None:
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="viewer", shots=shots) as visit,
    ):
        visit.open("/photos")
        visit.page.keyboard.press("Tab")
        expect(visit.page.get_by_role("link", name="Skip to the content")).to_be_focused()
        visit.page.keyboard.press("Enter")
        expect(visit.page.locator("main")).to_be_focused()


def test_people_are_shown_with_what_they_consent_to(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    stage.draw("one.png", 1)
    stage.draw("both.png", 1, 2)
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="curator", shots=shots) as visit,
    ):
        enrol(stage, library, 1, "Ada")
        enrol(stage, library, 2, "Bob", days=3)
        add_members(stage, library)
        stage.now += timedelta(days=5)
        visit.open("/people")
        expect(visit.page.get_by_text("The consent has expired.")).to_be_visible()
        visit.look("people")
        visit.page.get_by_role("link", name="Ada").click()
        expect(visit.page.get_by_text("one.png")).to_be_visible()
        expect(visit.page.get_by_text("Shows others too: no picture")).to_be_visible()
        visit.look("person")
