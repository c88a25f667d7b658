"""A decision that is really killed is finished by the same command, and nothing comes back."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

import pytest

from cli.children import Child
from service.inbox import grant_case, read_json, request
from service.stage import Stage, check_sound, query
from service.traces import find_traces, traces_of_photo

pytestmark = pytest.mark.slow

KILLS = 10


def test_a_decision_killed_at_any_moment_is_finished_by_the_same_command(stage: Stage) -> None:
    chance = random.Random(7)  # noqa: S311  (moments, not secrets)
    stage.draw_many(40)
    path = stage.photos / "00007.png"
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        traces = traces_of_photo(stage, library, path)
        opened = request(library, "erasure", source=path.resolve().as_uri())
    shutil.copytree(stage.home, stage.folder / "as opened")
    case_id = opened.case.case_id
    words: list[str | Path] = ["case", "decide", case_id, "--grant", "--home", stage.home, "--json"]
    states: set[str] = set()
    for number in range(KILLS):
        child = Child(words, folder=stage.folder / "said")
        wait_until_decided(stage, child)
        child.kill_after(chance.uniform(0, 0.08))
        states.add(state_of(stage))
        answer = Child(words, folder=stage.folder / "said").wait()
        assert answer.code == 0, answer.err
        assert answer.document["state"] == "verified"
        assert find_traces(stage.home, traces) == []
        check_sound(stage.home)
        with stage.open() as library:
            assert len(grant_case(library, opened).erasure_ids) == 1
            folder = library.cases().answer(case_id, stage.folder / f"answer {number}").folder
        assert read_json(folder, "certificate-1.json")["certificate"]["erased"]["photos"] == 1
        shutil.rmtree(stage.home)
        shutil.copytree(stage.folder / "as opened", stage.home)
    assert states != {"verified"}, "it was never killed while at work"


def wait_until_decided(stage: Stage, child: Child) -> None:
    while child.is_alive and state_of(stage) == "quarantined":
        time.sleep(0.002)


def state_of(stage: Stage) -> str:
    statement = "SELECT state FROM case_events ORDER BY number DESC LIMIT 1"
    return str(query(stage.home / "catalog.db", statement)[0])


def test_a_case_opened_while_photos_come_in_holds_them_all_the_same(stage: Stage) -> None:
    """Whatever was read before it was opened is recorded before it, or not at all."""
    stage.draw_many(150)
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos / "00000.png", grant=grant)
        words: list[str | Path] = [
            *("add", stage.photos, "--grant", grant, "--home", stage.home, "--json")
        ]
        adding = Child(words, folder=stage.folder / "adding")
        wait_until_added(stage, adding)
        request(library, "takedown", grantor="A. Holder")
        adding.wait()
        states = query(stage.home / "catalog.db", "SELECT DISTINCT state FROM locations")
        assert states == ["quarantined"]
    check_sound(stage.home)


def wait_until_added(stage: Stage, child: Child) -> None:
    while child.is_alive:
        if query(stage.home / "catalog.db", "SELECT count(*) FROM locations")[0] > 20:
            return
        time.sleep(0.005)
