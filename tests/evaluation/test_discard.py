from __future__ import annotations

import numpy as np
import pytest

from evaluation.drawn import QUICK, draw_people
from mien.evaluation.discard import Discard, measure_discard, pair_mates
from mien.evaluation.figures import Standing
from mien.evaluation.sample import Sample, make_sample
from mien.evaluation.trials import compare_all

PEOPLE, PHOTOS = 150, 3


def draw_blurred() -> Sample:
    """Photos with more or less noise each; `clear` knows how much, `guess` does not."""
    generator = np.random.default_rng(0)
    whose = np.repeat(np.arange(PEOPLE), PHOTOS)
    noise = generator.uniform(0.1, 1.1, len(whose))
    own = generator.standard_normal((PEOPLE, 16))
    vectors = own[whose] + noise[:, None] * generator.standard_normal((len(whose), 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return make_sample(
        vectors.astype(np.float32),
        [f"{one:03}" for one in whose],
        photos=[str(i) for i in range(len(whose))],
        qualities={
            "clear": (-noise).tolist(),
            "guess": generator.random(len(whose)).tolist(),
            "wrong": noise.tolist(),
        },
    )


@pytest.fixture(scope="module")
def blurred() -> dict[str, Discard]:
    sample = draw_blurred()
    found = measure_discard(sample, compare_all(sample), resampling=QUICK)
    return {one.quality: one for one in found}


def test_every_mated_pair_is_met_once() -> None:
    sample = draw_people(7, 4)
    one, other = pair_mates(sample.people)
    pairs = {frozenset(pair) for pair in zip(one.tolist(), other.tolist(), strict=True)}
    assert len(pairs) == len(one) == 7 * 6
    assert (sample.people[one] == sample.people[other]).all()


def test_nobody_with_two_photos_has_no_pairs() -> None:
    assert [part.size for part in pair_mates(np.arange(5))] == [0, 0]


def test_a_measure_that_knows_lessens_misses(blurred: dict[str, Discard]) -> None:
    clear = blurred["clear"]
    values = [point.fnmr.value for point in clear.points if point.fnmr.value is not None]
    assert values[0] > values[4] > values[8]
    assert clear.area.high is not None
    assert clear.area.high < 0.92


def test_a_measure_that_guesses_changes_nothing(blurred: dict[str, Discard]) -> None:
    area = blurred["guess"].area
    assert area.low is not None
    assert area.high is not None
    assert area.low < 1 < area.high


def test_a_measure_that_is_wrong_makes_it_worse(blurred: dict[str, Discard]) -> None:
    area = blurred["wrong"].area
    assert area.low is not None
    assert area.low > 1


def test_without_discards_it_is_the_rate_of_misses(blurred: dict[str, Discard]) -> None:
    firsts = {one.points[0].fnmr.value for one in blurred.values()}
    assert len(firsts) == 1
    assert all(one.points[0].pairs == PEOPLE * 3 for one in blurred.values())


def test_a_pair_goes_with_its_poorer_photo(blurred: dict[str, Discard]) -> None:
    """With half of the photos left out, a quarter of the pairs is left."""
    half = next(point for point in blurred["guess"].points if point.discarded == 0.5)
    assert half.pairs == pytest.approx(PEOPLE * 3 / 4, rel=0.25)


def test_few_misses_are_marked(blurred: dict[str, Discard]) -> None:
    last = blurred["clear"].points[-1].fnmr
    assert last.standing is Standing.WEAK
    assert "missed pairs" in last.note


def test_equal_qualities_are_left_out_together_or_not_at_all() -> None:
    sample = draw_people(40, 2, noise=1.2, qualities={"flat": [1.0] * 80})
    (found,) = measure_discard(sample, compare_all(sample), resampling=QUICK)
    assert found.points[0].pairs == 40
    assert [point.pairs for point in found.points[1:]] == [0] * 10
    assert found.points[1].fnmr.note == "no mated pair is left"


def test_where_nothing_is_missed_nothing_can_be_lessened() -> None:
    sample = draw_people(40, 2, noise=0.05, qualities={"size": list(range(80))})
    (found,) = measure_discard(sample, compare_all(sample), resampling=QUICK)
    assert found.area.value is None
    assert "nothing to lessen" in found.area.note


def test_no_measure_no_curve() -> None:
    sample = draw_people(20, 2)
    assert measure_discard(sample, compare_all(sample), resampling=QUICK) == ()
