from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import expon, genpareto, norm

from evaluation.drawn import QUICK, draw_people, draw_trials
from mien.errors import EvaluationError
from mien.evaluation.resampling import Resampling
from mien.evaluation.tail import FmrCurve, fit_fmr_curve, fit_heavy, fit_pareto, has_tail
from mien.evaluation.trials import Trials, compare_all

STRANGERS = 400_000


def normal_trials(seed: int = 0) -> Trials:
    generator = np.random.default_rng(seed)
    return draw_trials([4.0], generator.standard_normal(STRANGERS), people=2000, seed=seed)


@pytest.fixture(scope="module")
def curve() -> FmrCurve:
    return fit_fmr_curve(normal_trials(), resampling=Resampling(40))


@pytest.mark.parametrize(("shape", "scale"), [(-0.3, 2.0), (-0.1, 0.01), (0.1, 1.0), (0.3, 5.0)])
def test_the_parameters_of_a_pareto_tail_are_found_again(shape: float, scale: float) -> None:
    drawn = np.sort(genpareto.rvs(shape, scale=scale, size=200_000, random_state=1))
    found = fit_pareto(drawn, np.ones(len(drawn)))
    assert found[0] == pytest.approx(shape, abs=0.02)
    assert found[1] == pytest.approx(scale, rel=0.02)


def test_the_fit_agrees_with_scipys_likelihood() -> None:
    drawn = np.sort(genpareto.rvs(-0.15, scale=1.0, size=5000, random_state=2))
    shape, scale = fit_pareto(drawn, np.ones(len(drawn)))
    by_scipy, _, scale_by_scipy = genpareto.fit(drawn, floc=0)
    assert shape == pytest.approx(by_scipy, abs=0.04)
    assert scale == pytest.approx(scale_by_scipy, rel=0.04)


def test_a_weight_counts_as_copies_do() -> None:
    drawn = np.sort(expon.rvs(size=3000, random_state=3))
    weights = np.random.default_rng(4).integers(0, 4, size=3000).astype(float)
    copied = np.repeat(drawn, weights.astype(int))
    weighed = fit_pareto(drawn, weights)
    assert weighed == pytest.approx(fit_pareto(copied, np.ones(len(copied))), rel=1e-3, abs=1e-3)


def test_where_scores_are_counted_the_curve_is_their_count(curve: FmrCurve) -> None:
    trials = normal_trials()
    for knot in curve.knots:
        if knot.score < curve.extrapolates_from:
            reached = (trials.strangers >= np.float32(knot.score)).sum()
            assert 10**knot.log10_fmr == pytest.approx(reached / STRANGERS, rel=0.02)


def test_counting_ends_where_thirty_are_left(curve: FmrCurve) -> None:
    trials = normal_trials()
    assert (trials.strangers >= np.float32(curve.extrapolates_from)).sum() == 30
    (rate,) = curve.find_rates(np.array([curve.extrapolates_from]))
    assert rate == pytest.approx(30 / STRANGERS, rel=0.02)


@pytest.mark.parametrize("fmr", [1e-2, 1e-3, 1e-4])
def test_counted_rates_are_those_of_the_normal_distribution(curve: FmrCurve, fmr: float) -> None:
    (rate,) = curve.find_rates(np.array([norm.isf(fmr)]))
    assert np.log10(rate) == pytest.approx(np.log10(fmr), abs=0.1)


@pytest.mark.parametrize("fmr", [1e-5, 1e-6])
def test_the_tail_reaches_beyond_the_data_within_its_interval(curve: FmrCurve, fmr: float) -> None:
    score = norm.isf(fmr)
    assert score > curve.extrapolates_from
    knots = curve.knots
    x = [knot.score for knot in knots]
    low = np.interp(score, x, [knot.low for knot in knots])
    high = np.interp(score, x, [knot.high for knot in knots])
    assert low <= np.log10(fmr) <= high
    (rate,) = curve.find_rates(np.array([score]))
    assert np.log10(rate) == pytest.approx(np.log10(fmr), abs=0.7)


def test_a_higher_score_is_never_less_rare(curve: FmrCurve) -> None:
    scores = np.linspace(-3, 8, 500)
    assert (np.diff(curve.find_rates(scores)) <= 0).all()
    assert (np.diff([knot.score for knot in curve.knots]) > 0).all()


def test_nothing_is_claimed_beyond_a_decade_below_the_last(curve: FmrCurve) -> None:
    floor = np.log10(1 / STRANGERS) - 1
    assert curve.knots[-1].log10_fmr == pytest.approx(floor, abs=1e-3)
    assert all(knot.low >= floor - 1e-9 for knot in curve.knots)
    assert curve.find_rates(np.array([100.0]))[0] == pytest.approx(10**floor, rel=0.01)


def test_intervals_widen_where_data_end(curve: FmrCurve) -> None:
    widths = {
        fmr: next(knot.high - knot.low for knot in curve.knots if knot.log10_fmr <= np.log10(fmr))
        for fmr in (1e-2, 1e-4, 1e-6)
    }
    assert widths[1e-2] < widths[1e-4] < widths[1e-6]
    assert all(knot.low <= knot.log10_fmr <= knot.high for knot in curve.knots)


def test_a_curve_of_real_comparisons_keeps_what_it_rests_on() -> None:
    trials = compare_all(draw_people(120, 2))
    curve = fit_fmr_curve(trials, resampling=QUICK)
    assert (curve.pairs, curve.people) == (trials.stranger_count, 120)
    assert curve.tail.exceedances == 200
    assert curve.tail.share == pytest.approx(200 / trials.stranger_count)


def test_too_few_strangers_have_no_tail() -> None:
    trials = draw_trials([1.0], np.random.default_rng(0).standard_normal(900))
    assert not has_tail(trials)
    with pytest.raises(EvaluationError, match="900 pairs of different people are too few"):
        fit_fmr_curve(trials, resampling=QUICK)


def test_highest_scores_that_are_all_the_same_have_no_tail() -> None:
    """One photo filed under many people: nothing can be said of rarer scores."""
    scores = np.concatenate([np.full(300, 5.0), np.random.default_rng(0).standard_normal(4000)])
    trials = draw_trials([1.0], scores)
    assert not has_tail(trials)


def test_a_tail_is_never_lighter_than_exponential() -> None:
    short = np.sort(genpareto.rvs(-0.4, scale=1.0, size=4000, random_state=5))
    assert fit_pareto(short, np.ones(4000))[0] < 0
    assert fit_heavy(short, np.ones(4000)) == pytest.approx((0.0, short.mean()))
    heavy = np.sort(genpareto.rvs(0.3, scale=1.0, size=4000, random_state=6))
    assert fit_heavy(heavy, np.ones(4000)) == fit_pareto(heavy, np.ones(4000))
