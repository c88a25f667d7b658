from __future__ import annotations

import numpy as np
import pytest

from mien.index import NO_FACE, Hits
from mien.index.recall import measure_recall
from mien.types import Vectors


class Scripted:
    """Finds by scan what it is told, and exactly the faces 0, 1, 2."""

    def __init__(self, scores: list[float], exact: list[float]) -> None:
        self._scores = scores
        self._exact = exact
        self.asked: list[tuple[int, int]] = []

    def draw_templates(self, count: int, *, seed: int) -> Vectors:
        self.asked.append((count, seed))
        return np.eye(1, 4, dtype=np.float32)

    def search_by_scan(self, probes: Vectors, *, limit: int) -> Hits:
        del probes
        return make_hits(self._scores[:limit])

    def search_exactly(self, probes: Vectors, *, limit: int) -> Hits:
        del probes
        return make_hits(self._exact[:limit])


def make_hits(scores: list[float]) -> Hits:
    ids = [NO_FACE if score == -np.inf else number for number, score in enumerate(scores)]
    return Hits(np.array([ids]), np.array([scores], np.float32))


@pytest.mark.parametrize(
    ("scores", "exact", "recall"),
    [
        ([0.9, 0.8, 0.7, 0.6], [0.9, 0.8, 0.7, 0.6], 1.0),
        ([0.9, 0.8, 0.6, 0.5], [0.9, 0.8, 0.7, 0.6], 0.5),
        ([0.9, -np.inf, -np.inf, -np.inf], [0.9, 0.8, 0.7, 0.6], 0.25),
        ([0.9, 0.8, -np.inf, -np.inf], [0.9, 0.8, -np.inf, -np.inf], 1.0),
        ([-np.inf] * 4, [-np.inf] * 4, 1.0),
    ],
    ids=["all", "half", "one", "fewer than asked for", "nobody"],
)
def test_recall_is_the_share_of_exact_answers(
    scores: list[float], exact: list[float], recall: float
) -> None:
    index = Scripted(scores, exact)
    assert measure_recall(index, sample=9, limit=4, seed=3) == recall
    assert index.asked == [(9, 3)]
