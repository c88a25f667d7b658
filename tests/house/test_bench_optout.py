"""The bench of opting out counts what it says it counts."""

from __future__ import annotations

import numpy as np
import pytest
from bench.faces import People
from bench.optout import drop_strangers, is_like, measure, measure_pairs
from bench.optout_copies import count_near, iter_changes
from PIL import Image

from mien.types import Gaussian


def make_people(*photos: int) -> People:
    """So many photos of each person, all alike, and persons at right angles to one another."""
    person = np.repeat(np.arange(len(photos)), photos)
    templates = np.eye(len(photos), dtype=np.float32)[person]
    return People(templates, person, make_gaussian(len(photos)))


def make_gaussian(size: int) -> Gaussian:
    return Gaussian(np.zeros(size, np.float32), np.eye(size, dtype=np.float32))


def test_where_people_are_alone_alike_nothing_gets_through_and_nobody_is_dropped() -> None:
    outcome = measure(make_people(2, 3, 1, 1), handed_in=1, least=0.5)
    assert (outcome.people, outcome.through, outcome.dropped) == (2, 0.0, 0.0)


def test_where_nothing_is_alike_enough_everything_gets_through() -> None:
    outcome = measure(make_people(2, 3, 1), handed_in=1, least=1.5)
    assert (outcome.through, outcome.dropped) == (100.0, 0.0)


def test_where_everybody_is_alike_all_strangers_are_dropped() -> None:
    outcome = measure(make_people(2, 3, 1), handed_in=1, least=-0.5)
    assert (outcome.through, outcome.dropped) == (0.0, 100.0)


def test_only_people_with_photos_left_to_come_are_counted() -> None:
    people = make_people(1, 3, 4, 5)
    assert measure(people, handed_in=1, least=0.5).people == 3
    assert measure(people, handed_in=3, least=0.5).people == 2


def test_of_one_odd_photo_among_four_a_quarter_gets_through_whatever_is_handed_in() -> None:
    people = make_people(4, 1)
    people.templates[0] = people.templates[4]  # one photo in which they look like somebody else
    assert measure(people, handed_in=3, least=0.5).through == pytest.approx(25, abs=0.1)


def test_more_people_out_drop_more_strangers() -> None:
    random = np.random.default_rng(0)
    templates = random.standard_normal((400, 4)).astype(np.float32)
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    people = People(templates, np.arange(400), make_gaussian(4))
    one, ten = (drop_strangers(people, people=count, least=0.9) for count in (1, 10))
    assert 0 < one < ten < 100


def test_pairs_are_counted_apart_from_strangers() -> None:
    same = np.eye(3, dtype=np.float32)
    outcome = measure_pairs(same, same[[1, 0, 2]], least=0.5)
    assert outcome.people == 3
    assert outcome.through == pytest.approx(200 / 3)
    assert outcome.dropped == pytest.approx(200 / 6)


def test_any_of_several_photos_handed_in_is_enough() -> None:
    same = np.eye(3, dtype=np.float32)
    assert is_like(same, same[:2], least=0.5).tolist() == [True, True, False]


def test_all_pairs_are_looked_at_once() -> None:
    sketches = np.zeros((4, 32), np.uint8)
    sketches[3] = 255
    assert count_near(sketches) == (6, 3)


def test_every_copy_is_a_picture_that_differs_from_the_photo() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    photo = Image.fromarray(noise)
    for name, change in iter_changes():
        copy = change(photo)
        assert copy.mode == "RGB", name
        assert copy.tobytes() != photo.tobytes(), name
