"""Find my photos on real photos: a guest sees their own, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from mien.library import Library
from mien.service.guest_words import version_of
from mien.service.guests import Guests
from mien.service.link import Link, LinkDraft, Selfie
from mien.service.links import Links
from mien.settings import Settings

pytestmark = [pytest.mark.real, pytest.mark.slow]

FIND = "find-my-photos"
TAKEN = (
    *("Family1-Dad1", "Family1-Dad2", "Family1-Mom1", "Family1-Mom2", "Family1-Son2"),
    *("Family1-Daughter1", "Family1-Daughter2", "Family2-Man1", "Family2-Lady1"),
)


@pytest.fixture(scope="module")
def library(
    data_folder: Path, cache_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Library]:
    home = tmp_path_factory.mktemp("home")
    photos = [data_folder / "families" / f"{name}.jpg" for name in TAKEN]
    with Library(settings=Settings(home=home, cache=cache_folder)) as opened:
        grant = opened.grant(
            data_folder,
            grantor="the photos' publishers",
            purposes=[FIND],
            basis="household",
            until=date(2099, 12, 31),
        )
        assert opened.add(*photos, grant=grant.grant_id).photos_new == len(photos)
        yield opened


@pytest.fixture(scope="module")
def link(library: Library) -> Link:
    draft = LinkDraft(name="The fair", collection="default", purpose=FIND, approves=False)
    made = Links(library.parts).make(draft)
    assert isinstance(made, Link)
    return made


def find(library: Library, link: Link, selfie: Path) -> set[str]:
    """The photos that whoever hands in this one is shown."""
    guests = Guests(library.parts, max_bytes=2**24)
    handed = Selfie(content=selfie.read_bytes(), consent_version=version_of(enrols=False))
    token = guests.ask(link, handed)
    assert isinstance(token, str)
    photos = guests.answer(link).photos(token)
    return {Path(one.face.locations[0].uri).stem for one in photos}


@pytest.mark.parametrize(
    ("guest", "expected"),
    [
        ("Family1-Dad3", {"Family1-Dad1", "Family1-Dad2"}),
        ("Family2-Man2", {"Family2-Man1"}),
        ("Family2-Lady2", {"Family2-Lady1"}),
    ],
)
def test_a_guest_sees_their_own_photos_and_nobody_elses(
    library: Library, link: Link, data_folder: Path, *, guest: str, expected: set[str]
) -> None:
    assert find(library, link, data_folder / "families" / f"{guest}.jpg") == expected


def test_a_child_may_be_shown_a_sibling_as_the_guide_says(
    library: Library, link: Link, data_folder: Path
) -> None:
    found = find(library, link, data_folder / "families" / "Family1-Daughter3.jpg")
    assert found == {"Family1-Daughter1", "Family1-Daughter2", "Family1-Son2"}
