"""Looking after permission, as somebody does it who never read a manual."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser.visit import LARGEST_PAGE_BYTES, Visit, serving, visiting
from mien.library import Library
from mien.testing import draw_photo
from service import inbox
from service.stage import Stage

pytestmark = pytest.mark.browser

MARKUP = "<b onclick=alert(1)>Ann & Söhne</b>"


@contextmanager
def looking_after(
    stage: Stage, browser: Browser, shots: Path, *, who: str = "curator"
) -> Iterator[tuple[Library, Visit]]:
    with (
        stage.open(contact="photos@example.org") as library,
        serving(library) as address,
        visiting(browser, address, who=who, shots=shots) as visit,
    ):
        yield library, visit


def heading(visit: Visit) -> str:
    return visit.page.get_by_role("heading", level=1).inner_text()


def test_a_grant_is_recorded_narrowed_and_withdrawn(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    with looking_after(stage, browser, shots) as (library, visit):
        inbox.fill(stage, library, grantor=MARKUP)
        visit.open("/grants")
        visit.look("grants")
        visit.page.get_by_role("link", name="Record a grant").click()
        visit.page.get_by_role("button", name="Record the grant").scroll_into_view_if_needed()
        visit.page.get_by_label("Name", exact=True).fill("Ann Ek")
        visit.page.get_by_label("Shelf, for photos that you hand in here").fill("ann's")
        visit.page.get_by_label("Purposes").fill("family-album, reunion")
        visit.page.get_by_text("At home").click()
        visit.page.get_by_role("button", name="Record the grant").click()
        expect(visit.page.get_by_text("Use letters, digits, - and _")).to_be_visible()
        expect(visit.page.get_by_label("Purposes")).to_have_value("family-album, reunion")
        visit.look("grant-form-with-an-error")
        visit.page.get_by_label("Shelf, for photos that you hand in here").fill("ann")
        visit.page.get_by_text("More: what may be done").click()
        visit.page.get_by_label("What shows it").set_input_files(
            {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"I allow it."}
        )
        visit.page.get_by_role("button", name="Record the grant").click()
        expect(visit.page.get_by_text("The grant is recorded.")).to_be_visible()
        assert heading(visit) == "Ann Ek"
        (grant,) = [one for one in library.grants() if one.grantor == "Ann Ek"]
        assert grant.scope == ("upload:///ann/",)
        assert grant.purposes == {"family-album", "reunion"}
        assert [one.name for one in grant.evidence] == ["letter.txt"]

        visit.page.get_by_role("link", name="Narrow").click()
        visit.page.get_by_label("reunion").uncheck()
        visit.check_access()
        visit.page.get_by_role("button", name="Narrow the grant").click()
        expect(visit.page.get_by_text("The grant allows less from now on")).to_be_visible()
        assert library.get_grant(grant.grant_id).purposes == {"family-album"}

        visit.open("/grants")
        visit.page.get_by_role("link", name="onclick").click()
        visit.look("grant")
        assert len(visit.page.content()) < LARGEST_PAGE_BYTES
        visit.page.get_by_role("link", name="Withdraw").click()
        expect(visit.page.get_by_text("3 photos in default")).to_be_visible()
        visit.check_access()
        visit.page.get_by_role("button", name="Withdraw the grant").click()
        expect(visit.page.get_by_text("The grant is withdrawn.")).to_be_visible()
        assert inbox.found(library, inbox.ANN) == set()


def test_a_collection_is_made_by_keyboard(stage: Stage, browser: Browser, shots: Path) -> None:
    with looking_after(stage, browser, shots) as (library, visit):
        visit.open("/collections/new")
        visit.page.get_by_label("Name", exact=True).focus()
        visit.page.keyboard.type("Club")
        visit.page.keyboard.press("Tab")
        visit.page.keyboard.press("Space")
        visit.page.keyboard.press("ArrowDown")
        visit.check_access()
        visit.page.keyboard.press("Enter")
        expect(visit.page.get_by_text("The collection is made.")).to_be_visible()
        visit.look("collections")
        (made,) = library.collections()
        assert (made.name, made.basis) == ("Club", "enrolled_only")


def test_a_letter_is_answered(stage: Stage, browser: Browser, shots: Path, tmp_path: Path) -> None:
    with looking_after(stage, browser, shots) as (library, visit):
        inbox.fill(stage, library)
        inbox.request(library, "access", person="Ben Berg", requester="Ben Berg")
        stage.now += timedelta(days=25)
        inbox.request(library, "takedown", host="photos.example.org", requester=MARKUP)
        visit.open("/cases")
        visit.look("cases")
        rows = visit.page.locator("tbody tr")
        expect(rows.first).to_contain_text("Ben Berg")
        expect(rows.first).to_contain_text("days left")
        visit.page.get_by_role("link", name="Open a case").click()
        visit.page.get_by_text("Erase me").click()
        visit.page.get_by_label("Name", exact=True).fill("Ann Ek")
        visit.page.get_by_text("A photo of themselves").first.click()
        visit.page.locator("#photo").set_input_files(
            {"name": "ann.png", "mimeType": "image/png", "buffer": draw_photo(inbox.ANN)}
        )
        visit.look("case-form")
        visit.page.get_by_role("button", name="Open the case").click()
        expect(visit.page.get_by_role("heading", name="Look first")).to_be_visible()
        visit.check_access()
        for box in visit.page.get_by_label("theirs").all():
            box.check()
        visit.page.get_by_role("button", name="These are theirs").click()
        visit.page.get_by_label("Do what was asked").check()
        visit.look("case-decide")
        visit.page.get_by_role("button", name="Decide and do it").click()
        expect(visit.page.get_by_text("It is decided, and what follows is done.")).to_be_visible()
        assert inbox.found(library, inbox.ANN) == set()
        assert inbox.found(library, inbox.BEN) == {"ben.png", "both.png"}
        visit.page.get_by_role("button", name="Write the answer").click()
        with visit.page.expect_download() as download:
            visit.page.get_by_role("link", name="Download the answer").click()
        download.value.save_as(tmp_path / "answer.zip")
        with zipfile.ZipFile(tmp_path / "answer.zip") as answer:
            assert {"letter.md", "certificate-1.json"} <= set(answer.namelist())
        visit.page.get_by_role("button", name="close the case").click()
        visit.check_access()


def test_an_opt_out_is_honoured_in_three_clicks(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    with looking_after(stage, browser, shots) as (library, visit):
        inbox.fill(stage, library)
        visit.open("/cases")
        visit.page.get_by_role("link", name="Opt-outs").click()
        visit.page.get_by_role("link", name="A person").click()
        photo = {"name": "us.png", "mimeType": "image/png", "buffer": draw_photo(9, inbox.ANN)}
        visit.page.get_by_label("A photo of them").set_input_files(photo)  # type: ignore[arg-type]
        expect(visit.page.get_by_text("Which of them is it?")).to_be_visible()
        visit.page.get_by_role("button", name="Face 2").click()
        visit.page.get_by_label("How do you know that they want it?").fill("her mail of 3 May")
        visit.look("opt-out-person")
        visit.page.get_by_role("button", name="Keep them out").click()
        expect(visit.page.get_by_text("This was held, and is gone:")).to_be_visible()
        visit.check_access()
        assert inbox.found(library, inbox.BEN) == {"ben.png", "both.png"}
        (optout,) = library.optouts().list()
        assert (optout.level, optout.kept_out) == ("face", "")
        with visit.page.expect_download() as download:
            visit.page.get_by_role("link", name="Download the signed certificate").click()
        certificate = json.loads(Path(download.value.path()).read_text("utf-8"))
        assert certificate["certificate"]["erased"]["faces"] == 2


def test_what_goes_wrong_with_a_photo_is_told_where_it_was_chosen(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    with looking_after(stage, browser, shots) as (library, visit):
        visit.open("/opt-outs/person")
        text = {"name": "a.png", "mimeType": "image/png", "buffer": b"no photo"}
        visit.page.get_by_label("A photo of them").set_input_files(text)  # type: ignore[arg-type]
        expect(visit.page.get_by_role("alert")).to_contain_text("The photo cannot be used")
        grey = {"name": "b.png", "mimeType": "image/png", "buffer": draw_photo()}
        visit.page.get_by_label("A photo of them").set_input_files(grey)  # type: ignore[arg-type]
        expect(visit.page.get_by_text("No face is found in it.")).to_be_visible()
        visit.page.get_by_role("button", name="Keep them out").click()
        expect(visit.page.get_by_text("Say how you know that they want it.")).to_be_visible()
        assert visit.page.evaluate("document.activeElement.getAttribute('role')") == "alert"
        visit.page.route("**/opt-outs/person", lambda route: route.abort())
        visit.page.get_by_role("button", name="Keep them out").click()
        expect(visit.page.get_by_text("Mien does not answer.")).to_be_visible()
        assert library.optouts().list() == []


def test_a_photo_and_a_place_are_kept_out_and_one_is_lifted(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    with looking_after(stage, browser, shots) as (library, visit):
        inbox.fill(stage, library)
        visit.open(f"/opt-outs?photo={inbox.sha256_of(stage, 'ann.png')}")
        expect(visit.page.get_by_text("This is held of it, and goes:")).to_be_visible()
        visit.check_access()
        visit.page.get_by_role("button", name="Keep it out").click()
        expect(visit.page.get_by_text("This was held, and is gone:")).to_be_visible()
        assert inbox.found(library, inbox.ANN) == {"both.png"}
        visit.open("/opt-outs/place")
        visit.page.get_by_label("Link or folder").fill("nowhere in particular")
        visit.page.get_by_role("button", name="Keep it out").click()
        expect(
            visit.page.get_by_text("Write a link, as https://example.org/album/")
        ).to_be_visible()
        visit.page.get_by_label("Link or folder").fill("https://example.org/album/")
        visit.page.get_by_role("button", name="Keep it out").click()
        visit.page.get_by_role("link", name="All opt-outs").click()
        visit.look("opt-outs")
        visit.page.get_by_role("link", name="Lift").first.click()
        visit.page.get_by_label("Who changed their mind").fill("they wrote again")
        visit.page.get_by_role("button", name="Lift it").click()
        expect(visit.page.get_by_text("The opt-out is lifted")).to_be_visible()
        assert [one.level for one in library.optouts().list()] == ["item"]


def test_the_log_is_read_and_proved(stage: Stage, browser: Browser, shots: Path) -> None:
    with looking_after(stage, browser, shots, who="admin") as (library, visit):
        inbox.fill(stage, library)
        inbox.found(library, inbox.ANN)
        library.search(draw_photo(1), purpose="no-such-purpose")
        visit.open("/audit")
        expect(visit.page.get_by_text("searched").first).to_be_visible()
        visit.look("audit")
        visit.page.get_by_role("row", name="recorded a grant").get_by_role("link").click()
        expect(visit.page.get_by_text("A. Holder")).to_be_visible()
        visit.check_access()
        visit.open("/audit/proof")
        with visit.page.expect_download() as download:
            visit.page.get_by_role("button", name="Sign and download").click()
        kept = Path(download.value.path()).read_text("utf-8")
        visit.page.get_by_text("Against a checkpoint that you kept").click()
        visit.page.get_by_label("The checkpoint").fill(kept)
        visit.page.get_by_role("button", name="Verify the log").click()
        expect(visit.page.get_by_text("Nothing was changed.")).to_be_visible()
        expect(visit.page.get_by_text("checkpoint you kept signed is still there")).to_be_visible()
        visit.look("audit-proof")


def test_the_doctor_says_what_to_do(stage: Stage, browser: Browser, shots: Path) -> None:
    with looking_after(stage, browser, shots, who="admin") as (library, visit):
        inbox.fill(stage, library)
        visit.open("/doctor")
        expect(visit.page.get_by_text("Everything is in order.")).to_be_visible()
        visit.look("doctor")
