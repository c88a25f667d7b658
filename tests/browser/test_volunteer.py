"""The first hour of a volunteer who has read no manual, with drawn people and with real ones.

They record a permission, add a folder, find a person, and keep out somebody who asks for it.
`MIEN_SCREENSHOTS=docs/guide/pictures` renews the pictures of docs/guide/first-hour.md.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.visit import Visit, serving, visiting
from mien.library import Library
from mien.settings import Settings
from mien.testing import draw_photo
from service.stage import Stage

pytestmark = pytest.mark.browser

TEN_MINUTES_S = 600
WIDE = {"width": 1080, "height": 760}


@dataclass(frozen=True)
class Material:
    """A folder of photos, a photo of somebody in it, and one of who asks to be left out."""

    folder: Path
    wanted: Path
    leaving: Path
    shown: frozenset[str]
    """The files that show the wanted person."""


def test_with_drawn_people(stage: Stage, browser: Browser, shots: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Summer party"
    people = {"boats": (157, 51), "cake": (157, 57, 163), "dance": (57, 117), "lawn": (92, 157)}
    photos = {name: draw_photo(*faces, seed=n) for n, (name, faces) in enumerate(people.items())}
    write(folder, {f"{name}.png": content for name, content in photos.items()})
    write(tmp_path, {"who.png": draw_photo(157, seed=77), "leaving.png": draw_photo(57, seed=78)})
    shown = frozenset(f"{name}.png" for name, faces in people.items() if 157 in faces)
    material = Material(folder, tmp_path / "who.png", tmp_path / "leaving.png", shown)
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="curator", shots=shots, viewport=WIDE) as visit,
    ):
        walk(visit, library, material, keeps_pictures=True)


@pytest.mark.real
def test_with_real_people(
    data_folder: Path, cache_folder: Path, browser: Browser, shots: Path, tmp_path: Path
) -> None:
    families = data_folder / "families"
    folder = tmp_path / "Families"
    folder.mkdir()
    for path in families.glob("Family[12]*.jpg"):
        shutil.copy(path, folder)
    wanted, leaving = folder / "Family1-Dad1.jpg", folder / "Family1-Mom1.jpg"
    shown = frozenset({"Family1-Dad1.jpg", "Family1-Dad2.jpg", "Family1-Dad3.jpg"})
    for path in (wanted, leaving):
        shutil.move(path, tmp_path)
    material = Material(
        folder, tmp_path / wanted.name, tmp_path / leaving.name, shown - {wanted.name}
    )
    settings = Settings(home=tmp_path / "home", cache=cache_folder)
    with (
        Library(settings=settings, clock=lambda: datetime.now(UTC)) as library,
        serving(library) as address,
        visiting(browser, address, who="curator", shots=shots) as visit,
    ):
        walk(visit, library, material, keeps_pictures=False)


def walk(visit: Visit, library: Library, material: Material, *, keeps_pictures: bool) -> None:
    """All four tasks, by what stands on the pages alone."""
    began = time.monotonic()
    guide = Guide(visit, is_kept=keeps_pictures)
    record_permission(visit.page, visit, guide)
    add_folder(visit.page, material, guide)
    find_person(visit.page, material, guide)
    keep_out(visit.page, material, guide)
    assert time.monotonic() - began < TEN_MINUTES_S
    assert len(library.grants()) == 1
    assert [one.level for one in library.optouts().list()] == ["face"]


class Guide:
    """Keeps the pictures that the guide shows."""

    def __init__(self, visit: Visit, *, is_kept: bool) -> None:
        self._visit = visit
        self._is_kept = is_kept

    def keep(self, name: str) -> None:
        self._visit.check_access()
        if self._is_kept:
            self._visit.page.screenshot(path=self._visit.shots / f"first-hour-{name}.png")


def record_permission(page: Page, visit: Visit, guide: Guide) -> None:
    visit.open("/")
    page.get_by_role("link", name="Add photos").click()
    page.get_by_role("link", name="Record a permission").click()
    page.get_by_label("Name", exact=True).fill("Ann Ek")
    guide.keep("permission")
    page.get_by_label("Shelf, for photos").fill("party")
    page.get_by_label("Purposes").fill("family-album")
    page.get_by_text("At home").click()
    page.get_by_role("button", name="Record the grant").click()
    expect(page.get_by_text("The grant is recorded.")).to_be_visible()
    page.get_by_role("link", name="Add photos under it").click()


def add_folder(page: Page, material: Material, guide: Guide) -> None:
    expect(page.get_by_label("Permission", exact=True)).to_contain_text("Ann Ek")
    page.locator("#folder").set_input_files(material.folder)
    run = page.get_by_role("article")
    expect(run.get_by_text("done", exact=True)).to_be_visible()
    number = len(list(material.folder.iterdir()))
    expect(run.locator(".counts")).to_contain_text(f"new photos{number}")
    run.scroll_into_view_if_needed()
    guide.keep("added")
    run.get_by_role("link", name="See the photos").click()
    expect(page.locator(".tile")).to_have_count(number)
    wait_for_pictures(page, ".tile img")


def find_person(page: Page, material: Material, guide: Guide) -> None:
    search(page, material.wanted)
    wait_for_pictures(page, ".candidate img")
    cards = page.locator(".candidate")
    shown = [cards.nth(place).inner_text() for place in range(len(material.shown))]
    assert all(any(name in card for card in shown) for name in material.shown)
    guide.keep("found")
    cards.first.get_by_role("button", name="Compare").click()
    wait_for_pictures(page, ".compare img")
    guide.keep("compared")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    cards.first.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept.")).to_be_visible()


def keep_out(page: Page, material: Material, guide: Guide) -> None:
    page.get_by_role("link", name="Opt-outs").click()
    page.get_by_role("link", name="A person").click()
    page.get_by_label("A photo of them").set_input_files(material.leaving)
    page.get_by_label("How do you know that they want it?").fill("Her mail of 3 May")
    expect(page.get_by_text("This is the face that is kept out.")).to_be_visible()
    guide.keep("leaving")
    page.get_by_role("button", name="Keep them out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kept out")
    expect(page.get_by_text("This was held, and is gone:")).to_be_visible()
    search(page, material.leaving)
    expect(page.get_by_role("alert")).to_contain_text("somebody who opted out")
    guide.keep("refused")


def search(page: Page, photo: Path) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Search").click()
    page.locator("#photo").set_input_files(photo)
    expect(page.get_by_text("One face was found, and is chosen.")).to_be_visible()
    page.get_by_label("Reason").fill("pictures for the album")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("heading", name="Candidates")).to_be_visible()
    expect(page.locator("#go")).not_to_have_attribute("aria-busy", "true")


def wait_for_pictures(page: Page, which: str) -> None:
    page.wait_for_function(
        "which => [...document.querySelectorAll(which)].every(one => one.naturalWidth > 0)",
        arg=which,
    )


def write(folder: Path, files: Mapping[str, Any]) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
