"""Find my photos on real photos: a guest sees their own, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
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
FAMILY = "Family1-{}.jpg"
TAKEN = ("Dad1", "Dad2", "Mom1", "Mom2", "Son2", "Daughter1", "Daughter2")


@pytest.fixture(scope="module")
def library(
    data_folder: Path, cache_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Library]:
    home = tmp_path_factory.mktemp("home")
    photos = [data_folder / "families" / FAMILY.format(name) for name in TAKEN]
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


@pytest.mark.parametrize(
    ("guest", "expected"),
    [("Dad3", {"Dad1", "Dad2"}), ("Daughter3", {"Daughter1", "Daughter2"})],
)
def test_a_guest_sees_their_own_photos_and_nobody_elses(
    library: Library, link: Link, data_folder: Path, *, guest: str, expected: set[str]
) -> None:
    content = (data_folder / "families" / FAMILY.format(guest)).read_bytes()
    guests = Guests(library.parts, max_bytes=2**24)
    token = guests.ask(link, Selfie(content=content, consent_version=version_of(enrols=False)))
    assert isinstance(token, str)
    photos = guests.answer(link).photos(token)
    names = {one.face.locations[0].uri.rsplit("/", 1)[-1] for one in photos}
    assert names == {FAMILY.format(name) for name in expected}
    assert guests.get(link, token).asked_at < datetime.now(UTC)
