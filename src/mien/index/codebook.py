"""How the templates of one model are abbreviated to four-bit codes.

A codebook is computed from the model's Gaussian alone, so that it holds nobody's template, and
is the same wherever it is computed. A template is seen along axes of its own: the first is the
direction of the mean; the others span all directions in which templates vary, mixed so that they
are equally wide. Each axis has one code of 16 levels; the first, on which scores depend most, a
second one for what the first leaves over. Templates of more than 128 coordinates are taken as
they are, with 4 levels a coordinate, two of which share a code. The levels are those that
describe a normal distribution best (Lloyd, "Least squares quantization in PCM", 1982).
"""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from mien.index.codes import CodeBlock, Packer
from mien.types import Gaussian, Vectors

__all__ = ["BLOCK_ROWS", "Codebook"]

BLOCK_ROWS = 65_536
"""Templates in a block: few enough to spread over threads, enough to outweigh a call."""

_LONGEST_SINGLE = 128
_DRAWS = 8192
_SEED = 20_240_501
_ENCODE_ROWS = 4096
_LEFT_OUT = 2e-4
"""Share of the variance that may lie along directions without an axis; levels lose more."""


class Codebook:
    def __init__(self, gaussian: Gaussian) -> None:
        drawn = _draw_unit_length(gaussian)
        dimension = drawn.shape[1]
        self._is_paired = dimension > _LONGEST_SINGLE and dimension % 2 == 0
        self._axes = np.eye(dimension, dtype=np.float32) if self._is_paired else _find_axes(drawn)
        again = 0 if self._is_paired else 1
        self._probe_axes = np.hstack((self._axes, self._axes[:, :again]))
        placed = drawn @ self._axes
        coarse, fine = _find_normal_levels(4 if self._is_paired else 16)
        self._levels = placed.mean(axis=0) + coarse[:, None] * placed.std(axis=0)
        self._fine_levels = fine[:, None] * placed[:, :1].std(axis=0)
        self._packer = Packer(self._find_points())

    def place(self, probes: Vectors) -> Vectors:
        """The probes along the axes, as `CodeBlock.find_nearest` takes them."""
        placed: Vectors = probes @ self._probe_axes
        return placed

    def extend(self, blocks: tuple[CodeBlock, ...], templates: Vectors) -> tuple[CodeBlock, ...]:
        """The blocks and codes of more templates, in the last block as far as it has room."""
        grown = list(blocks)
        start = 0
        while start < len(templates):
            room = BLOCK_ROWS - grown[-1].count if grown else 0
            end = start + (room or BLOCK_ROWS)
            fresh = self._packer.pack(self.encode(templates[start:end]))
            grown[-1:] = [grown[-1].followed_by(fresh)] if room else [*grown[-1:], fresh]
            start = end
        return tuple(grown)

    def encode(self, templates: Vectors) -> NDArray[np.uint8]:
        """Codes, one a byte, shape (n, codes of a template)."""
        starts = range(0, len(templates), _ENCODE_ROWS)
        return np.concatenate([self._encode(templates[s : s + _ENCODE_ROWS]) for s in starts])

    def _encode(self, templates: Vectors) -> NDArray[np.uint8]:
        placed = templates @ self._axes
        codes = _find_nearest_levels(placed, self._levels)
        if self._is_paired:
            paired: NDArray[np.uint8] = codes[:, ::2] | (codes[:, 1::2] << np.uint8(2))
            return paired
        leftover = placed[:, :1] - self._levels[codes[:, :1], 0]
        return np.hstack((codes, _find_nearest_levels(leftover, self._fine_levels)))

    def _find_points(self) -> NDArray[np.float32]:
        """What each code stands for, shape (codes of a template, 16, columns of a code)."""
        if not self._is_paired:
            return np.hstack((self._levels, self._fine_levels)).T[:, :, None]
        code = np.arange(16)
        pairs = (self._levels[code % 4, ::2], self._levels[code // 4, 1::2])
        return np.stack(pairs, axis=-1).transpose(1, 0, 2)


def _draw_unit_length(gaussian: Gaussian) -> Vectors:
    values, vectors = np.linalg.eigh(gaussian.covariance.astype(np.float64))
    root = vectors * np.sqrt(np.maximum(values, 0))
    normal = np.random.default_rng(_SEED).standard_normal((_DRAWS, len(gaussian.mean)))
    drawn = gaussian.mean + normal @ root.T
    unit: Vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _find_axes(drawn: Vectors) -> Vectors:
    """Orthogonal axes of unit length, one a column: the mean's first, the others all alike."""
    mean = drawn.mean(axis=0, dtype=np.float64)
    mean /= np.linalg.norm(mean)
    beside = drawn - np.outer(drawn @ mean, mean)
    values, vectors = np.linalg.eigh(np.cov(beside, rowvar=False))
    principal = vectors[:, np.cumsum(values) > _LEFT_OUT * values.sum()]
    count = principal.shape[1]
    mixed = np.linalg.qr(np.random.default_rng(_SEED).standard_normal((count, count)))[0]
    return np.column_stack((mean, principal @ mixed)).astype(np.float32)


def _find_nearest_levels(
    placed: NDArray[np.floating], levels: NDArray[np.floating]
) -> NDArray[np.uint8]:
    """For each value the number of the level of its column that is nearest; levels rise."""
    nearest = np.zeros(placed.shape, np.uint8)
    for border in (levels[1:] + levels[:-1]) / 2:
        nearest += (placed > border).view(np.uint8)
    return nearest


@cache
def _find_normal_levels(count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Rising levels for the standard normal distribution, and 16 for what they leave over."""
    steps = (np.arange(4096) + 0.5) / 4096
    normal = np.array([NormalDist().inv_cdf(step) for step in steps])
    coarse = _fit_levels(normal, count)
    leftover = normal - coarse[np.searchsorted((coarse[1:] + coarse[:-1]) / 2, normal)]
    return coarse.astype(np.float32), _fit_levels(np.sort(leftover), 16).astype(np.float32)


def _fit_levels(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Lloyd's iteration on rising values."""
    levels = values[len(values) // (2 * count) :: len(values) // count]
    for _ in range(200):
        nearest = np.searchsorted((levels[1:] + levels[:-1]) / 2, values)
        levels = np.bincount(nearest, values, count) / np.bincount(nearest, minlength=count)
    return levels
