from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

from mien.evidence.cohort import TOP_SHARE, Levels, find_levels, normalise
from mien.types import Cohort, Vectors
from mien.vault.rotation import make_rotation

DIMENSION = 24


def draw_units(count: int, *, seed: int) -> Vectors:
    drawn = np.random.default_rng(seed).standard_normal((count, DIMENSION))
    units: Vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    return units


def draw_cohort(*, centres: int = 5, seed: int = 0, spread: float = 0.02) -> Cohort:
    generator = np.random.default_rng(seed)
    root = generator.standard_normal((DIMENSION, DIMENSION)) * spread
    weights = generator.random(centres) + 0.1
    return Cohort(
        centres=0.8 * draw_units(centres, seed=seed + 100),
        weights=(weights / weights.sum()).astype(np.float32),
        spread=(root @ root.T).astype(np.float32),
    )


def scores_of(cohort: Cohort, template: Vectors, *, drawn: int) -> NDArray[np.float64]:
    """Scores of a template against a cohort that is really drawn."""
    generator = np.random.default_rng(1)
    weights = cohort.weights / cohort.weights.sum()
    which = generator.choice(len(weights), size=drawn, p=weights)
    spread = cohort.spread.astype(float)
    noise = generator.multivariate_normal(np.zeros(DIMENSION), spread, size=drawn)
    return np.asarray((cohort.centres[which] + noise) @ template)


def moments_by_scipy(cohort: Cohort, template: Vectors) -> tuple[float, float]:
    """The same by root finding and by scipy's truncated Gaussians."""
    means = cohort.centres.astype(float) @ template
    width = float(np.sqrt(template @ cohort.spread.astype(float) @ template))
    weights = cohort.weights.astype(float) / cohort.weights.sum()

    def above(start: float) -> float:
        return float(weights @ norm.sf(start, means, width)) - TOP_SHARE

    start = brentq(above, means.min() - 9 * width, means.max() + 9 * width)
    mass = weights * norm.sf(start, means, width) / TOP_SHARE
    parts = [norm(mean, width) for mean in means]
    first = sum(
        m * part.expect(lambda x: x, lb=start, conditional=True)
        for m, part in zip(mass, parts, strict=True)
        if m > 1e-12
    )
    second = sum(
        m * part.expect(lambda x: x * x, lb=start, conditional=True)
        for m, part in zip(mass, parts, strict=True)
        if m > 1e-12
    )
    return float(first), float(np.sqrt(second - first**2))


@pytest.mark.parametrize("seed", range(4))
def test_a_level_is_the_limit_of_drawn_cohorts(seed: int) -> None:
    cohort = draw_cohort(seed=seed)
    template = draw_units(1, seed=50 + seed)
    levels = find_levels(cohort, template)
    scores = np.sort(scores_of(cohort, template[0], drawn=400_000))
    top = scores[-int(TOP_SHARE * len(scores)) :]
    assert levels.means[0] == pytest.approx(top.mean(), abs=2e-3)
    assert levels.deviations[0] == pytest.approx(top.std(), rel=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_a_level_agrees_with_scipy(seed: int) -> None:
    cohort = draw_cohort(centres=3, seed=seed, spread=0.05)
    template = draw_units(1, seed=70 + seed)
    levels = find_levels(cohort, template)
    mean, deviation = moments_by_scipy(cohort, template[0].astype(float))
    assert levels.means[0] == pytest.approx(mean, abs=1e-4)
    assert levels.deviations[0] == pytest.approx(deviation, rel=1e-3)


def test_one_gaussian_has_the_textbook_moments_of_its_highest_fifth() -> None:
    spread = np.eye(DIMENSION, dtype=np.float32) * np.float32(0.01)
    cohort = Cohort(np.zeros((1, DIMENSION), np.float32), np.ones(1, np.float32), spread)
    levels = find_levels(cohort, draw_units(3, seed=1))
    start = norm.isf(TOP_SHARE)
    mean = norm.pdf(start) / TOP_SHARE
    variance = 1 + start * mean - mean**2
    np.testing.assert_allclose(levels.means, 0.1 * mean, rtol=5e-4)
    np.testing.assert_allclose(levels.deviations, 0.1 * np.sqrt(variance), rtol=5e-4)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), centres=st.integers(1, 16), log_spread=st.floats(-4, 0))
def test_levels_are_finite_and_lie_above_the_cohorts_mean(
    seed: int, centres: int, log_spread: float
) -> None:
    cohort = draw_cohort(centres=centres, seed=seed, spread=10**log_spread)
    templates = draw_units(4, seed=seed + 1)
    levels = find_levels(cohort, templates)
    mean = (templates @ cohort.centres.T) @ cohort.weights
    assert np.isfinite(levels.means).all()
    assert (levels.deviations > 0).all()
    assert (levels.means >= mean - 1e-3).all()


def test_a_template_has_the_same_level_alone_and_among_others() -> None:
    cohort, templates = draw_cohort(), draw_units(9, seed=3)
    together = find_levels(cohort, templates)
    alone = [find_levels(cohort, template[np.newaxis]) for template in templates]
    np.testing.assert_allclose(together.means, [one.means[0] for one in alone], atol=1e-6)
    np.testing.assert_allclose(together.deviations, [one.deviations[0] for one in alone], rtol=1e-4)


def test_turning_templates_and_cohort_alike_changes_no_level() -> None:
    cohort, templates = draw_cohort(), draw_units(6, seed=4)
    rotation = make_rotation(DIMENSION)
    plain = find_levels(cohort, templates)
    turned = find_levels(rotation.turn_cohort(cohort), rotation.turn(templates))
    np.testing.assert_allclose(turned.means, plain.means, atol=1e-5)
    np.testing.assert_allclose(turned.deviations, plain.deviations, rtol=1e-3)


def test_a_normalised_score_is_the_mean_of_both_sides() -> None:
    probes = Levels(np.array([0.5]), np.array([0.1]))
    candidates = Levels(np.array([0.6, 0.4]), np.array([0.2, 0.05]))
    found = normalise(np.array([[0.8, 0.7]]), probes=probes, candidates=candidates)
    np.testing.assert_allclose(found, [[(3 + 1) / 2, (2 + 6) / 2]])


def test_normalised_scores_are_symmetric_and_rise_with_the_cosine() -> None:
    cohort, templates = draw_cohort(), draw_units(5, seed=6)
    levels = find_levels(cohort, templates)
    cosines = (templates @ templates.T).astype(float)
    normalised = normalise(cosines, probes=levels, candidates=levels)
    np.testing.assert_allclose(normalised, normalised.T, atol=1e-9)
    higher = normalise(cosines + 0.01, probes=levels, candidates=levels)
    assert (higher > normalised).all()


def test_a_face_that_is_like_many_scores_lower_for_the_same_cosine() -> None:
    cohort = draw_cohort(centres=1, spread=0.03)
    common = (cohort.centres[0] / np.linalg.norm(cohort.centres[0])).astype(np.float32)
    rare = draw_units(1, seed=9)[0]
    levels = find_levels(cohort, np.stack([common, rare]))
    same_cosine = np.array([[0.9, 0.9]])
    of_common, of_rare = normalise(same_cosine, probes=levels[:1], candidates=levels)[0]
    assert of_common < of_rare
