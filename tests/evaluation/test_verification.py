from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.drawn import (
    QUICK,
    draw_gaussian_trials,
    draw_people,
    draw_trials,
    true_match_rate,
)
from mien.evaluation.figures import Standing
from mien.evaluation.resampling import Resampling
from mien.evaluation.trials import compare_all
from mien.evaluation.verification import (
    OperatingPoint,
    choose_rates,
    last_refused,
    measure_verification,
    miss_rates,
)

DISTANCE = 4.0


def point_at(fmr: float, points: tuple[OperatingPoint, ...]) -> OperatingPoint:
    return next(point for point in points if point.fmr == fmr)


@pytest.fixture(scope="module")
def gaussian() -> tuple[OperatingPoint, ...]:
    trials = draw_gaussian_trials(DISTANCE, mated=20_000, strangers=1_000_000)
    return measure_verification(trials, resampling=QUICK).points


@pytest.mark.parametrize(("fmr", "within"), [(1e-2, 0.005), (1e-3, 0.012), (1e-4, 0.03)])
def test_gaussian_scores_have_the_true_match_rate_of_the_formula(
    gaussian: tuple[OperatingPoint, ...], fmr: float, within: float
) -> None:
    point = point_at(fmr, gaussian)
    truth = true_match_rate(DISTANCE, fmr)
    assert point.tmr.value == pytest.approx(truth, abs=within)
    assert point.tmr.low is not None
    assert point.tmr.high is not None
    assert point.tmr.low - within / 2 < truth < point.tmr.high + within / 2
    assert point.tmr.standing is Standing.CARRIED
    assert point.false_matches == int(fmr * 1_000_000)


def test_few_false_matches_make_a_figure_weak(gaussian: tuple[OperatingPoint, ...]) -> None:
    point = point_at(1e-5, gaussian)
    assert point.tmr.standing is Standing.WEAK
    assert "10 false matches" in point.tmr.note


def test_a_rate_below_one_false_match_gets_no_figure() -> None:
    trials = draw_gaussian_trials(DISTANCE, mated=500, strangers=5_000)
    points = measure_verification(trials, resampling=QUICK).points
    assert [point.fmr for point in points] == [1e-2, 1e-3, 1e-4, 1e-5, 1e-6]
    for fmr in (1e-4, 1e-5, 1e-6):
        point = point_at(fmr, points)
        assert point.tmr.value is None
        assert point.threshold is None
        assert point.tmr.standing is Standing.NOT_CARRIED
        assert "5,000 pairs of different people carry no" in point.tmr.note
    assert point_at(1e-3, points).tmr.standing is Standing.WEAK


def test_the_threshold_parts_matches_from_the_rest() -> None:
    trials = draw_gaussian_trials(2.0, mated=1000, strangers=10_000)
    point = point_at(1e-2, measure_verification(trials, resampling=QUICK).points)
    assert point.threshold is not None
    assert (trials.strangers >= np.float32(point.threshold)).sum() == point.false_matches == 100
    assert (trials.mated < np.float32(point.threshold)).sum() == point.misses


def test_scores_that_tie_match_together_or_not_at_all() -> None:
    """Two of 200 would be 1 %, but the second is one of three that score alike."""
    strangers = [0.9, 0.8, 0.8, 0.8, *np.linspace(0, 0.7, 196)]
    trials = draw_trials([0.85, 0.8, 0.95], strangers)
    (refused,) = last_refused(trials, np.ones(trials.people), rates=np.array([0.01]))
    assert refused == pytest.approx(0.8)
    point = point_at(1e-2, measure_verification(trials, resampling=QUICK).points)
    assert (point.false_matches, point.misses) == (1, 1)


def test_no_missed_pair_leaves_the_bound_of_three_people() -> None:
    trials = draw_gaussian_trials(20.0, mated=300, strangers=10_000, people=100)
    point = point_at(1e-2, measure_verification(trials, resampling=QUICK).points)
    assert point.tmr.value == 1.0
    assert point.tmr.low == pytest.approx(1 - 3 / trials.mated_people_count)
    assert point.tmr.standing is Standing.WEAK


