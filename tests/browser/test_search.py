"""A search as a person does it: a photo, a face, a purpose, and candidates to judge."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from browser.visit import Visit, serving, visiting
from mien.library import Library
from mien.testing import draw_photo
from service.stage import Stage

pytestmark = pytest.mark.browser


def probe_of(*people: int, seed: int = 999) -> FilePayload:
    """A photo of these people that is not in the collection."""
    return {"name": "who.png", "mimeType": "image/png", "buffer": draw_photo(*people, seed=seed)}


def fill(stage: Stage, library: Library, **terms: object) -> None:
    for number in range(6):
        stage.draw(f"{number}.png", 1 if number < 3 else 40 + number, 90 + number, seed=number)
    grant = stage.grant(library, "family-album", "reunion", **terms)  # type: ignore[arg-type]
    library.add(stage.photos, grant=grant)


def hand_in(visit: Visit, *people: int, seed: int = 999) -> None:
    visit.page.locator("#photo").set_input_files(probe_of(*people, seed=seed))
    expect(visit.page.locator("#boxes button")).to_have_count(len(people))


def search(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Search", exact=True).click()
    expect(visit.page.get_by_role("heading", name="Candidates")).to_be_visible()
    expect(visit.page.locator("#go")).not_to_have_attribute("aria-busy", "true")


def test_without_anything_to_search_the_page_says_what_is_lacking(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="searcher", shots=shots) as visit,
    ):
        visit.open("/search")
        expect(visit.page.get_by_text("nothing that you may search now")).to_be_visible()
        visit.look("search-nothing")


def test_a_person_is_found_judged_compared_and_taken_along(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="searcher", shots=shots) as visit,
    ):
        fill(stage, library)
        page = visit.page
        visit.open("/")
        visit.look("search")
        hand_in(visit, 1, 77)
        expect(page.get_by_text("2 faces were found")).to_be_visible()
        expect(page.get_by_role("button", name="Face 1")).to_have_attribute("aria-pressed", "true")
        page.get_by_label("Purpose").select_option("reunion")
        page.get_by_label("Reason").fill("pictures for the reunion")
        visit.look("search-face")
        search(visit)
        expect(page.get_by_text("candidates among 12 faces")).to_be_visible()
        first = page.get_by_role("listitem").filter(has_text="Candidate 1").first
        expect(first).to_contain_text("stranger")
        expect(first.locator("img")).to_have_js_property("complete", value=True)
        assert first.locator("img").evaluate("one => one.naturalWidth") > 0
        visit.look("search-candidates")
        first.get_by_role("button", name="Compare").click()
        expect(page.get_by_role("dialog", name="Side by side")).to_be_visible()
        page.get_by_label("Move between the two").fill("20")
        visit.look("search-compare", is_whole=False)
        page.get_by_role("dialog").get_by_role("button", name="Close").click()
        first.get_by_role("button", name="Keep").click()
        expect(page.get_by_text("Kept.")).to_be_visible()
        with page.expect_download() as told:
            page.get_by_role("button", name="as CSV").click()
        with told.value.path().open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.reader(file))
        assert len([row for row in rows if row]) == 2
        with page.expect_download() as told:
            page.get_by_role("button", name="contact sheet").click()
        assert b"<img" in told.value.path().read_bytes()


def test_what_is_not_the_person_is_remembered(stage: Stage, browser: Browser, shots: Path) -> None:
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="searcher", shots=shots) as visit,
    ):
        fill(stage, library)
        page = visit.page
        visit.open("/search")
        hand_in(visit, 1)
        search(visit)
        cards = page.locator(".candidate")
        before = cards.count()
        cards.last.get_by_role("button", name="Not this person").click()
        expect(page.get_by_text("Remembered: this is not the person")).to_be_visible()
        expect(cards.last).to_contain_text("said to be somebody else")
        cards.first.get_by_role("button", name="Confirm").click()
        expect(cards.first).to_contain_text("confirmed")
        search(visit)
        expect(cards).to_have_count(before - 1)
        expect(page.get_by_text("said to be somebody else: 1.")).to_be_visible()
        page.get_by_text("Narrow it down").click()
        page.get_by_label("Show those too").check()
        search(visit)
        expect(cards).to_have_count(before)
        rejected = page.locator(".candidate.rejected")
        rejected.get_by_role("button", name="Not this person").click()
        expect(page.get_by_text("Taken back.")).to_be_visible()
        expect(rejected).to_have_count(0)


def test_several_faces_are_searched_at_once_with_the_keyboard_alone(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="searcher", shots=shots) as visit,
    ):
        fill(stage, library)
        page = visit.page
        visit.open("/search")
        hand_in(visit, 1, 91)
        second = page.get_by_role("button", name="Face 2")
        second.focus()
        page.keyboard.press("Space")
        expect(second).to_have_attribute("aria-pressed", "true")
        page.get_by_label("Reason").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Looked for: face 1")).to_be_visible()
        expect(page.get_by_role("heading", name="Looked for: face 2")).to_be_visible()
        expect(page.get_by_role("heading", name="Candidates")).to_be_focused()
        visit.look("search-several")


def test_a_refusal_says_why(stage: Stage, browser: Browser, shots: Path) -> None:
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="searcher", shots=shots) as visit,
    ):
        fill(stage, library)
        page = visit.page
        visit.open("/search")
        hand_in(visit, 1)
        for grant in library.grants():
            library.revoke(grant.grant_id)
        search(visit)
        expect(page.get_by_role("alert")).to_contain_text("No grant in force here allows")
        page.get_by_role("button", name="Another photo").click()
        page.locator("#photo").set_input_files(
            {"name": "x.png", "mimeType": "image/png", "buffer": b"no photo"}
        )
        expect(page.get_by_role("alert").first).to_contain_text("No grant in force here allows")
        visit.look("search-refused")


def test_a_photo_can_be_dropped_pasted_and_taken(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="searcher", shots=shots) as visit,
    ):
        fill(stage, library)
        page = visit.page
        for kind, target in (("drop", "dataTransfer"), ("paste", "clipboardData")):
            visit.open("/search")
            page.evaluate(
                """async ([kind, target, bytes]) => {
                  const moved = new DataTransfer();
                  moved.items.add(new File([new Uint8Array(bytes)], "x.png", {type: "image/png"}));
                  const event = new Event(kind, {bubbles: true, cancelable: true});
                  Object.defineProperty(event, target, {value: moved});
                  document.dispatchEvent(event);
                }""",
                [kind, target, list(draw_photo(1, 2, 3))],
            )
            expect(page.locator("#boxes button")).to_have_count(3)
        visit.open("/search")
        page.get_by_role("button", name="Take a photo").click()
        page.get_by_role("button", name="Take the picture").click()
        expect(page.get_by_text("No face was found in this photo")).to_be_visible()


def test_a_face_of_a_photo_is_searched_with(stage: Stage, browser: Browser, shots: Path) -> None:
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="searcher", shots=shots) as visit,
    ):
        fill(stage, library)
        page = visit.page
        visit.open("/photos")
        expect(page.locator(".tile img").first).to_have_js_property("complete", value=True)
        visit.look("photos")
        page.get_by_role("link", name="0.png", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("0.png")
        visit.look("photo")
        page.get_by_role("link", name="Search with this face").first.click()
        search(visit)
        names = page.locator('.candidate [data-part="place"]').all_inner_texts()
        assert set(names[:2]) == {"1.png", "2.png"}
        assert "0.png" not in names
