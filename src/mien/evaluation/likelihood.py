"""From scores to likelihood ratios: how much more often one person gives a score than two do.

The pool adjacent violators algorithm (Ayer et al. 1955) gives the best ratios that never
fall as scores rise. One unseen pair of each kind at both ends keeps every ratio finite, as
no finite data speak for an infinite one. Natural logarithms throughout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.evaluation.figures import Reals
from mien.evaluation.sample import Scores

_KNOTS_MOST = 200


@dataclass(frozen=True, slots=True)
class LikelihoodCurve:
    """Logarithms of likelihood ratios at rising scores; linear between, level beyond the ends."""

    scores: tuple[float, ...]
    log_ratios: tuple[float, ...]

    def find_log_ratios(self, scores: Scores) -> Reals:
        found: Reals = np.interp(scores.astype(float), self.scores, self.log_ratios)
        return found


def fit_likelihood(mated: Scores, strangers: Scores) -> LikelihoodCurve:
    """The curve of scores of one person, and of scores of two; each kind counts as much."""
    low = min(mated.min(), strangers.min())
    high = max(mated.max(), strangers.max())
    scores = np.concatenate([mated, strangers, [low, low, high, high]]).astype(float)
    is_mated = np.zeros(len(scores), bool)
    is_mated[: len(mated)] = True
    is_mated[[-4, -2]] = True
    share = is_mated.mean()
    weights = np.where(is_mated, 0.5 / share, 0.5 / (1 - share)) / len(scores)
    order = np.argsort(scores, kind="stable")
    scores, weights = scores[order], weights[order]
    posterior = pool(scores, is_mated[order].astype(float), weights=weights)
    return _make_curve(scores, posterior, weights=weights)


def pool(scores: Reals, is_mated: Reals, *, weights: Reals) -> Reals:
    """The posterior of one person at each rising score, never falling; ties share one."""
    from scipy.optimize import isotonic_regression

    _, first, back = np.unique(scores, return_index=True, return_inverse=True)
    mass = np.add.reduceat(weights, first)
    mated = np.add.reduceat(weights * is_mated, first)
    is_counted = mass > 0
    fitted = np.zeros(len(mass))
    if is_counted.any():
        share = mated[is_counted] / mass[is_counted]
        fitted[is_counted] = isotonic_regression(share, weights=mass[is_counted]).x
    pooled: Reals = fitted[back]
    return pooled


def _make_curve(scores: Reals, posterior: Reals, *, weights: Reals) -> LikelihoodCurve:
    """One knot in the middle of each level, so that ratios rise smoothly from level to level."""
    starts = np.flatnonzero(np.diff(posterior, prepend=-1.0) > 0)
    mass = np.add.reduceat(weights, starts)
    middles = np.add.reduceat(weights * scores, starts) / mass
    levels = np.clip(posterior[starts], 1e-12, 1 - 1e-12)
    log_ratios = np.log(levels) - np.log1p(-levels)
    if len(starts) > _KNOTS_MOST:
        chosen = np.unique(np.linspace(0, len(starts) - 1, _KNOTS_MOST).astype(int))
        middles, log_ratios = middles[chosen], log_ratios[chosen]
    return LikelihoodCurve(tuple(middles.tolist()), tuple(log_ratios.tolist()))