@given(seed=st.integers(0, 30))
def test_weights_do_what_copies_do(seed: int) -> None:
    """A replicate is the set with its people copied, copies of one person being no strangers."""
    sample = draw_people(14, 3, seed=seed, noise=1.2)
    trials = compare_all(sample)
    (weights,) = Resampling(1, seed=seed).iter_weights(14)
    table = sample.score(np.arange(42), np.arange(42)).astype(np.float64)
    mated: list[float] = []
    strangers: list[float] = []
    for one, other in zip(*np.triu_indices(42, k=1), strict=True):
        person, second = sample.people[one], sample.people[other]
        if person == second:
            mated += [table[one, other]] * int(weights[person])
        else:
            strangers += [table[one, other]] * int(weights[person] * weights[second])
    rates = np.array([0.2, 0.05])
    found = miss_rates(trials, weights, rates=rates)
    falling = np.sort(strangers)[::-1]
    for rate, missed in zip(rates, found, strict=True):
        refused = falling[int(rate * len(falling) * (1 + 1e-9))]
        assert missed == pytest.approx(np.mean(np.array(mated) <= refused + 1e-6), abs=1e-6)


def test_a_draw_without_mated_people_says_nothing() -> None:
    trials = draw_trials([0.9], [0.1, 0.2, 0.3], people=5)
    weights = np.ones(5)
    weights[trials.mated_people] = 0
    assert np.isnan(miss_rates(trials, weights, rates=np.array([0.5]))).all()
    assert np.isnan(last_refused(trials, np.zeros(5), rates=np.array([0.5]))).all()


def test_kept_scores_give_the_same_rates_as_all() -> None:
    sample = draw_people(250, 2, noise=1.0)
    everything = measure_verification(compare_all(sample), resampling=QUICK)
    some = measure_verification(compare_all(sample, kept=5000), resampling=QUICK)
    for one, other in zip(everything.points, some.points, strict=True):
        assert one == other


def test_the_curve_falls_from_side_to_side() -> None:
    trials = draw_gaussian_trials(3.0, mated=3000, strangers=30_000)
    curve = measure_verification(trials, resampling=QUICK).curve
    rates, misses = [p.fmr for p in curve], [p.fnmr for p in curve]
    assert rates == sorted(rates, reverse=True)
    assert misses == sorted(misses)
    assert curve[0].fmr == pytest.approx(0.1)
    assert curve[-1].fmr == pytest.approx(1 / 30_000)
    assert all(p.low is not None and p.high is not None and p.low <= p.high for p in curve)
    weak = [p.fmr for p in curve if p.standing is Standing.WEAK]
    assert max(weak) < 30 / 30_000 <= min(p.fmr for p in curve if p.fmr not in weak)


def test_a_handful_of_strangers_has_no_curve() -> None:
    trials = draw_trials([0.5, 0.6], [0.1, 0.2, 0.3])
    assert choose_rates(trials) == []
    assert measure_verification(trials, resampling=QUICK).curve == ()


@pytest.mark.slow
def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """People are drawn from one model again and again; the truth comes from very many of them."""
    fmr, runs = np.array([1e-2]), 120
    many = compare_all(draw_people(2500, 2, seed=999, noise=1.0))
    truth = 1 - miss_rates(many, np.ones(2500), rates=fmr)[0]
    covered = 0
    for seed in range(runs):
        trials = compare_all(draw_people(80, 2, seed=seed, noise=1.0))
        drawn = [
            1 - miss_rates(trials, weights, rates=fmr)[0]
            for weights in Resampling(100, seed=seed).iter_weights(80)
        ]
        low, high = np.nanpercentile(drawn, [2.5, 97.5])
        covered += bool(low <= truth <= high)
    assert 0.88 <= covered / runs <= 1.0
