"""Four-bit shorthand for templates, scanned by FAISS's fast-scan kernels.

A codebook is computed from a model's Gaussian alone, so that it holds nobody's template:
each coordinate (or pair of coordinates, for long templates) gets the 16 levels that describe a
normal distribution best (Lloyd, "Least squares quantization in PCM", 1982), moved and scaled to
the coordinate's own mean and spread. The same Gaussian gives the same codebook on any machine.
This is the only module that imports FAISS, and only when a codebook is made.
"""

from __future__ import annotations

from functools import cache
from statistics import NormalDist
from typing import Any
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from mien.types import Gaussian, Vectors

__all__ = ["BLOCK_ROWS", "CodeBlock", "Codebook", "remove_rows", "use_one_thread"]

BLOCK_ROWS = 32_768
"""Templates in a block: small enough to spread over threads and to rewrite at once."""


_LEVELS = 16
_LONGEST_SINGLE = 128
_SEED = 20_240_501


class CodeBlock:
    """The shorthand of a few thousand templates, in their order. Never changed once shared."""

    def __init__(self, scanner: Any) -> None:  # noqa: ANN401 - FAISS has no types
        self._scanner = scanner
        self.count = int(scanner.ntotal)
        finalize(self, _wipe, scanner).atexit = False

    def extended(self, templates: Vectors) -> CodeBlock:
        """A copy with more templates at its end."""
        import faiss

        scanner = faiss.clone_index(self._scanner)
        scanner.add(templates)
        return CodeBlock(scanner)

    def without(self, rows: NDArray[np.intp]) -> CodeBlock:
        """A copy that lacks some rows; later ones move up."""
        import faiss

        scanner = faiss.clone_index(self._scanner)
        scanner.remove_ids(faiss.IDSelectorBatch(rows.astype(np.int64)))
        return CodeBlock(scanner)

    def wipe(self) -> None:
        """Overwrite the codes. It also happens when the last reader lets go of them."""
        _wipe(self._scanner)

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
    """How one model's templates are abbreviated: 4 bits a coordinate, or a pair of them."""

    def __init__(self, gaussian: Gaussian) -> None:
        import faiss

        dimension = len(gaussian.mean)
        width = 1 if dimension <= _LONGEST_SINGLE else 2
        self._blank: Any = faiss.IndexPQFastScan(
            dimension, dimension // width, 4, faiss.METRIC_INNER_PRODUCT
        )
        levels = _spread_levels(gaussian, width)
        faiss.copy_array_to_vector(levels.ravel(), self._blank.pq.centroids)
        self._blank.is_trained = True

    def extend(self, blocks: tuple[CodeBlock, ...], templates: Vectors) -> tuple[CodeBlock, ...]:
        """The blocks and codes of more templates, in the last block as far as it has room."""
        grown = list(blocks)
        start = 0
        while start < len(templates):
            if not grown or grown[-1].count >= BLOCK_ROWS:
                grown.append(CodeBlock(self._blank))
            end = start + BLOCK_ROWS - grown[-1].count
            grown[-1] = grown[-1].extended(templates[start:end])
            start = end
        return tuple(grown)


def remove_rows(blocks: tuple[CodeBlock, ...], rows: NDArray[np.intp]) -> tuple[CodeBlock, ...]:
    """The blocks without some rows, counted through all of them; later ones move up."""
    kept: list[CodeBlock] = []
    start = 0
    for block in blocks:
        own = rows[(rows >= start) & (rows < start + block.count)] - start
        start += block.count
        if len(own) < block.count:
            kept.append(block.without(own) if len(own) else block)
    return tuple(kept)


def use_one_thread() -> None:
    """Keep FAISS to the calling thread: a search is spread over blocks instead."""
    import faiss

    faiss.omp_set_num_threads(1)


def _view_codes(scanner: Any) -> NDArray[np.uint8]:  # noqa: ANN401 - FAISS has no types
    import faiss

    size = scanner.codes.size()
    view = faiss.rev_swig_ptr(scanner.codes.get(), size) if size else np.empty(0, np.uint8)
    return np.asarray(view)


def _wipe(scanner: Any) -> None:  # noqa: ANN401 - FAISS has no types
    _view_codes(scanner).fill(0)


def _spread_levels(gaussian: Gaussian, width: int) -> NDArray[np.float32]:
    """The levels of every group of `width` coordinates, shape (groups, 16, width)."""
    mean, covariance = _unit_length(gaussian)
    groups = np.arange(len(mean)).reshape(-1, width)
    blocks = covariance[groups[:, :, None], groups[:, None, :]]
    values, vectors = np.linalg.eigh(blocks)
    spread = vectors * np.sqrt(np.maximum(values, 0))[:, None, :]
    levels = mean[groups][:, None, :] + _normal_levels(width) @ spread.transpose(0, 2, 1)
    return np.ascontiguousarray(levels, dtype=np.float32)


def _unit_length(gaussian: Gaussian) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and covariance of the Gaussian's draws once each is scaled to unit length."""
    drawn = np.random.default_rng(_SEED).multivariate_normal(
        gaussian.mean.astype(np.float64),
        gaussian.covariance.astype(np.float64),
        size=20_000,
        check_valid="ignore",
        method="eigh",
    )
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn.mean(axis=0), np.cov(drawn, rowvar=False)


@cache
def _normal_levels(width: int) -> NDArray[np.float64]:
    """The 16 points that describe the standard normal of 1 or 2 dimensions, shape (16, width)."""
    draws = _normal_draws(width)
    levels = draws[:: len(draws) // _LEVELS][:_LEVELS]
    for _ in range(100):
        nearest = np.argmin(((draws[:, None, :] - levels) ** 2).sum(axis=2), axis=1)
        levels = np.array([draws[nearest == level].mean(axis=0) for level in range(_LEVELS)])
    return levels


def _normal_draws(width: int) -> NDArray[np.float64]:
    if width == 1:
        steps = (np.arange(4096) + 0.5) / 4096
        return np.array([[NormalDist().inv_cdf(step)] for step in steps])
    return np.random.default_rng(_SEED).standard_normal((8192, width))
