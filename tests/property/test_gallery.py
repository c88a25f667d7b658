"""However a collection changes, the index that caught up holds what one loaded anew would hold."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from mien.library import Library
from mien.service.erase import PhotoTarget
from mien.testing import draw_photo
from service.stage import PURPOSE, Stage, names_of, query

STEPS = 9
PEOPLE = 5


class Story:
    """Two processes on one home: one adds and erases, the other searches now and then."""

    def __init__(self, stage: Stage, own: Library, other: Library, *, seed: int) -> None:
        self.stage, self.own, self.other = stage, own, other
        self.chance = random.Random(seed)  # noqa: S311  (a story, not a secret)
        self.grant = stage.grant(other)
        self.shown: dict[str, int] = {}
        self.number = 0

    def add(self, library: Library) -> None:
        """A photo or two, of whoever comes."""
        for _ in range(self.chance.randrange(1, 3)):
            self.number += 1
            person = self.chance.randrange(PEOPLE)
            name = f"{self.number}.png"
            self.stage.draw(name, person, seed=self.number)
            self.shown[name] = person
        library.add(self.stage.photos, grant=self.grant)

    def erase(self, library: Library, name: str = "") -> None:
        if not self.shown:
            return
        name = name or self.chance.choice(sorted(self.shown))
        del self.shown[name]
        path = self.stage.photos / name
        content = path.read_bytes()
        path.unlink()
        library.erase(PhotoTarget(hashlib.sha256(content).hexdigest()))

    def erase_the_last(self) -> None:
        """The newest face goes, and another comes after it."""
        if self.shown:
            self.erase(self.other, max(self.shown, key=lambda name: int(name[:-4])))
            self.add(self.other)

    def check(self) -> None:
        """The searching library's answer is the truth, and its index is the catalog's faces."""
        person = self.chance.randrange(PEOPLE)
        probe = draw_photo(person, seed=60_000)
        result = self.own.search(probe, purpose=PURPOSE, limit=50)
        wanted = {name for name, who in self.shown.items() if who == person}
        found = names_of(result)
        assert set(found[: len(wanted)]) == wanted
        assert set(found) <= set(self.shown)
        assert len(found) == len(set(found))
        assert result.unreadable_faces == 0
        for gallery in self.own._galleries._galleries.values():
            ids = query(self.stage.home / "catalog.db", "SELECT id FROM faces ORDER BY id")
            assert sorted(gallery.index.ids().tolist()) == ids
            assert (gallery.known, gallery.newest) == (len(ids), max(ids, default=0))


@pytest.mark.parametrize("seed", range(2))
def test_a_gallery_that_caught_up_is_one_that_was_loaded_anew(tmp_path: Path, seed: int) -> None:
    stage = Stage(tmp_path)
    with stage.open() as own, stage.open() as other:
        story = Story(stage, own, other, seed=seed)
        steps: list[Callable[[], None]] = [
            *(lambda: story.add(other), lambda: story.add(other), lambda: story.add(own)),
            *(lambda: story.erase(other), lambda: story.erase(own), story.erase_the_last),
        ]
        story.add(other)
        story.check()
        for _ in range(STEPS):
            story.chance.choice(steps)()
            if story.chance.random() < 0.6:
                story.check()
        story.check()
