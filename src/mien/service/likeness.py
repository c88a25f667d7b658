"""Whether a face is of somebody known: compared in memory with a few templates, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.evidence.cohort import Levels, find_levels, normalise
from mien.types import Cohort, Vectors


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


@dataclass(frozen=True, slots=True, eq=False)
class PersonLikeness:
    """One template a person, fused of all of theirs, and what a face must reach by both scores.

    A fused template scores higher against strangers too: by its cosine two to three times as many
    would get in, by the normalised score up to half more. docs/decisions has the measurement.
    """

    templates: Vectors
    owners: Sequence[int]
    cohort: Cohort
    levels: Levels
    least_score: float
    least_cosine: float

    def find_owner(self, embedding: NDArray[np.float32]) -> int | None:
        """Whose template is the most alike, where it is alike enough."""
        probe = embedding[np.newaxis]
        cosines = (probe @ self.templates.T).astype(np.float64)
        levels = find_levels(self.cohort, probe)
        scores = normalise(cosines, probes=levels, candidates=self.levels)[0]
        scores[cosines[0] < self.least_cosine] = -np.inf
        best = int(np.argmax(scores))
        return self.owners[best] if scores[best] >= self.least_score else None


def fuse(
    templates: Vectors,
    owners: Sequence[int],
    *,
    cohort: Cohort,
    least_score: float,
    least_cosine: float,
) -> PersonLikeness:
    """Of at least one template, shape (n, dimension), and whose each is."""
    people, place = np.unique(np.asarray(owners), return_inverse=True)
    sums = np.zeros((len(people), templates.shape[1]), np.float32)
    np.add.at(sums, place, templates)
    fused: Vectors = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return PersonLikeness(
        fused, people.tolist(), cohort, find_levels(cohort, fused), least_score, least_cosine
    )


def know_nobody(dimension: int) -> Likeness:
    """Takes no face for anybody's."""
    return Likeness(np.empty((0, dimension), np.float32), (), np.empty(0, np.float32))
