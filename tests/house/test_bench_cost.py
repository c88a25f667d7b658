"""The cost bench compares what it says: all of the vault and the log with none of them."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from bench import cost

from mien.testing import FakeModels
from service.stage import Stage, blobs_of, check_sound, counts_of, query

JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def photos(stage: Stage) -> list[Path]:
    stage.draw_many(5)
    return sorted(stage.photos.iterdir())


def count_entries(home: Path) -> int:
    return int(query(home / "catalog.db", "SELECT count(*) FROM audit_entries")[0])


def add(stage: Stage, photos: list[Path], *, way: cost.Way) -> Path:
    home = stage.folder / "measured"
    with way():
        spent = cost.add_all(photos, home=home, models=FakeModels())
    assert 0 < spent.recording_s < spent.all_s
    return home


@pytest.mark.parametrize("way", [nullcontext, cost._not_synced], ids=["shipped", "not synced"])
def test_as_shipped_everything_is_sealed_and_entered(
    stage: Stage, photos: list[Path], way: cost.Way
) -> None:
    home = add(stage, photos, way=way)
    check_sound(home)
    assert counts_of(home)["face keys"] == 10
    assert count_entries(home) == 5
    assert all(JPEG not in blob.read_bytes() for blob in blobs_of(home))


def test_passing_through_nothing_is(stage: Stage, photos: list[Path]) -> None:
    home = add(stage, photos, way=cost.passing_through)
    counts = counts_of(home)
    assert (counts["photos"], counts["faces"], counts["blobs"]) == (5, 10, 5)
    assert (counts["photo keys"], counts["face keys"], count_entries(home)) == (0, 0, 0)
    assert all(blob.read_bytes().count(JPEG) == 3 for blob in blobs_of(home))


def test_nothing_passes_through_afterwards(stage: Stage, photos: list[Path]) -> None:
    add(stage, photos, way=cost.passing_through)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
    assert counts_of(stage.home)["face keys"] == 10
    assert count_entries(stage.home) == 5


def test_a_run_that_left_photos_out_does_not_count(stage: Stage, photos: list[Path]) -> None:
    with pytest.raises(SystemExit, match="6 photos were to be added"):
        add(stage, [*photos, photos[0]], way=nullcontext)


def test_the_rows_are_medians_of_turns() -> None:
    turns = 4
    spent = {
        "shipped": [cost.Spent(2.2, 0.4)] * turns,
        "passing": [cost.Spent(2.0, 0.1)] * turns,
        "not synced": [cost.Spent(2.1, 0.3)] * turns,
    }
    rows = cost._make_rows(spent, photos=10)
    values = [row["value"] for row in rows]
    assert values == pytest.approx([220, 1.1, 1.1, 1.1, 40, 30, 10])
    assert [row["target"] for row in rows if row["target"]] == ["<= 1.1"]
