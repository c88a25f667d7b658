"""Which people are looked at: drawn again with replacement, or parted in two, always by a seed.

Scores of one person depend on each other, so whole people are drawn and never pairs: the
subset bootstrap of Bolle, Ratha and Pankanti (2004), with both sides of a pair of strangers
drawn as vertices of a graph are (Snijders and Borgatti 1999). A replicate is a weight for
each person, how often they were drawn; a pair of strangers weighs the product of both, a
mated pair what its person does. Two copies of one person are no strangers and count nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.figures import Reals

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Resampling:
    """How often people are drawn again, and from which seed."""

    replicates: int = 500
    seed: int = 20_260_101

    def iter_weights(self, people: int) -> Iterator[Reals]:
        """Each replicate: how often each person was drawn, shape (people,)."""
        generator = np.random.default_rng(self.seed)
        for _ in range(self.replicates):
            drawn = generator.integers(people, size=people)
            yield np.bincount(drawn, minlength=people).astype(float)


def halve_people(people: int, *, seed: int) -> NDArray[np.bool_]:
    """Which people belong to the first of two halves, shape (people,)."""
    is_first = np.zeros(people, bool)
    is_first[np.random.default_rng(seed).permutation(people)[: people // 2]] = True
    return is_first


def fold_people(people: int, *, folds: int, seed: int) -> Codes:
    """The fold that each person belongs to, shape (people,); folds differ by one at most."""
    order = np.random.default_rng(seed).permutation(people)
    folded = np.empty(people, np.int64)
    folded[order] = np.arange(people) % folds
    return folded


def count_stranger_pairs(photos: Reals) -> float:
    """Pairs of different people, from how many photos each of them has (drawn copies counted)."""
    return float((photos.sum() ** 2 - (photos**2).sum()) / 2)
