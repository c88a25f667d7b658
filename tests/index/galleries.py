"""Synthetic templates: draws from a Gaussian of nobody, spread unevenly as real ones are."""

from __future__ import annotations

import numpy as np

from mien.types import Gaussian, Vectors

__all__ = ["DIMENSION", "draw_templates", "make_gaussian"]

DIMENSION = 16


def make_gaussian(dimension: int = DIMENSION) -> Gaussian:
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.standard_normal((dimension, dimension)))[0]
    spread = 1 / (1 + np.arange(dimension))
    covariance = (axes * spread) @ axes.T
    mean = 0.5 * axes[:, 0]
    return Gaussian(mean.astype(np.float32), covariance.astype(np.float32))


def draw_templates(count: int, *, seed: int, dimension: int = DIMENSION) -> Vectors:
    gaussian = make_gaussian(dimension)
    drawn = np.random.default_rng(seed).multivariate_normal(
        gaussian.mean, gaussian.covariance, size=count, check_valid="ignore"
    )
    unit: Vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    return unit
