"""Chips to embeddings: each chip and its mirror image are seen, and their outputs averaged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mien.types import Rgb, Vectors
from mien.vision.session import Session

__all__ = ["Embedder"]

_BATCH_CHIPS = 8


class Embedder:
    """One recogniser; may be used from several threads."""

    def __init__(self, session: Session, *, dimension: int) -> None:
        self._session = session
        self.dimension = dimension

    def embed(self, chips: Sequence[Rgb]) -> Vectors:
        """Unit vectors, one for each chip, shape (chips, dimension)."""
        vectors = np.empty((len(chips), self.dimension), np.float32)
        for start in range(0, len(chips), _BATCH_CHIPS):
            batch = chips[start : start + _BATCH_CHIPS]
            both = self._session.run(_with_mirrors(batch))[0]
            vectors[start : start + len(batch)] = both.reshape(len(batch), 2, -1).mean(axis=1)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


def _with_mirrors(chips: Sequence[Rgb]) -> NDArray[np.float32]:
    """Each chip, then its mirror image: shape (2 x chips, 3, side, side)."""
    planes = np.stack(chips).transpose(0, 3, 1, 2)
    both = np.stack([planes, planes[..., ::-1]], axis=1).astype(np.float32)
    return both.reshape(-1, *planes.shape[1:])
