"""A killed erasure is finished by the next command, and nothing erased comes back: really killed."""

from __future__ import annotations

import random
import shutil

import pytest

from cli.children import Child
from service.stage import Stage, check_sound, query
from service.traces import find_traces, traces_of_photo

pytestmark = pytest.mark.slow

KILLS = 25


def test_an_erasure_killed_at_any_moment_is_finished_by_the_next_command(stage: Stage) -> None:
    chance = random.Random(5)  # noqa: S311  (moments, not secrets)
    stage.draw_many(60)
    with stage.open() as library:
        grants = [stage.grant(library, grantor=f"Grantor {number}") for number in range(2)]
        library.add(stage.photos, grant=grants[0])
        path = stage.photos / "00007.png"
        traces = traces_of_photo(stage, library, path)
    shutil.copytree(stage.home, stage.folder / "as made")
    (sha256,) = query(
        stage.home / "catalog.db",
        "SELECT sha256 FROM photos p JOIN locations l ON l.photo_id = p.id WHERE uri = ?",
        path.resolve().as_uri(),
    )
    words = ["erase", "--photo", sha256, "--home", stage.home, "--json"]
    states = set()
    kills = 0
    while kills < KILLS:
        kills += Child(words, folder=stage.folder / "said").kill_after(chance.uniform(0.02, 0.4))
        begun = query(stage.home / "catalog.db", "SELECT state FROM erasures")
        states |= set(begun)
        finish = ["doctor", "--home", stage.home] if begun else words
        answer = Child(finish, folder=stage.folder / "said").wait()
        assert answer.code == 0, answer.err
        assert find_traces(stage.home, traces) == []
        assert query(stage.home / "catalog.db", "SELECT state FROM erasures") == ["done"]
        check_sound(stage.home)
        shutil.rmtree(stage.home)
        shutil.copytree(stage.folder / "as made", stage.home)
    assert states >= {"destroying", "done"} or states >= {"scrubbing", "done"}


def test_erasing_beside_adding_ends_whole(stage: Stage) -> None:
    chance = random.Random(6)  # noqa: S311  (moments, not secrets)
    stage.draw_many(150)
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
    stage.draw_many(300)
    hashes = chance.sample(query(stage.home / "catalog.db", "SELECT sha256 FROM photos"), 12)
    words = ["add", stage.photos, "--grant", grant, "--home", stage.home, "--json"]
    adding = Child(words, folder=stage.folder / "adding")
    with stage.open() as library:
        from mien.service.erase import PhotoTarget

        for sha256 in hashes:
            assert library.erase(PhotoTarget(sha256)).erased["photos"] == 1
    adding.wait()
    assert Child(words, folder=stage.folder / "adding").wait().code == 0
    check_sound(stage.home)
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM photos") == [300]
    with stage.open() as library:
        (health,) = library.examine().collections
    assert health.unreadable_faces == 0
