"""A killed run loses nothing and doubles nothing: really killed, at many random moments."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from cli.children import Answer, Child
from service.stage import PURPOSE, Stage, check_complete, check_sound, counts_of

pytestmark = pytest.mark.slow

REPEATED_KILLS = 30
FRESH_HOMES = 10


def start_add(stage: Stage, grant: str, *, said_in: str = "said") -> Child:
    words: list[str | Path] = [
        "add",
        stage.photos,
        "--grant",
        grant,
        "--home",
        stage.home,
        "--json",
    ]
    return Child(words, folder=stage.folder / said_in)


def grant_words(stage: Stage) -> list[str | Path]:
    return [
        *("grant", "add", "--kind", "owner_assertion", "--grantor", "A. Holder"),
        *("--scope", stage.photos, "--purpose", PURPOSE, "--basis", "household"),
        *("--until", "2090-01-01", "--home", stage.home, "--json"),
    ]


def check_finished(answer: Answer) -> None:
    assert answer.code == 0, answer.err
    assert answer.document["failed"] == []
    assert answer.document["refused"] == {}


def test_a_run_killed_again_and_again_ends_whole(stage: Stage) -> None:
    chance = random.Random(1)  # noqa: S311  (moments, not secrets)
    stage.draw_many(240)
    with stage.open() as library:
        grant = stage.grant(library)
    kills, drawn = 0, 240
    while kills < REPEATED_KILLS:
        kills += start_add(stage, grant).kill_after(chance.uniform(0.02, 0.6))
        check_sound(stage.home)
        if counts_of(stage.home)["photos"] == drawn:
            drawn += 120
            stage.draw_many(drawn)
    check_finished(start_add(stage, grant).wait())
    check_complete(stage)


def test_a_run_killed_in_a_fresh_home_ends_whole(stage: Stage) -> None:
    chance = random.Random(2)  # noqa: S311  (moments, not secrets)
    stage.draw_many(60)
    kills = 0
    for _ in range(FRESH_HOMES):
        with stage.open() as library:
            grant = stage.grant(library)
        kills += start_add(stage, grant).kill_after(chance.uniform(0.02, 0.6))
        check_sound(stage.home)
        answer = start_add(stage, grant).wait()
        check_finished(answer)
        assert answer.document["photos_new"] + answer.document["photos_known"] == 60
        check_complete(stage)
        shutil.rmtree(stage.home)
    assert kills > FRESH_HOMES // 2


def test_a_home_may_be_killed_while_it_is_made(stage: Stage) -> None:
    chance = random.Random(3)  # noqa: S311  (moments, not secrets)
    stage.draw_many(3)
    for _ in range(8):
        Child(grant_words(stage), folder=stage.folder / "said").kill_after(chance.uniform(0, 0.3))
        answer = Child(grant_words(stage), folder=stage.folder / "said").wait()
        assert answer.code == 0, answer.err
        check_finished(start_add(stage, answer.document["grant_id"]).wait())
        check_complete(stage)
        shutil.rmtree(stage.home)


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_that_add_the_same_folder_at_once_add_everything_once(
    stage: Stage, processes: int
) -> None:
    stage.draw_many(120)
    with stage.open() as library:
        grant = stage.grant(library)
    children = [start_add(stage, grant, said_in=f"said-{i}") for i in range(processes)]
    answers = [child.wait() for child in children]
    for answer in answers:
        check_finished(answer)
        assert answer.document["photos_new"] + answer.document["photos_known"] == 120
    assert sum(answer.document["photos_new"] for answer in answers) == 120
    check_complete(stage)


def test_one_of_two_processes_may_be_killed(stage: Stage) -> None:
    stage.draw_many(120)
    with stage.open() as library:
        grant = stage.grant(library)
    for delay_s in (0.2, 0.35, 0.5):
        killed = start_add(stage, grant, said_in="killed")
        survivor = start_add(stage, grant, said_in="survivor")
        killed.kill_after(delay_s)
        check_finished(survivor.wait())
        check_finished(start_add(stage, grant).wait())  # clears up after the killed one
        check_complete(stage)
        shutil.rmtree(stage.home)
        with stage.open() as library:
            grant = stage.grant(library)


def test_a_search_beside_a_run_sees_whole_photos_only(stage: Stage) -> None:
    stage.draw_many(150)
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos / "00000.png", grant=grant)
        adding = start_add(stage, grant)
        sizes = []
        while adding.is_alive:
            result = library.search(stage.photos / "00000.png", purpose=PURPOSE, limit=1000)
            assert result.unreadable_faces == 0
            sizes.append(len(result.candidates))
        check_finished(adding.wait())
    assert sizes == sorted(sizes)
    assert all(size % 2 == 0 for size in sizes)
    check_complete(stage)
