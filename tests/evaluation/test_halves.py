from __future__ import annotations

import numpy as np
import pytest

from evaluation.drawn import QUICK, draw_gaussian_trials, draw_people
from mien.evaluation.figures import Standing
from mien.evaluation.halves import measure_halves, part
from mien.evaluation.resampling import halve_people
from mien.evaluation.trials import compare_all
from mien.evaluation.verification import miss_rates

FMRS = (1e-1, 1e-2, 1e-5)


def test_the_people_of_two_halves_never_meet() -> None:
    sample = draw_people(41, 3)
    trials = compare_all(sample)
    is_first = halve_people(41, seed=4)
    for half, is_member in zip(part(trials, seed=4), (is_first, ~is_first), strict=True):
        alone = compare_all(sample.only(is_member))
        assert np.array_equal(half.mated, alone.mated)
        assert np.array_equal(half.strangers, alone.strangers)
        assert half.stranger_count == alone.stranger_count
        weights = np.ones(41)
        assert half.stranger_mass(weights) == alone.stranger_count


def test_the_mean_is_that_of_all_halves() -> None:
    trials = compare_all(draw_people(60, 3, noise=1.2))
    rates = np.array([1e-1, 1e-2])
    by_hand = np.mean(
        [
            1 - miss_rates(half, np.ones(60), rates=rates)
            for seed in range(10)
            for half in part(trials, seed=seed)
        ],
        axis=0,
    )
    points = measure_halves(trials, resampling=QUICK, fmrs=FMRS)
    assert [point.tmr.value for point in points[:2]] == pytest.approx(by_hand.tolist())


def test_an_interval_of_the_mean_holds_it_and_is_not_wider_than_one_halfs() -> None:
    trials = compare_all(draw_people(100, 3, noise=1.2))
    figure = measure_halves(trials, resampling=QUICK, fmrs=FMRS)[1].tmr
    half = part(trials, seed=0)[0]
    alone = [
        1 - miss_rates(half, weights, rates=np.array([1e-2]))[0]
        for weights in QUICK.iter_weights(100)
    ]
    assert figure.value is not None
    assert figure.low is not None
    assert figure.high is not None
    assert figure.low <= figure.value <= figure.high
    assert figure.high - figure.low < np.ptp(alone)


def test_what_a_half_does_not_carry_is_not_stated() -> None:
    points = measure_halves(compare_all(draw_people(60, 2)), resampling=QUICK, fmrs=FMRS)
    assert points[-1].fmr == 1e-5
    assert points[-1].tmr.value is None
    assert points[-1].tmr.standing is Standing.NOT_CARRIED
    assert "1,740 pairs of different people in a half" in points[-1].tmr.note


def test_halves_without_any_pair_carry_nothing() -> None:
    points = measure_halves(
        compare_all(draw_people(2, 2)), resampling=QUICK, fmrs=(1e-1,), partings=2
    )
    assert points[0].tmr.value is None


def test_no_miss_at_all_leaves_the_bound_of_three() -> None:
    points = measure_halves(compare_all(draw_people(60, 3, noise=0.05)), resampling=QUICK)
    assert points[0].tmr.value == 1.0
    assert points[0].tmr.low == pytest.approx(1 - 3 / 60)
    assert points[0].tmr.standing is Standing.WEAK


def test_a_list_of_pairs_is_not_parted() -> None:
    with pytest.raises(ValueError, match="a list of pairs"):
        part(draw_gaussian_trials(2.0, mated=50, strangers=500), seed=0)
