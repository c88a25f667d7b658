"""Brute force: every template is compared with every probe.

The oracle of all tests, and the engine of galleries below 50,000 faces, where it is fast enough.
"""

from __future__ import annotations

import numpy as np

from mien.index.base import Health, Hits, Mode
from mien.index.rescore import exhaust, rank_all
from mien.index.segments import Segments, parse_ids, parse_limit, parse_vectors
from mien.index.view import View
from mien.types import Ids, Vectors

__all__ = ["ExactIndex", "search_exactly"]

_SEGMENT_ROWS = 65_536


class ExactIndex(Segments):
    """A `VectorIndex` that compares every template."""

    def __init__(self, dimension: int) -> None:
        super().__init__(dimension, segment_rows=_SEGMENT_ROWS)

    def search(self, probes: Vectors, *, limit: int, among: Ids | None = None) -> Hits:
        vectors = parse_vectors(probes, self.dimension)
        allowed = None if among is None else np.unique(parse_ids(among))
        with self.reading() as view:
            return search_exactly(view, vectors, limit=parse_limit(limit), among=allowed)

    def check(self) -> Health:
        """Nothing is left out, so nothing is searched to find that out."""
        return Health(Mode.EXACT, margin=0.0, recall=1.0)


def search_exactly(view: View, probes: Vectors, *, limit: int, among: Ids | None) -> Hits:
    """Compare all faces that answer; `among` is ascending without repeats."""
    answering = view.find_answering(among)
    chosen = exhaust(view, probes, positions=answering, limit=limit)
    return rank_all(view, probes, chosen=chosen, limit=limit)
