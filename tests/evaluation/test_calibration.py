from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from evaluation.drawn import QUICK, draw_people
from mien.evaluation.calibration import (
    Ratios,
    apply,
    bin_by_mass,
    cross_fit,
    draw_pairs,
    find_cllr,
    find_cllr_min,
    make_ratios,
    measure_calibration,
)
from mien.evaluation.likelihood import LikelihoodCurve, fit_likelihood
from mien.evaluation.resampling import fold_people

SPREAD = 2.0
"""Of log likelihood ratios; where kinds are Gaussian their mean is half its square."""


def gaussian_ratios(number: int = 40_000, *, scale: float = 1.0, seed: int = 0) -> Ratios:
    """Ratios that mean what they say, or are exaggerated by a scale."""
    generator = np.random.default_rng(seed)
    mean = SPREAD**2 / 2
    log_ratios = scale * np.concatenate(
        [generator.normal(mean, SPREAD, number), generator.normal(-mean, SPREAD, number)]
    )
    one = generator.integers(500, size=2 * number)
    other = (one + 1 + generator.integers(498, size=2 * number)) % 500
    people = np.stack([one, other], axis=1)
    people[:number, 1] = people[:number, 0]
    return make_ratios(log_ratios, np.arange(2 * number) < number, people=people)


def true_cllr(scale: float = 1.0) -> float:
    """The price in bits, by integration over what one person scores (both kinds cost alike)."""
    mean = SPREAD**2 / 2

    def price(x: float) -> float:
        density: float = norm.pdf(x, mean, SPREAD)
        return density * float(np.logaddexp(0, -scale * x) / np.log(2))

    return float(quad(price, mean - 10 * SPREAD, mean + 10 * SPREAD)[0])


@pytest.mark.parametrize("scale", [1.0, 3.0, 0.3])
def test_the_price_of_gaussian_ratios_is_that_of_the_integral(scale: float) -> None:
    ratios = gaussian_ratios(scale=scale)
    found = find_cllr(ratios.log_ratios, ratios.is_mated, weights=ratios.weigh(np.ones(500)))
    assert found == pytest.approx(true_cllr(scale), abs=0.01)


def test_ratios_that_say_nothing_cost_a_bit() -> None:
    weights = np.array([0.25, 0.25, 0.5])
    assert find_cllr(np.zeros(3), np.array([True, True, False]), weights=weights) == 1.0


def test_the_least_price_does_not_change_with_the_scale() -> None:
    for scale in (1.0, 3.0):
        ratios = gaussian_ratios(scale=scale)
        found = find_cllr_min(ratios, ratios.weigh(np.ones(500)))
        assert found == pytest.approx(true_cllr(), abs=0.015)


def test_good_ratios_lose_nothing_and_are_found_calibrated() -> None:
    found = measure_calibration(gaussian_ratios(), resampling=QUICK, people=500)
    assert found.cllr.value == pytest.approx(true_cllr(), abs=0.01)
    assert found.cllr_loss.value == pytest.approx(0, abs=0.005)
    assert found.ece.value is not None
    assert found.ece.value < 0.01
    assert (found.mated_pairs, found.stranger_pairs) == (40_000, 40_000)
    for one in found.bins:
        assert one.low is not None
        assert one.high is not None
        assert one.low - 0.02 <= one.said <= one.high + 0.02


def test_exaggerated_ratios_are_found_out() -> None:
    good = measure_calibration(gaussian_ratios(), resampling=QUICK, people=500)
    loud = measure_calibration(gaussian_ratios(scale=3.0), resampling=QUICK, people=500)
    assert loud.ece.low is not None
    assert good.ece.high is not None
    assert loud.ece.low > good.ece.high
    assert loud.cllr_loss.value == pytest.approx(true_cllr(3.0) - true_cllr(), abs=0.02)
    assert loud.cllr_loss.low is not None
    assert loud.cllr_loss.low > 0.05


