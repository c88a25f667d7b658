"""Fits the cohort of nobody that belongs to a recogniser: a mixture of Gaussians on the sphere.

One photo each of many people is grouped by k-means; what is kept of a group is its mean and its
share, and of all groups one covariance. Templates lie on a sphere and Gaussians do not, so each
Gaussian is replaced by the moments of vectors drawn from it and brought to unit length. No
group has fewer than `LEAST_PEOPLE`: these are numbers about a model, and not about anybody.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from mien.types import Cohort, Vectors

CENTRES = 16
LEAST_PEOPLE = 20
_DRAWN = 2000
_ROUNDS = 50

_Numbers = NDArray[np.float64]


def fit_cohort(templates: Vectors, *, centres: int = CENTRES, seed: int = 0) -> Cohort:
    """From one template a person, shape (people, dimension)."""
    wide = templates.astype(np.float64)
    means, group = _group(wide, centres=min(centres, len(wide) // LEAST_PEOPLE), seed=seed)
    covariance = np.cov((wide - means[group]).T)
    weights = np.bincount(group) / len(group)
    return _bring_to_sphere(means, covariance, weights=weights, seed=seed)


def pick_one_each(people: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first template of each person, given the person of every template."""
    first: NDArray[np.int64] = np.unique(people, return_index=True)[1]
    return first


def _group(templates: _Numbers, *, centres: int, seed: int) -> tuple[_Numbers, NDArray[np.int64]]:
    """Means and the group of each template. While the smallest is too small, it is given up."""
    means, group = kmeans2(templates, max(1, centres), iter=_ROUNDS, minit="++", rng=seed)
    sizes = np.bincount(group, minlength=len(means))
    while len(means) > 1 and sizes.min() < LEAST_PEOPLE:
        fewer = np.delete(means, sizes.argmin(), axis=0)
        means, group = kmeans2(templates, fewer, iter=_ROUNDS, minit="matrix")
        sizes = np.bincount(group, minlength=len(means))
    return means, group


def _bring_to_sphere(
    means: _Numbers, covariance: _Numbers, *, weights: _Numbers, seed: int
) -> Cohort:
    values, axes = np.linalg.eigh(covariance)
    root = (axes * np.sqrt(np.maximum(values, 0))).T
    generator = np.random.default_rng(seed)
    centres = np.empty_like(means)
    spread = np.zeros_like(covariance)
    for place, (mean, weight) in enumerate(zip(means, weights, strict=True)):
        drawn = mean + generator.standard_normal((_DRAWN, len(mean))) @ root
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
        centres[place] = drawn.mean(axis=0)
        spread += weight * np.cov(drawn.T)
    return Cohort(*(part.astype(np.float32) for part in (centres, weights, spread)))
