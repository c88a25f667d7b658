"""The benches of detector and quality count what they say, in pictures that are what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bench.detection import count_found
from bench.quality import Sample, compare_filters, compare_values, draw_discard_curve
from bench.scenes import (
    SCENE_PX,
    compose_scene,
    draw_noise,
    draw_pattern,
    open_album,
    shuffle_blocks,
)
from PIL import Image

from mien.types import Box, Face, Landmarks, Point

NOWHERE = Landmarks(*[Point(0, 0)] * 5)


def face_at(x: float, y: float, width: float) -> Face:
    box = Box(x - width / 2, y - width / 2, x + width / 2, y + width / 2)
    return Face(box, NOWHERE, 0.9)


def test_a_face_is_found_where_one_of_about_its_size_stands_on_it() -> None:
    places = [(100.0, 100.0, 40.0), (300.0, 100.0, 40.0)]
    assert count_found([face_at(110, 95, 50)], places) == 1
    assert count_found([face_at(100, 100, 40), face_at(300, 100, 30)], places) == 2
    assert count_found([face_at(100, 100, 90), face_at(300, 125, 40)], places) == 0
    assert count_found([], places) == 0


def test_shuffled_blocks_are_those_of_the_photo() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    shuffled = shuffle_blocks(Image.fromarray(rgb), np.random.default_rng(2), block_px=20)
    assert shuffled.size == (60, 60)
    assert not np.array_equal(np.asarray(shuffled), rgb)
    assert np.array_equal(np.sort(np.asarray(shuffled), axis=None), np.sort(rgb, axis=None))


def test_drawn_pictures_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    for draw in (draw_noise, lambda random: draw_pattern(random, kind=1)):
        one, same, other = (np.asarray(draw(np.random.default_rng(s))) for s in (1, 1, 2))
        assert np.array_equal(one, same)
        assert not np.array_equal(one, other)


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_a_pattern_has_two_colours(kind: int) -> None:
    drawn = np.asarray(draw_pattern(np.random.default_rng(3), kind=kind))
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) == 2


def test_a_scene_has_faces_where_it_says(tmp_path: Path) -> None:
    for name, size in (("lfw-view1/images", 250), ("london", 900)):
        (tmp_path / name).mkdir(parents=True)
        Image.new("RGB", (size, size), (255, 0, 0)).save(tmp_path / name / "a.jpg")
    album = open_album(tmp_path)
    scene, places = compose_scene(album, np.random.default_rng(4), share=0.02)
    assert scene.size == SCENE_PX
    assert len(places) == 12
    assert all(width == pytest.approx(0.02 * SCENE_PX[0], abs=1) for _, _, width in places)
    assert all(0 < x < SCENE_PX[0] and 0 < y < SCENE_PX[1] for x, y, _ in places)


def sample(value: float, found: float, *, person: str = "Ada", change: str = "") -> Sample:
    vector = np.array([1.0, 0.0], np.float32)
    return Sample(person, change, value, found, vector)


def test_a_discard_curve_leaves_out_the_worst_first() -> None:
    samples = [sample(value=n, found=0.0 if n < 10 else 1.0) for n in range(100)]
    curve = draw_discard_curve(samples)
    assert curve[0.0] == pytest.approx(10)
    assert curve[0.05] == pytest.approx(100 * 5 / 95)
    assert curve[0.1] == 0


def test_values_are_compared_with_what_was_found() -> None:
    rows = compare_values([sample(12, 0.0), sample(20, 0.5), sample(90, 1.0)])
    assert [(row["value"], row["faces"], row["found %"]) for row in rows] == [
        ("10 to 25", 2, 25.0),
        ("80 to 100", 1, 100.0),
    ]


def test_filters_are_compared_by_what_they_drop() -> None:
    samples = [
        sample(1, 0.0, change="blurred"),
        sample(2, 0.0, person="Eva", change="blurred"),
        sample(50, 0.6),
        sample(85, 0.9),
    ]
    rows = {row["filter"]: row for row in compare_filters(samples, threshold=0.9)}
    assert rows["none"]["dropped in all"] == 0
    assert rows["auto"]["dropped in all"] == 2
    assert rows["auto"]["strangers among them alike %"] == 100
    assert rows["high"]["dropped of photos as they are"] == "1 of 2"
    assert rows["high"]["those find %"] == 20