def test_an_interval_holds_its_figure() -> None:
    found = measure_calibration(gaussian_ratios(4000), resampling=QUICK, people=500)
    assert found.cllr.low is not None
    assert found.cllr.high is not None
    assert found.cllr.value is not None
    assert found.cllr.low < found.cllr.value < found.cllr.high


def test_bins_have_equal_mass_whatever_there_is_of_each_kind() -> None:
    ratios = gaussian_ratios(5000)
    is_kept = ratios.is_mated | (np.arange(len(ratios.is_mated)) % 7 == 0)
    fewer = Ratios(ratios.log_ratios[is_kept], ratios.is_mated[is_kept], ratios.people[is_kept])
    said, was_so, mass = bin_by_mass(fewer, fewer.weigh(np.ones(500)))
    assert mass == pytest.approx(np.full(10, 0.1), abs=0.002)
    assert (np.diff(said) > 0).all()
    assert np.abs(said - was_so).max() < 0.05


def test_both_kinds_weigh_a_half() -> None:
    ratios = gaussian_ratios(1000)
    weights = np.random.default_rng(3).integers(0, 3, size=500).astype(float)
    weighed = ratios.weigh(weights)
    assert weighed[ratios.is_mated].sum() == pytest.approx(0.5)
    assert weighed[~ratios.is_mated].sum() == pytest.approx(0.5)
    assert (ratios.weigh(np.zeros(500)) == 0).all()


def test_a_curve_is_judged_on_people_it_was_not_fitted_on() -> None:
    sample = draw_people(60, 3, noise=0.9)
    ratios = cross_fit(sample)
    assert ratios is not None
    folds = fold_people(60, folds=5, seed=11)
    assert (folds[ratios.people[:, 0]] == folds[ratios.people[:, 1]]).all()
    assert ratios.is_mated.sum() == 60 * 3  # every mated pair is held out once
    one = np.flatnonzero(folds == 2)
    rest = draw_pairs(sample, folds != 2, seed=0)
    assert not np.isin(rest.people, one).any()
    curve = fit_likelihood(rest.scores[rest.is_mated], rest.scores[~rest.is_mated])
    held = draw_pairs(sample, folds == 2, seed=0)
    by_hand = np.sort(curve.find_log_ratios(held.scores))
    of_fold = np.isin(ratios.people[:, 0], one)
    assert np.allclose(np.sort(ratios.log_ratios[of_fold]), by_hand)


def test_too_few_people_are_not_parted() -> None:
    assert cross_fit(draw_people(12, 3)) is None


def test_a_curve_from_elsewhere_can_be_judged_here() -> None:
    sample = draw_people(40, 2)
    shy = LikelihoodCurve((-1.0, 1.0), (-0.01, 0.01))
    found = measure_calibration(apply(shy, sample), resampling=QUICK, people=40)
    assert found.cllr.value == pytest.approx(1.0, abs=0.01)
    assert found.cllr_min.value is not None
    assert found.cllr_min.value < 0.5


def test_of_many_pairs_of_strangers_some_are_drawn_and_all_mated_ones() -> None:
    sample = draw_people(240, 2)
    pairs = draw_pairs(sample, np.ones(240, bool), seed=0)
    assert pairs.is_mated.sum() == 240
    assert len(pairs.scores) > 29_000
    assert (pairs.people[~pairs.is_mated, 0] != pairs.people[~pairs.is_mated, 1]).all()


def test_a_tippett_curve_falls_from_one_to_nothing() -> None:
    found = measure_calibration(gaussian_ratios(2000), resampling=QUICK, people=500)
    for shares in ([p.mated for p in found.tippett], [p.strangers for p in found.tippett]):
        assert shares == sorted(shares, reverse=True)
        assert shares[0] == 1.0
        assert shares[-1] == 0.0
    at_zero = min(found.tippett, key=lambda point: abs(point.log10_ratio))
    assert at_zero.mated > 0.7
    assert at_zero.strangers < 0.3
