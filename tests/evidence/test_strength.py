from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.evidence.strength import BAND_LIMITS, Band, judge, name_band
from mien.types import Calibration
from mien.vision.cards import get_card, load_calibration

LINE = Calibration(
    scores=np.array([0.0, 2.0, 4.0]),
    log10_fmr=np.array([-1.0, -3.0, -5.0]),
    log10_fmr_low=np.array([-1.1, -3.2, -6.0]),
    log10_fmr_high=np.array([-0.9, -2.9, -4.0]),
    log10_ratio=np.array([-1.0, 1.0, 3.0]),
    extrapolated_from=3.0,
)


def get_shipped() -> Calibration:
    calibration = load_calibration(get_card("dlib-resnet-v1"))
    assert calibration is not None
    return calibration


SHIPPED = get_shipped()


def test_a_score_on_a_knot_is_worth_what_was_measured() -> None:
    (strength,) = judge(np.array([2.0]), LINE, faces=500)
    assert strength.fmr == pytest.approx(1e-3)
    assert (strength.fmr_low, strength.fmr_high) == pytest.approx((10**-3.2, 10**-2.9))
    assert strength.expected_strangers == pytest.approx(0.5)
    assert strength.likelihood_ratio == pytest.approx(10)
    assert not strength.is_extrapolated
    assert not strength.is_bound


def test_between_two_knots_the_logarithm_is_interpolated() -> None:
    (strength,) = judge(np.array([1.0]), LINE, faces=1)
    assert strength.fmr == pytest.approx(1e-2)


def test_beyond_what_was_counted_the_figures_are_marked() -> None:
    counted, extrapolated, bound = judge(np.array([2.9, 3.1, 4.1]), LINE, faces=1)
    assert (counted.is_extrapolated, counted.is_bound) == (False, False)
    assert (extrapolated.is_extrapolated, extrapolated.is_bound) == (True, False)
    assert (bound.is_extrapolated, bound.is_bound) == (True, True)


def test_nothing_is_claimed_beyond_the_ends() -> None:
    low, high = judge(np.array([-100.0, 100.0]), LINE, faces=1)
    assert (low.fmr, high.fmr) == pytest.approx((1.0, 1e-5))
    assert (low.fmr_high, low.band) == (1.0, Band.WEAK)
    assert high.likelihood_ratio == pytest.approx(1000)


@pytest.mark.parametrize(
    ("expected", "band"),
    [
        (0.0, Band.VERY_STRONG),
        (0.0009, Band.VERY_STRONG),
        (0.001, Band.STRONG),
        (0.029, Band.STRONG),
        (0.03, Band.MODERATE),
        (0.99, Band.MODERATE),
        (1.0, Band.WEAK),
        (4000.0, Band.WEAK),
    ],
)
def test_the_band_follows_from_how_many_strangers_are_expected(expected: float, band: Band) -> None:
    assert name_band(expected) is band


def test_the_same_score_is_weaker_among_more_faces_at_the_upper_end_of_its_rate() -> None:
    sizes = (9, 250, 9_000, 1_000_000)  # the rate is 1e-5, and 1e-4 at the most
    bands = [judge(np.array([4.0]), LINE, faces=faces)[0].band for faces in sizes]
    assert bands == [Band.VERY_STRONG, Band.STRONG, Band.MODERATE, Band.WEAK]


def test_no_band_speaks_of_certainty() -> None:
    assert len(Band) == 4
    assert set(BAND_LIMITS) == set(Band) - {Band.WEAK}
    forbidden = ("certain", "sure", "identical", "same", "match", "proven")
    assert not [band for band in Band if any(word in band.value for word in forbidden)]


@given(st.lists(st.floats(-20, 20), min_size=2, max_size=8), st.integers(1, 10**9))
def test_a_higher_score_is_never_weaker(scores: list[float], faces: int) -> None:
    found = judge(np.sort(np.array(scores)), SHIPPED, faces=faces)
    order = list(Band)
    for lower, higher in pairwise(found):
        assert higher.fmr <= lower.fmr
        assert higher.likelihood_ratio >= lower.likelihood_ratio
        assert order.index(higher.band) >= order.index(lower.band)


def test_the_shipped_calibration_falls_and_keeps_within_its_intervals() -> None:
    assert (np.diff(SHIPPED.scores) > 0).all()
    assert (np.diff(SHIPPED.log10_fmr) < 0).all()
    assert (np.diff(SHIPPED.log10_ratio) >= 0).all()
    assert (SHIPPED.log10_fmr_low <= SHIPPED.log10_fmr).all()
    assert (SHIPPED.log10_fmr <= SHIPPED.log10_fmr_high).all()


def test_the_shipped_calibration_claims_one_decade_beyond_its_pairs_at_most() -> None:
    assert SHIPPED.log10_fmr[-1] >= np.log10(1 / 1_197_943) - 1.001
    assert SHIPPED.scores[0] < SHIPPED.extrapolated_from < SHIPPED.scores[-1]
    at_joint = np.interp(SHIPPED.extrapolated_from, SHIPPED.scores, SHIPPED.log10_fmr)
    assert 10**at_joint * 1_197_943 == pytest.approx(30, rel=0.05)
