"""Photos are added as people do: by a permission, a folder, and seeing what comes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser.visit import serving, visiting
from mien.testing import draw_photo
from server.uploading import shelf_grant
from service.stage import Stage

pytestmark = pytest.mark.browser


def test_without_a_permission_the_way_to_one_is_shown(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="curator", shots=shots) as visit,
    ):
        visit.open("/add")
        expect(visit.page.get_by_role("link", name="Record a permission")).to_be_visible()
        visit.look("add-nothing")


def test_a_folder_is_added_and_what_could_not_be_read_is_told(
    stage: Stage, browser: Browser, shots: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "summer"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.png").write_bytes(draw_photo(number, 50 + number, seed=number))
    (folder / "broken.jpg").write_bytes(b"this is no photo")
    (folder / "notes.txt").write_text("left where it is")
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="curator", shots=shots) as visit,
    ):
        shelf_grant(stage, library)
        visit.open("/add")
        page = visit.page
        expect(page.get_by_label("Name of the new collection")).to_have_value("default")
        visit.look("add")
        page.locator("#folder").set_input_files(folder)
        expect(page.get_by_text("left where they are: 1.")).to_be_visible()
        run = page.get_by_role("article")
        expect(run.get_by_text("done", exact=True)).to_be_visible(timeout=20_000)
        expect(run.locator(".counts")).to_contain_text("5")
        run.get_by_text("Files that could not be read").click()
        expect(run.get_by_text("broken.jpg")).to_be_visible()
        visit.look("add-done")
        run.get_by_role("link", name="See the photos").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Photos")
        expect(page.get_by_text("2 faces").first).to_be_visible()
        assert page.locator(".tile").count() == 5
        visit.open("/add")
        expect(page.get_by_role("article").get_by_text("done", exact=True)).to_be_visible()


def test_what_may_not_be_added_is_refused_with_the_reason(
    stage: Stage, browser: Browser, shots: Path, tmp_path: Path
) -> None:
    photo = tmp_path / "one.png"
    photo.write_bytes(draw_photo(1))
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="curator", shots=shots) as visit,
    ):
        grant = shelf_grant(stage, library)
        visit.open(f"/add?grant={grant}")
        library.revoke(grant)
        visit.page.locator("#files").set_input_files(photo)
        problem = visit.page.get_by_role("alert")
        expect(problem).to_contain_text("The grant was revoked.")
        assert library.collections() == []
