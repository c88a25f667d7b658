"""Migrations that are really killed go on by the same command, and lose and double nothing."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

import pytest

from cli.children import Child
from mien.testing import FakeModels, draw_photo
from service.other_models import OtherModels
from service.packs import OTHER, faces_of, two_packs
from service.stage import PURPOSE, Stage, check_sound, names_of, query

pytestmark = pytest.mark.slow

KILLS, PHOTOS = 3, 40
DIGESTS = {FakeModels().model.digest, OtherModels().model.digest}


def test_a_migration_killed_at_any_moment_goes_on(stage: Stage) -> None:
    chance = random.Random(7)  # noqa: S311  (moments, not secrets)
    two_packs(stage)
    stage.draw_many(PHOTOS)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
    before = faces_of(stage)
    shutil.copytree(stage.home, stage.folder / "as made")
    words: list[str | Path] = ["models", "migrate", "default", "--to", OTHER]
    words += ["--home", stage.home, "--json"]
    cut_short = 0
    for _ in range(KILLS):
        child = Child(words, folder=stage.folder / "said")
        wait_until_begun(stage, child)
        child.kill_after(chance.uniform(0, 0.15))
        digest, next_digest = state_of(stage)
        assert digest in DIGESTS
        cut_short += bool(next_digest)
        check_answers(stage)
        answer = Child(words, folder=stage.folder / "said").wait()
        assert answer.code == 0, answer.err
        assert answer.document["state"] == "switched"
        assert state_of(stage) == (OtherModels().model.digest, "")
        assert faces_of(stage) == before
        check_answers(stage)
        check_sound(stage.home)
        shutil.rmtree(stage.home)
        shutil.copytree(stage.folder / "as made", stage.home)
    assert cut_short, "it was never killed while at work"


def check_answers(stage: Stage) -> None:
    """Whichever model answers, everybody is found, and nobody is unreadable."""
    with stage.open() as library:
        (health,) = library.examine().collections
        assert (health.faces, health.unreadable_faces) == (2 * PHOTOS, 0)
        result = library.search(draw_photo(3, seed=9), purpose=PURPOSE, limit=1)
        assert names_of(result) == ["00003.png"]


def wait_until_begun(stage: Stage, child: Child) -> None:
    while child.is_alive and not state_of(stage)[1]:
        time.sleep(0.002)


def state_of(stage: Stage) -> tuple[str, str]:
    """Of which model the collection is, and which it is to be of."""
    (row,) = query(stage.home / "catalog.db", "SELECT model_digest, next_digest FROM collections")
    return row  # type: ignore[no-any-return]
