from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.evaluation.likelihood import fit_likelihood, pool


def test_ratios_of_gaussian_scores_are_the_scores_themselves() -> None:
    """Where one person scores N(2, 4) and two N(-2, 4), a score is its own log likelihood ratio."""
    generator = np.random.default_rng(0)
    mated = generator.normal(2, 2, 100_000).astype(np.float32)
    strangers = generator.normal(-2, 2, 100_000).astype(np.float32)
    curve = fit_likelihood(mated, strangers)
    scores = np.linspace(-3, 3, 13).astype(np.float32)
    assert np.allclose(curve.find_log_ratios(scores), scores, atol=0.15)


def test_ratios_do_not_depend_on_how_many_pairs_of_a_kind_there_are() -> None:
    generator = np.random.default_rng(1)
    mated = generator.normal(2, 2, 60_000).astype(np.float32)
    strangers = generator.normal(-2, 2, 60_000).astype(np.float32)
    scores = np.linspace(-2, 2, 9).astype(np.float32)
    many = fit_likelihood(mated, strangers).find_log_ratios(scores)
    few = fit_likelihood(mated[:6000], strangers).find_log_ratios(scores)
    assert np.allclose(many, few, atol=0.25)


@given(
    mated=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=40),
    strangers=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=40),
)
def test_ratios_are_finite_and_never_fall(mated: list[float], strangers: list[float]) -> None:
    curve = fit_likelihood(np.array(mated, np.float32), np.array(strangers, np.float32))
    scores = np.linspace(-2, 2, 101).astype(np.float32)
    found = curve.find_log_ratios(scores)
    assert np.isfinite(found).all()
    assert (np.diff(found) >= 0).all()


def test_perfect_separation_claims_no_more_than_its_pairs_carry() -> None:
    curve = fit_likelihood(np.full(99, 0.9, np.float32), np.full(99, 0.1, np.float32))
    high = float(curve.find_log_ratios(np.array([0.95], np.float32))[0])
    # 99 pairs and the unseen ones of their own kind, against one unseen stranger.
    assert high == pytest.approx(np.log(101), rel=0.05)


def test_pooling_solves_the_example_of_violators() -> None:
    scores, truth = np.arange(6.0), np.array([0, 1, 0, 0, 1, 1.0])
    pooled = pool(scores, truth, weights=np.ones(6))
    assert pooled.tolist() == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3, 1, 1])


def test_equal_scores_share_one_posterior() -> None:
    pooled = pool(np.array([1.0, 1, 1, 2]), np.array([0.0, 1, 0, 1]), weights=np.ones(4))
    assert pooled.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1])


def test_pairs_without_weight_change_nothing() -> None:
    scores, truth = np.arange(6.0), np.array([0, 1, 0, 0, 1, 1.0])
    weights = np.array([1.0, 0, 1, 1, 1, 1])
    pooled = pool(scores, truth, weights=weights)
    without = pool(scores[weights > 0], truth[weights > 0], weights=weights[weights > 0])
    assert pooled[weights > 0].tolist() == pytest.approx(without.tolist())
