"""A threshold that a program has written into it means a rate at which strangers reach it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.evidence.similarity import (
    ANCHORS,
    find_rate,
    find_threshold,
    is_reached,
    tell_similarity,
)
from mien.evidence.strength import find_score, judge
from mien.types import Calibration
from mien.vision.cards import get_card, load_calibration


def make_calibration(scores: list[float], log10_fmr: list[float]) -> Calibration:
    rates = np.array(log10_fmr)
    return Calibration(
        scores=np.array(scores),
        log10_fmr=rates,
        log10_fmr_low=rates - 0.1,
        log10_fmr_high=rates + 0.1,
        log10_ratio=-rates,
        extrapolated_from=scores[-1],
    )


def get_shipped() -> Calibration:
    calibration = load_calibration(get_card("dlib-resnet-v1"))
    assert calibration is not None
    return calibration


SHIPPED = get_shipped()
SHORT = make_calibration([-2.0, 0.0, 3.0], [-0.5, -2.0, -4.5])
"""Measured on few photos: it ends between 90 and 95."""

SCORES = st.floats(-1e6, 1e6)
STEPS = st.lists(st.floats(0.01, 3.0), min_size=2, max_size=12)


@st.composite
def calibrations(draw: st.DrawFn) -> Calibration:
    """Of any length, falling by any steps: some end before an anchor, some far beyond the last."""
    rises = draw(STEPS)
    falls = draw(st.lists(st.floats(0.01, 2.0), min_size=len(rises), max_size=len(rises)))
    start = draw(st.floats(-5, 5))
    return make_calibration(
        (start + np.cumsum(rises)).tolist(), np.maximum(-np.cumsum(falls), -12).tolist()
    )


def rate_at(score: float, calibration: Calibration) -> float:
    (strength,) = judge(np.array([score]), calibration, faces=1)
    return strength.fmr


@pytest.mark.parametrize(("similarity", "rate"), ANCHORS.items())
def test_each_anchor_is_the_rate_that_a_judgement_states(similarity: float, rate: float) -> None:
    score = find_score(SHIPPED, fmr=rate)
    assert tell_similarity(score, SHIPPED) == pytest.approx(similarity, abs=1e-6)
    assert find_threshold(similarity, SHIPPED) == pytest.approx(score, abs=1e-6)
    assert rate_at(find_threshold(similarity, SHIPPED), SHIPPED) == pytest.approx(rate, rel=1e-6)
    assert find_rate(similarity) == pytest.approx(rate, rel=1e-12)
    assert is_reached(similarity, SHIPPED)


def test_the_anchors_are_the_ones_that_programs_have_written_into_them() -> None:
    assert ANCHORS == {80: 1e-3, 90: 1e-4, 95: 1e-5, 99: 1e-6}


@given(SCORES.filter(lambda score: score >= SHIPPED.scores[0]))
def test_within_what_was_measured_a_similarity_means_the_rate_of_the_score(score: float) -> None:
    rate = rate_at(score, SHIPPED)
    meant = find_rate(tell_similarity(score, SHIPPED))
    if score <= SHIPPED.scores[-1]:
        assert meant == pytest.approx(rate, rel=1e-6)
    else:
        assert meant < rate


@pytest.mark.parametrize(("first", "last"), [(0, 3), (3, 4), (4, 5), (5, 6)])
@given(st.floats(0, 1))
def test_between_two_anchors_it_is_linear_in_the_logarithm(
    first: int, last: int, share: float
) -> None:
    line = make_calibration([0.0, 6.0], [0.0, -6.0])
    low, high = (tell_similarity(at, line) for at in (first, last))
    found = tell_similarity(first + share * (last - first), line)
    assert found == pytest.approx(low + share * (high - low), abs=1e-9)


def test_beyond_the_last_anchor_every_decade_takes_nine_tenths_of_what_is_missing() -> None:
    line = make_calibration([0.0, 9.0], [0.0, -9.0])
    assert tell_similarity(7, line) == pytest.approx(99.9)
    assert tell_similarity(8, line) == pytest.approx(99.99)
    assert find_rate(99.99) == pytest.approx(1e-8)


@given(calibrations(), st.lists(SCORES, min_size=2, max_size=6))
def test_a_higher_score_is_never_less_similar(one: Calibration, scores: list[float]) -> None:
    found = [tell_similarity(score, one) for score in sorted(scores)]
    assert found == sorted(found)
    assert all(0 <= similarity < 100 for similarity in found)


@given(calibrations(), st.floats(0, 100, exclude_min=True, exclude_max=True))
def test_a_threshold_is_the_least_score_that_is_as_similar(
    one: Calibration, similarity: float
) -> None:
    threshold = find_threshold(similarity, one)
    least = tell_similarity(float(one.scores[0]), one)
    assert tell_similarity(threshold, one) == pytest.approx(max(similarity, least), abs=1e-6)
    assert tell_similarity(threshold - 1e-3, one) <= max(similarity, least)


@given(calibrations(), st.floats(-20, 60))
def test_a_score_is_found_again_by_its_similarity(one: Calibration, score: float) -> None:
    similarity = tell_similarity(score, one)
    again = find_threshold(similarity, one)
    if score >= one.scores[0]:
        assert tell_similarity(again, one) == pytest.approx(similarity, abs=1e-6)
    else:
        assert (similarity, again) == (0, -math.inf)


@given(st.floats(0, 100), st.floats(0, 100))
def test_a_higher_similarity_means_a_lower_rate(one: float, other: float) -> None:
    low, high = sorted([one, other])
    assert 0 <= find_rate(high) <= find_rate(low) <= 1


def test_the_ends_are_what_everybody_has_and_what_nobody_has() -> None:
    assert (find_rate(0), find_rate(100)) == (1, 0)
    assert find_threshold(0, SHIPPED) == -math.inf
    assert find_threshold(100, SHIPPED) == math.inf
    assert tell_similarity(math.nan, SHIPPED) == 0
    assert tell_similarity(1e12, SHIPPED) < 100


def test_below_what_was_measured_nothing_is_similar() -> None:
    first = float(SHIPPED.scores[0])
    assert tell_similarity(first - 1e-9, SHIPPED) == 0
    assert tell_similarity(first, SHIPPED) == pytest.approx(-SHIPPED.log10_fmr[0] * 80 / 3)


def test_what_a_calibration_does_not_reach_is_told_and_still_rises() -> None:
    assert [is_reached(similarity, SHORT) for similarity in ANCHORS] == [True, True, False, False]
    end = tell_similarity(3.0, SHORT)
    assert end == pytest.approx(92.5)
    assert tell_similarity(3.5, SHORT) == pytest.approx(95)
    assert tell_similarity(30.0, SHORT) == pytest.approx(100 - 7.5 / 28)
    assert find_threshold(99, SHORT) == pytest.approx(3 + 7.5 - 1)
    # Nothing more is claimed there than at the end.
    assert rate_at(find_threshold(99, SHORT), SHORT) == pytest.approx(10**-4.5)
