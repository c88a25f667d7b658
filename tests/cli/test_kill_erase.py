"""Erasures that are really killed are finished by the next command, and nothing comes back."""

from __future__ import annotations

import hashlib
import random
import shutil
import time
from pathlib import Path

import pytest

from cli.children import Child
from mien.service.erase import PhotoTarget
from service.stage import Stage, check_sound, query
from service.traces import find_traces, traces_of_photo

pytestmark = pytest.mark.slow

KILLS = 12


def test_an_erasure_killed_at_any_moment_is_finished_by_the_next_command(stage: Stage) -> None:
    chance = random.Random(5)  # noqa: S311  (moments, not secrets)
    stage.draw_many(60)
    path = stage.photos / "00007.png"
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        traces = traces_of_photo(stage, library, path)
    shutil.copytree(stage.home, stage.folder / "as made")
    words: list[str | Path] = ["erase", "--photo", sha256_of(path), "--home", stage.home, "--json"]
    states = []
    for _ in range(KILLS):
        child = Child(words, folder=stage.folder / "said")
        wait_until_begun(stage, child)
        child.kill_after(chance.uniform(0, 0.06))
        states += states_of(stage)
        answer = Child(["doctor", "--home", stage.home], folder=stage.folder / "said").wait()
        assert answer.code == 0, answer.err
        assert find_traces(stage.home, traces) == []
        assert states_of(stage) == ["done"]
        check_sound(stage.home)
        shutil.rmtree(stage.home)
        shutil.copytree(stage.folder / "as made", stage.home)
    assert states.count("done") < KILLS, "it was never killed while at work"


def wait_until_begun(stage: Stage, child: Child) -> None:
    while child.is_alive and not states_of(stage):
        time.sleep(0.002)


def states_of(stage: Stage) -> list[str]:
    return [str(state) for state in query(stage.home / "catalog.db", "SELECT state FROM erasures")]


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_erasing_beside_adding_ends_whole(stage: Stage) -> None:
    chance = random.Random(6)  # noqa: S311  (moments, not secrets)
    stage.draw_many(150)
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
    stage.draw_many(300)
    hashes = chance.sample(query(stage.home / "catalog.db", "SELECT sha256 FROM photos"), 12)
    words: list[str | Path] = [
        "add",
        stage.photos,
        "--grant",
        grant,
        "--home",
        stage.home,
        "--json",
    ]
    adding = Child(words, folder=stage.folder / "adding")
    with stage.open() as library:
        for sha256 in hashes:
            assert library.erase(PhotoTarget(sha256)).erased["photos"] == 1
    adding.wait()
    assert Child(words, folder=stage.folder / "adding").wait().code == 0
    check_sound(stage.home)
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM photos") == [300]
    with stage.open() as library:
        (health,) = library.examine().collections
    assert health.unreadable_faces == 0
