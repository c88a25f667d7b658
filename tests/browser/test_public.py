"""What a stranger and a guest do with a phone: ask about themselves, find their photos."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from browser.visit import PHONE, serving, visiting
from mien.library import Library
from mien.testing import draw_photo
from service.inbox import sha256_of
from service.party import ANN, EVE, FIND, Party
from service.stage import Stage

pytestmark = pytest.mark.browser

OPEN = {
    "public": "policy,requests,find",
    "controller": "SV Nord e.V.",
    "contact": "photos@sv-nord.example",
}


@pytest.fixture
def party(stage: Stage) -> Iterator[Party]:
    with stage.open(**OPEN) as library:
        yield Party(stage, library).fill()


@pytest.fixture
def address(party: Party) -> Iterator[str]:
    with serving(party.library) as address:
        yield address


def selfie(*people: int) -> FilePayload:
    return {"name": "me.png", "mimeType": "image/png", "buffer": draw_photo(*people, seed=77)}


def newest_case(library: Library) -> str:
    return max(library.cases().list(), key=lambda case: case.id).case_id


def test_a_stranger_asks_and_reads_the_answer_where_they_were_told(
    party: Party, browser: Browser, shots: Path, address: str
) -> None:
    with visiting(browser, address, who="", shots=shots) as visit:
        page = visit.page
        page.set_viewport_size(PHONE)
        visit.open("/about")
        visit.look("about")
        page.get_by_role("link", name="Ask what is held").click()
        visit.look("request")
        page.get_by_label("Know what is held").check()
        page.get_by_label("One photo").check()
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("alert")).to_contain_text("Attach the photo, or give its number.")
        visit.look("request-wrong")
        expect(page.get_by_label("Know what is held")).to_be_checked()
        page.get_by_label("Number of the photo").fill(sha256_of(party.stage, "ann.png"))
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("status").first).to_contain_text("Your request is in.")
        visit.look("request-standing")
        with page.expect_download() as kept:
            page.get_by_role("link", name="Keep the signed acknowledgement").click()
        assert "signature" in kept.value.path().read_text("utf-8")
        library = party.library
        library.cases().answer(newest_case(library), party.stage.folder / "answer")
        page.reload()
        expect(page.get_by_role("heading", name="The answer")).to_be_visible()
        visit.look("request-answered")


def test_anybody_reads_the_policy(browser: Browser, shots: Path, address: str) -> None:
    with visiting(browser, address, who="", shots=shots) as visit:
        visit.open("/policy")
        expect(visit.page.get_by_role("heading", level=1)).to_be_visible()
        visit.look("policy")


def test_a_host_lets_a_guest_find_their_photos(
    party: Party, browser: Browser, shots: Path, address: str
) -> None:
    with visiting(browser, address, who="curator", shots=shots) as host:
        host.open("/links")
        host.page.get_by_label("Name of the event").fill("Summer fair")
        host.page.get_by_label("Purpose").fill(FIND)
        host.look("links-make")
        host.page.get_by_role("button", name="Make the link").click()
        invitation = host.page.locator(".secret").inner_text()
        host.page.get_by_role("link", name="A page to print").click()
        host.look("link-poster")
        host.page.go_back()
        with visiting(browser, address, who="", shots=shots) as guest:
            page = guest.page
            page.set_viewport_size(PHONE)
            page.goto(invitation)
            guest.look("find")
            page.get_by_label("Your selfie").set_input_files(selfie(ANN, EVE))
            page.get_by_role("checkbox").check()
            page.get_by_role("button", name="Ask the host").click()
            expect(page.get_by_role("alert")).to_contain_text("It shows 2 faces")
            page.get_by_label("Your selfie").set_input_files(selfie(ANN))
            page.get_by_role("checkbox").check()
            page.get_by_role("button", name="Ask the host").click()
            expect(page.get_by_role("status").first).to_contain_text("The host was asked.")
            guest.look("find-waiting")
            host.page.reload()
            host.look("link-waiting")
            host.page.get_by_role("button", name="Yes, show them").click()
            page.get_by_role("link", name="Look again now").click()
            page.get_by_role("button", name="Show my photos").click()
            expect(page.get_by_role("status").first).to_contain_text("2 photos show you.")
            expect(page.get_by_role("img", name="with a box around your face")).to_have_count(2)
            guest.look("find-photos")
            with page.expect_download() as taken:
                page.get_by_role("link", name="Take photo 1 along").click()
            files = {(party.stage.photos / name).read_bytes() for name in ("ann.png", "both.png")}
            assert taken.value.path().read_bytes() in files
        host.page.reload()
        expect(host.page.get_by_text("2 photos seen, one taken along")).to_be_visible()
        host.look("link-log")


def test_a_guest_needs_no_script(party: Party, browser: Browser, shots: Path, address: str) -> None:
    link = party.open(approves=False)
    options = {"java_script_enabled": False}
    with visiting(browser, address, who="", shots=shots, **options) as guest:
        page = guest.page
        guest.open(f"/find/{party.links.token(link)}")
        page.get_by_label("Your selfie").set_input_files(selfie(ANN))
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Find my photos").click()
        expect(page.get_by_role("status").first).to_contain_text("2 photos show you.")
