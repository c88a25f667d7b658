from __future__ import annotations

import numpy as np
import pytest

from evaluation.drawn import QUICK, draw_gaussian_trials, draw_people
from mien.evaluation.differentials import (
    CrossRate,
    Differentials,
    band_ages,
    choose_rate,
    measure_differentials,
)
from mien.evaluation.figures import Standing
from mien.evaluation.resampling import Resampling
from mien.evaluation.sample import Sample, make_sample
from mien.evaluation.trials import Trials, compare_all
from mien.evaluation.verification import last_refused

PEOPLE, PHOTOS = 120, 3


def draw_groups(*, alike: float = 0.0) -> Sample:
    """Half of the people are `x`, the other half `y`; those of `x` look that much alike."""
    generator = np.random.default_rng(0)
    own = generator.standard_normal((PEOPLE, 16))
    is_x = np.arange(PEOPLE) < PEOPLE // 2
    own[is_x] += alike * np.eye(16)[0] * 4
    whose = np.repeat(np.arange(PEOPLE), PHOTOS)
    vectors = own[whose] + 0.8 * generator.standard_normal((len(whose), 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return make_sample(
        vectors.astype(np.float32),
        [f"{one:03}" for one in whose],
        photos=[str(i) for i in range(len(whose))],
        groups={"team": ["x" if is_x[one] else "y" for one in whose]},
    )


def measure(sample: Sample) -> tuple[Trials, Differentials]:
    trials = compare_all(sample)
    (found,) = measure_differentials(sample, trials, resampling=QUICK)
    return trials, found


def test_rates_of_groups_are_counted_as_by_hand() -> None:
    sample = draw_groups()
    _, found = measure(sample)
    one, other = np.triu_indices(len(sample), k=1)
    scores = sample.score_pairs(one, other)
    team = np.array([sample.groups["team"][person] for person in sample.people])
    is_match = scores >= np.float32(found.threshold)
    is_mated = sample.people[one] == sample.people[other]
    for group in found.groups:
        within = (team[one] == group.group) & (team[other] == group.group)
        assert group.people == 60
        assert group.stranger_pairs == (within & ~is_mated).sum()
        assert group.mated_pairs == (within & is_mated).sum() == 60 * 3
        assert group.fmr.value == pytest.approx(is_match[within & ~is_mated].mean())
        assert group.fnmr.value == pytest.approx((~is_match[within & is_mated]).mean())
    (across,) = found.across
    is_across = team[one] != team[other]
    assert (across.one, across.other) == ("x", "y")
    assert across.stranger_pairs == is_across.sum()
    assert across.fmr.value == pytest.approx(is_match[is_across].mean())


def test_all_groups_are_judged_at_the_threshold_of_everybody() -> None:
    sample = draw_groups(alike=0.7)
    trials, found = measure(sample)
    refused = last_refused(trials, np.ones(PEOPLE), rates=np.array([found.fmr]))[0]
    assert found.threshold == np.nextafter(np.float32(refused), np.float32(np.inf))
    assert found.fmr == choose_rate(trials) == 1e-3


def test_a_group_whose_people_look_alike_has_more_false_matches() -> None:
    _, found = measure(draw_groups(alike=0.7))
    x, y = found.groups
    assert x.fmr.low is not None
    assert y.fmr.value is not None
    assert x.fmr.low > y.fmr.value
    assert x.fmr.value is not None
    ratio = x.fmr.value / y.fmr.value if y.fmr.value else None
    assert found.fmr_max_min.value == (None if ratio is None else pytest.approx(ratio))


def test_alike_groups_have_a_ratio_near_one_within_its_interval() -> None:
    sample = draw_groups()
    (found,) = measure_differentials(sample, compare_all(sample), resampling=QUICK)
    assert found.fmr_max_min.value is not None
    assert found.fmr_max_min.low is not None
    assert found.fmr_max_min.low < 1.5
    assert 1 <= found.fmr_max_min.value < 4
    assert found.fmr_max_mean.value == pytest.approx(found.fmr_max_min.value**0.5)
    assert "looks worse than it is" in found.fmr_max_min.note


def test_a_small_group_gets_no_figure() -> None:
    labels = ["few" if one < 5 else "many" for one in np.repeat(np.arange(60), 3)]
    sample = draw_people(60, 3, noise=1.0, groups={"team": labels})
    _, found = measure(sample)
    few = found.groups[0]
    assert (few.group, few.people) == ("few", 5)
    for figure in (few.fmr, few.fnmr, found.across[0].fmr, found.fmr_max_min):
        assert figure.value is None
        assert figure.standing is Standing.NOT_CARRIED
    assert few.fmr.note == "5 people, 90 pairs: too few"


def test_a_group_without_errors_leaves_no_ratio() -> None:
    labels = ["x" if one < 30 else "y" for one in np.repeat(np.arange(60), 3)]
    _, found = measure(draw_people(60, 3, noise=0.1, groups={"team": labels}))
    assert [group.fnmr.value for group in found.groups] == [0.0, 0.0]
    assert found.fnmr_max_min.value is None
    assert "without any error" in found.fnmr_max_min.note


def test_people_of_no_group_count_for_none() -> None:
    words = {0: "x", 1: "y", 2: ""}
    labels = [words[one % 3] for one in np.repeat(np.arange(60), 2).tolist()]
    _, found = measure(draw_people(60, 2, noise=1.0, groups={"team": labels}))
    assert [group.group for group in found.groups] == ["x", "y"]
    assert [group.people for group in found.groups] == [20, 20]
    assert found.across == (CrossRate("x", "y", 20 * 20 * 4, found.across[0].fmr),)


def test_ages_are_taken_by_tens() -> None:
    assert band_ages(["7", "24", "29", "", "101"]) == ["00-09", "20-29", "20-29", "", "100-109"]
    assert band_ages(["20.7", "31"]) == ["20-29", "30-39"]
    assert band_ages(["24", "old"]) == ["24", "old"]
    assert band_ages(["", ""]) == ["", ""]


def test_three_groups_are_compared_each_with_each() -> None:
    labels = ["abc"[one % 3] for one in np.repeat(np.arange(90), 2)]
    _, found = measure(draw_people(90, 2, noise=1.0, groups={"team": labels}))
    assert [(one.one, one.other) for one in found.across] == [("a", "b"), ("a", "c"), ("b", "c")]
    pairs = sum(group.stranger_pairs for group in found.groups)
    assert pairs + sum(one.stranger_pairs for one in found.across) == 90 * 89 // 2 * 4


def test_a_list_of_pairs_has_no_groups() -> None:
    sample = draw_groups()
    with pytest.raises(ValueError, match="no groups"):
        measure_differentials(
            sample, draw_gaussian_trials(2.0, mated=50, strangers=9000), resampling=QUICK
        )


def test_the_rate_is_the_lowest_that_thirty_false_matches_carry() -> None:
    assert choose_rate(draw_gaussian_trials(2.0, mated=9, strangers=30_000)) == 1e-3
    assert choose_rate(draw_gaussian_trials(2.0, mated=9, strangers=29_999)) == 1e-2
    assert choose_rate(draw_gaussian_trials(2.0, mated=9, strangers=100)) == 1e-2


def test_a_ratio_of_weak_rates_is_weak_and_may_have_no_upper_bound() -> None:
    """One group has two false matches: some draws have none, and their ratio no bound."""
    sample = draw_groups(alike=0.7)
    trials = compare_all(sample)
    (found,) = measure_differentials(sample, trials, resampling=Resampling(200))
    y = found.groups[1]
    assert y.fmr.standing is Standing.WEAK
    if y.fmr.value:
        assert found.fmr_max_min.standing is Standing.WEAK
        assert (found.fmr_max_min.high is None) == (y.fmr.low == 0.0)


def test_a_bound_counts_the_pairs_that_it_is_of() -> None:
    labels = ["x" if one < 30 else "y" for one in np.repeat(np.arange(60), 3)]
    sample = draw_people(60, 3, noise=0.1, groups={"team": labels})
    (found,) = measure_differentials(sample, compare_all(sample), resampling=QUICK)
    bounded = [group.fmr for group in found.groups if group.fmr.value == 0.0]
    assert all("pairs (95 %)" in figure.note for figure in bounded)
    assert all("people (95 %)" in group.fnmr.note for group in found.groups)
