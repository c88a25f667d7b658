"""Four-bit shorthand for templates, scanned by FAISS's fast-scan kernels.

A codebook is computed from a model's Gaussian alone, so that it holds nobody's template: every
coordinate gets the levels that describe a normal distribution best (Lloyd, "Least squares
quantization in PCM", 1982), moved and scaled to the coordinate's own mean and spread. Up to 128
coordinates have 16 levels each; longer templates have 4, and two coordinates share a code. The
same Gaussian gives the same codebook anywhere. FAISS is imported when a codebook is made.
"""

from __future__ import annotations

from functools import cache
from statistics import NormalDist
from typing import Any
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from mien.types import Gaussian, Vectors

__all__ = ["BLOCK_ROWS", "CodeBlock", "Codebook", "use_one_thread"]

BLOCK_ROWS = 65_536
"""Templates in a block: few enough to spread over threads, enough to outweigh a call."""

_CODE_BITS = 4
_LONGEST_SINGLE = 128
_DRAWS = 8192
_SEED = 20_240_501
_ENCODE_ROWS = 1024


class CodeBlock:
    """The shorthand of some templates, in their order; never changed.

    Its bytes are overwritten when the last reader lets go of it.
    """

    def __init__(self, scanner: Any) -> None:  # noqa: ANN401 - FAISS has no types
        self._scanner = scanner
        self.count = int(scanner.ntotal)
        finalize(self, _wipe, scanner).atexit = False

    def followed_by(self, other: CodeBlock) -> CodeBlock:
        """The codes of both in a block of their own; the other is used up."""
        import faiss

        scanner = faiss.clone_index(self._scanner)
        scanner.merge_from(other._scanner, 0)
        return CodeBlock(scanner)

    def as_bytes(self) -> NDArray[np.uint8]:
        """The codes themselves in FAISS's packing; a view, not a copy."""
        return _view_codes(self._scanner)

    def find_nearest(
        self, probes: Vectors, count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Rough scores, falling, and rows, both of shape (probes, min(count, self.count))."""
        rough, rows = self._scanner.search(probes, min(count, self.count))
        return rough, rows


class Codebook:
    """How one model's templates are abbreviated."""

    def __init__(self, gaussian: Gaussian) -> None:
        dimension = len(gaussian.mean)
        self._group = 1 if dimension <= _LONGEST_SINGLE or dimension % 2 else 2
        mean, spread = _measure_unit_length(gaussian)
        normal = np.array(_find_normal_levels(16 if self._group == 1 else 4))
        levels = (mean + normal[:, None] * spread).astype(np.float32)
        self._borders = (levels[1:] + levels[:-1]) / 2
        self._blank = _make_blank(levels, self._group)

    def extend(self, blocks: tuple[CodeBlock, ...], templates: Vectors) -> tuple[CodeBlock, ...]:
        """The blocks and codes of more templates, in the last block as far as it has room."""
        grown = list(blocks)
        start = 0
        while start < len(templates):
            room = BLOCK_ROWS - grown[-1].count if grown else 0
            end = start + (room or BLOCK_ROWS)
            fresh = self._encode(templates[start:end])
            grown[-1:] = [grown[-1].followed_by(fresh)] if room else [*grown[-1:], fresh]
            start = end
        return tuple(grown)

    def _encode(self, templates: Vectors) -> CodeBlock:
        import faiss

        flat: Any = faiss.clone_index(self._blank)
        codes = [
            self._find_codes(templates[start : start + _ENCODE_ROWS])
            for start in range(0, len(templates), _ENCODE_ROWS)
        ]
        flat.add_sa_codes(np.concatenate(codes))
        return CodeBlock(faiss.IndexPQFastScan(flat))

    def _find_codes(self, templates: Vectors) -> NDArray[np.uint8]:
        """Two codes a byte, the first in the lower half; shape (n, bytes)."""
        levels = np.zeros(templates.shape, np.uint8)
        for border in self._borders:
            levels += (templates > border).view(np.uint8)
        codes = levels if self._group == 1 else levels[:, ::2] | (levels[:, 1::2] << 2)
        if codes.shape[1] % 2:
            codes = np.pad(codes, ((0, 0), (0, 1)))
        return np.ascontiguousarray(codes[:, ::2] | (codes[:, 1::2] << _CODE_BITS))


def use_one_thread() -> None:
    """Keep FAISS to the calling thread: a search is spread over blocks instead."""
    import faiss

    faiss.omp_set_num_threads(1)


def _make_blank(levels: NDArray[np.float32], group: int) -> Any:  # noqa: ANN401 - FAISS has no types
    """An empty index of flat codes. `levels` has shape (levels of a coordinate, dimension)."""
    import faiss

    dimension = levels.shape[1]
    codes = np.arange(2**_CODE_BITS)
    coordinates = [codes] if group == 1 else [codes % 4, codes // 4]
    centroids = np.stack(
        [levels[own, place::group] for place, own in enumerate(coordinates)], axis=-1
    )
    blank: Any = faiss.IndexPQ(
        dimension, dimension // group, _CODE_BITS, faiss.METRIC_INNER_PRODUCT
    )
    faiss.copy_array_to_vector(centroids.transpose(1, 0, 2).ravel(), blank.pq.centroids)
    blank.is_trained = True
    return blank


def _view_codes(scanner: Any) -> NDArray[np.uint8]:  # noqa: ANN401 - FAISS has no types
    import faiss

    size = scanner.codes.size()
    view = faiss.rev_swig_ptr(scanner.codes.get(), size) if size else np.empty(0, np.uint8)
    return np.asarray(view)


def _wipe(scanner: Any) -> None:  # noqa: ANN401 - FAISS has no types
    _view_codes(scanner).fill(0)


def _measure_unit_length(gaussian: Gaussian) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and spread of each coordinate of the Gaussian's draws, scaled to unit length."""
    values, vectors = np.linalg.eigh(gaussian.covariance.astype(np.float64))
    root = vectors * np.sqrt(np.maximum(values, 0))
    normal = np.random.default_rng(_SEED).standard_normal((_DRAWS, len(gaussian.mean)))
    drawn = gaussian.mean + normal @ root.T
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn.mean(axis=0), drawn.std(axis=0)


@cache
def _find_normal_levels(count: int) -> tuple[float, ...]:
    """The points that describe the standard normal distribution best, rising."""
    steps = (np.arange(4096) + 0.5) / 4096
    normal = np.array([NormalDist().inv_cdf(step) for step in steps])
    levels = normal[len(normal) // (2 * count) :: len(normal) // count]
    for _ in range(200):
        nearest = np.searchsorted((levels[1:] + levels[:-1]) / 2, normal)
        levels = np.bincount(nearest, normal, count) / np.bincount(nearest, minlength=count)
    return tuple(levels.tolist())
