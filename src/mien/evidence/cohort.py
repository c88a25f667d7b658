"""Scores brought to one scale by a cohort of nobody.

Some faces score high against everybody, so one cosine does not mean the same for all. For each
template the mean and the deviation of the highest fifth of its scores against a cohort are
known, and a score of two templates is measured from both sides' own: adaptive symmetric
normalisation (Matejka et al., Interspeech 2017), as for speakers. The cohort is a mixture of
Gaussians and holds nobody. The scores of a template t against it are a mixture too, of
one-dimensional Gaussians with means t·c and variance tᵀSt, so its highest fifth is known without
drawing any: a cohort without end. docs/decisions/evidence-cohort-of-nobody.md has what it gains.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from mien.types import Cohort, Vectors

__all__ = ["TOP_SHARE", "Levels", "find_levels", "normalise"]

TOP_SHARE = 0.2
"""How much of the cohort counts: those that score highest against a template."""

_TOP_DEVIATIONS = 0.84162
"""How far above its mean the highest fifth of a single Gaussian begins."""
_STEPS = 2
_LEAST_DEVIATION = 1e-6
_LEAST_SLOPE = 1e-6
_FURTHEST = 8.0
_KNOTS_A_DEVIATION = 128
_DENSITY = 1 / math.sqrt(2 * math.pi)

_Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Of each template, the mean and the deviation of its highest scores against nobody, (n,)."""

    means: _Numbers
    deviations: _Numbers

    def __getitem__(self, rows: slice) -> Levels:
        return Levels(self.means[rows], self.deviations[rows])


def find_levels(cohort: Cohort, templates: Vectors) -> Levels:
    """The levels of templates of unit length, shape (n, dimension)."""
    own = (templates @ cohort.centres.T).astype(np.float64)
    variances = np.einsum("nd,nd->n", templates @ cohort.spread, templates)
    width = np.sqrt(np.maximum(variances, _LEAST_DEVIATION**2)).astype(np.float64)[:, np.newaxis]
    weights = cohort.weights.astype(np.float64)
    start = _find_start(own, width, weights=weights)[:, np.newaxis]
    share, density = _tail((start - own) / width)
    mass = share @ weights
    first = (own * share + width * density) @ weights / mass
    second = ((own**2 + width**2) * share + width * (own + start) * density) @ weights / mass
    return Levels(first, np.sqrt(np.maximum(second - first**2, _LEAST_DEVIATION**2)))


def normalise(scores: NDArray[np.floating], *, probes: Levels, candidates: Levels) -> _Numbers:
    """Normalised scores of cosines, both of shape (probes, candidates).

    They count the cohort's deviations above its mean, and are 0 for what nobody reaches too.
    """
    of_probes = (scores - probes.means[:, np.newaxis]) / probes.deviations[:, np.newaxis]
    of_candidates = (scores - candidates.means) / candidates.deviations
    normalised: _Numbers = (of_probes + of_candidates) / 2
    return normalised


def _find_start(own: _Numbers, width: _Numbers, *, weights: _Numbers) -> _Numbers:
    """Where the highest fifth of each mixture begins: Newton's method, kept within bounds."""
    mean = own @ weights
    spread = np.sqrt(np.maximum((own**2) @ weights - mean**2, 0) + width[:, 0] ** 2)
    start = mean + _TOP_DEVIATIONS * spread
    low, high = own.min(axis=1) - width[:, 0], own.max(axis=1) + 2 * width[:, 0]
    for _ in range(_STEPS):
        share, density = _tail((start[:, np.newaxis] - own) / width)
        # Between centres that lie far apart nothing is, and a step only keeps within the bounds.
        slope = np.maximum((density @ weights) / width[:, 0], _LEAST_SLOPE)
        start = np.clip(start + (share @ weights - TOP_SHARE) / slope, low, high)
    return start


def _tail(deviations: _Numbers) -> tuple[_Numbers, _Numbers]:
    """A standard Gaussian's share above, to within 2e-6, and its density, at so many deviations."""
    shares, steps = _tabulate_share()
    places = np.clip((deviations + _FURTHEST) * _KNOTS_A_DEVIATION, 0, len(steps) - 1e-6)
    knots = places.astype(np.intp)
    share = shares[knots] + (places - knots) * steps[knots]
    return share, np.exp(-0.5 * deviations * deviations) * _DENSITY


@cache
def _tabulate_share() -> tuple[_Numbers, _Numbers]:
    """The share above each of evenly spaced deviations, and the step to the next one's."""
    count = int(2 * _FURTHEST * _KNOTS_A_DEVIATION) + 1
    deviations = np.linspace(-_FURTHEST, _FURTHEST, count).tolist()
    shares = np.array([math.erfc(one / math.sqrt(2)) / 2 for one in deviations])
    return shares, np.diff(shares)
