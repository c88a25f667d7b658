from __future__ import annotations

import numpy as np
import pytest

from evaluation.drawn import QUICK, draw_people
from mien.evaluation.figures import Standing
from mien.evaluation.fusion import FusedPhotos, Fusion, FusionRate, measure_fusion
from mien.evaluation.sample import Scores
from mien.types import Vectors


def rate_of(found: FusedPhotos, fusion: Fusion) -> FusionRate:
    return next(rate for rate in found.rates if rate.fusion is fusion)


@pytest.fixture(scope="module")
def noisy() -> tuple[FusedPhotos, ...]:
    return measure_fusion(draw_people(150, 6, noise=1.1), resampling=QUICK)


def test_two_three_and_five_photos_are_tried(noisy: tuple[FusedPhotos, ...]) -> None:
    assert [(one.photos, one.people) for one in noisy] == [(2, 150), (3, 150), (5, 150)]
    assert [one.mated_pairs for one in noisy] == [150 * 4, 150 * 3, 150]
    assert noisy[0].stranger_pairs == 150 * 149 * 4
    assert noisy[0].fmr == 1e-3


def test_the_mean_of_noisy_photos_tells_more_than_one(noisy: tuple[FusedPhotos, ...]) -> None:
    for one in noisy:
        gain = rate_of(one, Fusion.MEAN_TEMPLATE).gain
        assert gain.low is not None
        assert gain.low > 0
        assert rate_of(one, Fusion.SINGLE).gain.value == 0.0


def test_more_photos_tell_more(noisy: tuple[FusedPhotos, ...]) -> None:
    values = [rate_of(one, Fusion.MEAN_TEMPLATE).tmr.value for one in noisy]
    assert values == sorted(values, key=lambda value: value or 0.0)
    assert len(set(values)) == 3


def test_a_gain_is_the_difference_of_the_rates(noisy: tuple[FusedPhotos, ...]) -> None:
    single = rate_of(noisy[0], Fusion.SINGLE).tmr.value
    for fusion in Fusion:
        rate = rate_of(noisy[0], fusion)
        assert single is not None
        assert rate.tmr.value is not None
        assert rate.gain.value == pytest.approx(rate.tmr.value - single)


def test_each_way_has_a_threshold_of_its_own() -> None:
    """The highest of two scores is higher throughout; that alone must not count as better."""
    found = measure_fusion(draw_people(150, 3, noise=30.0), resampling=QUICK)
    for fusion in Fusion:
        rate = rate_of(found[0], fusion)
        assert rate.tmr.value is not None
        assert rate.tmr.value < 0.05


def test_few_misses_are_marked() -> None:
    found = measure_fusion(draw_people(40, 3, noise=0.1), resampling=QUICK)
    rate = rate_of(found[0], Fusion.MEAN_TEMPLATE)
    assert rate.tmr.value == 1.0
    assert rate.tmr.standing is Standing.WEAK


def test_people_with_too_few_photos_are_not_fused() -> None:
    assert measure_fusion(draw_people(100, 2), resampling=QUICK) == ()
    assert measure_fusion(draw_people(19, 6), resampling=QUICK) == ()


def level(templates: Vectors) -> tuple[Scores, Scores]:
    """As if every template scored 0.1 against a cohort on average, and spread by 0.2."""
    number = len(templates)
    return np.full(number, 0.1, np.float32), np.full(number, 0.2, np.float32)


def test_normalised_scores_need_the_level_of_a_mean_template() -> None:
    sample = draw_people(60, 3, noise=1.1)
    leveled = sample.with_levels(*level(sample.templates))
    (without,) = measure_fusion(leveled, resampling=QUICK)
    assert Fusion.MEAN_TEMPLATE not in {rate.fusion for rate in without.rates}
    (with_level,) = measure_fusion(leveled, resampling=QUICK, level=level)
    (plain,) = measure_fusion(sample, resampling=QUICK)
    # The same level for all only moves and stretches scores, so that nothing changes.
    for fusion in Fusion:
        value = rate_of(plain, fusion).tmr.value
        assert rate_of(with_level, fusion).tmr.value == pytest.approx(value, abs=0.02)
