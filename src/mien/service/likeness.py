"""Whether a face is of somebody known: compared in memory with a few templates, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.types import Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """Templates, shape (n, dimension), whose each is, and from which score on it is theirs."""

    templates: Vectors
    owners: Sequence[int]
    least_scores: NDArray[np.float32]

    def find_owner(self, embedding: NDArray[np.float32]) -> int | None:
        """Whose template is the most alike, of those that are alike enough."""
        scores = self.templates @ embedding
        scores[scores < self.least_scores] = -np.inf
        if not np.isfinite(scores).any():
            return None
        return self.owners[int(np.argmax(scores))]


def know_nobody(dimension: int) -> Likeness:
    """Takes no face for anybody's."""
    return Likeness(np.empty((0, dimension), np.float32), (), np.empty(0, np.float32))
