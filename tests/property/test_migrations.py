"""Whatever happens during migrations of a collection, nobody is lost and nobody comes back."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from mien.errors import ConflictError
from mien.library import Library
from mien.service.erase import FacesTarget, PhotoTarget
from mien.service.migration import MigrationReport, MigrationState
from mien.testing import draw_photo
from service.packs import OPEN, OTHER, two_packs
from service.stage import PURPOSE, Stage, check_sound, names_of, query

STEPS = 14


class Story:
    """A home, what was done to it, and who must be found in it in the end."""

    def __init__(self, stage: Stage, library: Library, *, seed: int) -> None:
        self.stage, self.library = stage, library
        self.chance = random.Random(seed)  # noqa: S311  (a story, not a secret)
        self.grant = stage.grant(library)
        self.shown: dict[str, int] = {}
        self.number = 0

    def add(self) -> None:
        """Some more photos, each of one person of their own."""
        for _ in range(self.chance.randrange(1, 4)):
            self.number += 1
            name = f"{self.number:03}.png"
            self.stage.draw(name, self.number, seed=self.number)
            self.shown[name] = self.number
        self.library.add(self.stage.photos, grant=self.grant)

    def erase_photo(self) -> None:
        if (name := self._choose()) is not None:
            (sha256,) = self._ask("SELECT p.sha256", name)
            self.library.erase(PhotoTarget(sha256))
            self._forget(name)

    def erase_face(self) -> None:
        if (name := self._choose()) is not None:
            (uuid,) = self._ask("SELECT f.uuid", name)
            self.library.erase(FacesTarget((uuid,)))
            self._forget(name)

    def migrate(self) -> None:
        """All of it, or until it is interrupted."""
        stop = self.chance.random() < 0.5

        def interrupt(_: MigrationReport) -> None:
            if stop:
                raise KeyboardInterrupt

        with suppress(KeyboardInterrupt):
            self.library.models().migrate("default", to=self._target(), progress=interrupt)

    def hide(self) -> None:
        """A migration while one photo is away: it cannot end, whatever loss is claimed."""
        if (name := self._choose()) is None:
            return
        path = self.stage.photos / name
        path.rename(self.stage.folder / name)
        with suppress(ConflictError):
            self.library.models().migrate("default", to=self._target(), accept_loss=0)
        (self.stage.folder / name).rename(path)

    def give_up(self) -> None:
        with suppress(ConflictError):
            self.library.models().abandon("default")

    def search(self) -> None:
        """Everybody is found in their photo, and nobody who was erased."""
        for name, person in self.shown.items():
            assert self._find(person)[:1] == [name]
        assert len(self._find(0)) == len(self.shown)

    def _find(self, person: int) -> list[str]:
        probe = draw_photo(person, seed=9)
        return names_of(self.library.search(probe, purpose=PURPOSE, limit=500))

    def _choose(self) -> str | None:
        return self.chance.choice(sorted(self.shown)) if self.shown else None

    def _forget(self, name: str) -> None:
        del self.shown[name]
        (self.stage.photos / name).unlink()

    def _target(self) -> str:
        """What it is being brought to, or else the model that it is not of."""
        (row,) = query(self._catalog, "SELECT model_id, next_digest FROM collections")
        return OTHER if row[0] == "fake" else OPEN

    def _ask(self, what: str, name: str) -> list[str]:
        return query(
            self._catalog,
            f"{what} FROM faces f JOIN indexed_photos i ON i.id = f.indexed_photo_id"
            " JOIN photos p ON p.id = i.photo_id JOIN locations l ON l.photo_id = p.id"
            " WHERE l.uri LIKE ?",
            f"%/{name}",
        )

    @property
    def _catalog(self) -> Path:
        return self.stage.home / "catalog.db"


@pytest.mark.parametrize("seed", range(3))
def test_a_story_of_migrations_ends_well(tmp_path: Path, seed: int) -> None:
    stage = Stage(tmp_path)
    two_packs(stage)
    with stage.open() as library:
        story = Story(stage, library, seed=seed)
        story.add()
        steps: list[Callable[[], None]] = [
            *(story.add, story.erase_photo, story.erase_face, story.migrate, story.migrate),
            *(story.hide, story.give_up, story.search),
        ]
        for _ in range(STEPS):
            story.chance.choice(steps)()
        report = library.models().migrate("default", to=story._target())
        assert report.state is MigrationState.SWITCHED
        story.search()
        (health,) = library.examine().collections
        assert (health.faces, health.unreadable_faces) == (len(story.shown), 0)
        assert library.audit().verify().is_sound
    check_sound(stage.home)
