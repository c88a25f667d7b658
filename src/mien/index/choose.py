"""Which index a gallery gets."""

from __future__ import annotations

from mien.index.exact import ExactIndex
from mien.index.scan import ScanIndex
from mien.types import Gaussian

__all__ = ["SCAN_FROM_FACES", "open_index"]

SCAN_FROM_FACES = 50_000
"""Below it brute force is fast enough, and needs no codebook."""


def open_index(*, dimension: int, gaussian: Gaussian, expected_size: int) -> ExactIndex | ScanIndex:
    """An empty index for about that many faces of the model with this Gaussian."""
    if expected_size < SCAN_FROM_FACES:
        return ExactIndex(dimension)
    return ScanIndex(dimension, gaussian)
