"""Whatever happens to a server while photos come in, each that was taken is there once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mien.catalog.long_runs import LongRunState
from mien.library import Library
from mien.permission.quality import QualityFilter
from mien.service.long_run import Asked, RunKind
from mien.service.long_runs import Runs
from mien.testing import draw_photo
from service.shelves import SHELF, originals_of, read_back, shelf_grant
from service.stage import Stage, blobs_of, check_sound, query

STEPS = 14
PATIENCE_S = 30.0


class Story:
    """A home whose servers come and go, and what must be found in it in the end."""

    def __init__(self, stage: Stage, library: Library, *, seed: int) -> None:
        self.stage, self.library = stage, library
        self.chance = random.Random(seed)  # noqa: S311  (a story, not a secret)
        self.grant = shelf_grant(stage, library)
        self.runs = Runs(library.parts)
        self.runs.start()
        self.taken: dict[str, list[bytes]] = {}
        self.cancelled: set[str] = set()
        self.number = 0

    def hand_in(self) -> None:
        """Some photos, now and then some that came before."""
        photos = []
        for _ in range(self.chance.randrange(1, 9)):
            self.number += self.chance.random() < 0.8
            photos.append(draw_photo(self.number % 100, seed=self.number))
        with self.runs.receiving() as reception:
            for photo in photos:
                reception.begin_file(f"{self.chance.randrange(5)}.png")
                reception.write(photo)
                reception.end_file()
            run = reception.conclude(
                Asked(
                    kind=RunKind.ADD_UPLOADS,
                    actor="user:a",
                    collection="default",
                    grant_id=self.grant,
                    quality=QualityFilter.NONE,
                    shelf=SHELF,
                )
            )
        self.taken[run.run_id] = photos

    def break_off(self) -> None:
        with self.runs.receiving() as reception:
            reception.begin_file("half.png")
            reception.write(draw_photo(7, seed=60_000))

    def cancel(self) -> None:
        if self.taken:
            run_id = self.chance.choice(sorted(self.taken))
            if self.runs.cancel(run_id).state is not LongRunState.DONE:
                self.cancelled.add(run_id)

    def restart(self) -> None:
        self.runs.stop()
        self.runs = Runs(self.library.parts)
        self.runs.start()

    def end_suddenly(self) -> None:
        """As if it had been killed: what was running is left as running."""
        self.runs.stop()
        query(
            self.stage.home / "catalog.db",
            "UPDATE long_runs SET state = 'running' WHERE id ="
            " (SELECT min(id) FROM long_runs WHERE state = 'queued') AND cut_short < 2",
        )
        self.runs = Runs(self.library.parts)
        self.runs.start()

    def wait(self) -> None:
        time.sleep(self.chance.random() / 5)

    def come_to_an_end(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while not all(self.runs.get(run_id).state.is_ended for run_id in self.taken):
            assert time.monotonic() < end
            time.sleep(0.02)
        self.runs.stop()


@pytest.mark.parametrize("seed", range(4))
def test_a_story_of_servers_ends_well(tmp_path: Path, seed: int) -> None:
    stage = Stage(tmp_path)
    with stage.open() as library:
        story = Story(stage, library, seed=seed)
        steps: list[Callable[[], None]] = [
            *(story.hand_in, story.hand_in, story.hand_in, story.break_off, story.cancel),
            *(story.restart, story.end_suddenly, story.wait),
        ]
        story.hand_in()
        for _ in range(STEPS):
            story.chance.choice(steps)()
        story.come_to_an_end()
        sure = {
            photo
            for run_id, photos in story.taken.items()
            if run_id not in story.cancelled
            for photo in photos
        }
        possible = {photo for photos in story.taken.values() for photo in photos}
        (held,) = query(stage.home / "catalog.db", "SELECT count(*) FROM photos")
        assert len(sure) <= held <= len(possible)
        assert all(read_back(library, photo) == photo for photo in sure)
        assert len(originals_of(stage.home)) == held
        states = {str(story.runs.get(run_id).state) for run_id in story.taken}
        assert states <= {"done", "cancelled"}
        assert library.audit().verify().is_sound
    assert not any((stage.home / "spool").iterdir())
    assert len(blobs_of(stage.home)) == 2 * held
    check_sound(stage.home)
