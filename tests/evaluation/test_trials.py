from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.drawn import draw_people, draw_templates
from mien.errors import EvaluationError
from mien.evaluation.resampling import Resampling
from mien.evaluation.sample import Sample, make_sample
from mien.evaluation.trials import Trials, compare_all, compare_listed


def pairs_of(sample: Sample) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both photos of every pair, and whether it is mated, the slow way."""
    one, other = np.triu_indices(len(sample), k=1)
    return one, other, sample.people[one] == sample.people[other]


def test_every_pair_is_compared_once() -> None:
    sample = draw_people(150, 4)  # more than a block
    one, other, is_mated = pairs_of(sample)
    trials = compare_all(sample)
    scores = sample.score_pairs(one, other)
    assert np.allclose(trials.mated, np.sort(scores[is_mated]), atol=1e-6)
    assert np.allclose(trials.strangers, np.sort(scores[~is_mated])[::-1], atol=1e-6)
    assert trials.stranger_count == (~is_mated).sum()
    assert trials.people == 150
    assert trials.mated_people_count == 150


def test_each_score_keeps_its_people() -> None:
    sample = draw_people(30, 3)
    trials = compare_all(sample)
    table = sample.score(np.arange(90), np.arange(90))
    for place in (0, 100, 2000):
        one, other = trials.strangers_people[place].tolist()
        assert one != other
        rows, columns = np.flatnonzero(sample.people == one), np.flatnonzero(sample.people == other)
        among = table[np.ix_(rows, columns)]
        assert np.isclose(among, trials.strangers[place], atol=1e-6).any()


def test_of_many_strangers_the_highest_are_kept_without_a_gap() -> None:
    sample = draw_people(200, 2)
    everything, some = compare_all(sample), compare_all(sample, kept=2000)
    assert 1000 < len(some.strangers) < 6000
    assert np.array_equal(some.strangers, everything.strangers[: len(some.strangers)])
    assert some.stranger_count == everything.stranger_count
    assert np.array_equal(some.mated, everything.mated)


def test_the_histogram_holds_every_score() -> None:
    trials = compare_all(draw_people(40, 3))
    histogram = trials.histogram
    assert sum(histogram.mated) == pytest.approx(1)
    assert sum(histogram.strangers) == pytest.approx(1)
    middles = (np.array(histogram.edges)[1:] + np.array(histogram.edges)[:-1]) / 2
    assert middles @ histogram.strangers == pytest.approx(trials.strangers.mean(), abs=0.01)
    assert middles @ histogram.mated == pytest.approx(trials.mated.mean(), abs=0.01)


@given(seed=st.integers(0, 50))
def test_the_mass_of_strangers_is_that_of_all_their_pairs(seed: int) -> None:
    """The closed form over photos agrees with the sum over pairs, whoever was drawn."""
    whose = np.random.default_rng(seed).integers(0, 12, size=40)
    whose[:3] = (0, 0, 1)
    sample = make_sample(
        draw_templates(whose, seed=seed),
        [str(one) for one in whose],
        photos=[str(i) for i in range(40)],
    )
    trials = compare_all(sample)
    for weights in Resampling(3, seed=seed).iter_weights(trials.people):
        summed = trials.weigh_strangers(weights).sum()
        assert trials.stranger_mass(weights) == pytest.approx(summed)


def test_a_list_of_pairs_is_compared_alone() -> None:
    sample = draw_people(10, 2)
    one, other = np.array([0, 0, 4, 6]), np.array([1, 5, 9, 7])
    trials = listed(sample, one, other)
    assert trials.photos is None
    assert len(trials.mated) == 2
    assert trials.stranger_count == 2
    assert np.allclose(
        np.sort(trials.strangers), np.sort(sample.score_pairs(one, other)[[1, 2]]), atol=1e-6
    )
    weights = np.arange(10.0)
    assert trials.stranger_mass(weights) == 0 * 2 + 2 * 4


def listed(sample: Sample, one: np.ndarray, other: np.ndarray) -> Trials:
    is_mated = sample.people[one] == sample.people[other]
    return compare_listed(sample, one, other=other, is_mated=is_mated)


@pytest.mark.parametrize(
    ("other", "missing"), [(1, "of two different people"), (2, "of one person")]
)
def test_a_list_needs_pairs_of_both_kinds(other: int, missing: str) -> None:
    sample = draw_people(10, 2)
    with pytest.raises(EvaluationError, match=f"no pair {missing}"):
        listed(sample, np.array([0]), np.array([other]))
