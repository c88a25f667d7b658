"""Brute force: every template is compared with every probe.

The oracle of all tests, and the engine of galleries below 50,000 faces, where it is fast enough.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.index.base import Hits
from mien.index.gallery import Gallery, parse_ids, parse_limit, parse_vectors
from mien.index.rescore import Place, exhaust, rank_all
from mien.index.segment import Segment
from mien.types import Ids, Vectors

__all__ = ["ExactIndex", "search_exactly"]

_SEGMENT_ROWS = 16_384


class ExactIndex(Gallery):
    """A `VectorIndex` that compares every template."""

    def __init__(self, dimension: int) -> None:
        super().__init__(dimension, segment_rows=_SEGMENT_ROWS)

    def search(self, probes: Vectors, *, limit: int, among: Ids | None = None) -> Hits:
        vectors = parse_vectors(probes, self.dimension)
        allowed = None if among is None else np.unique(parse_ids(among))
        with self.reading() as segments:
            return search_exactly(segments, vectors, limit=parse_limit(limit), among=allowed)


def search_exactly(
    segments: Sequence[Segment], probes: Vectors, *, limit: int, among: Ids | None
) -> Hits:
    """The best of all rows that answer; `among` is ascending without repeats."""
    places = [Place(segment, segment.find_answering(among)) for segment in segments]
    return rank_all(probes, exhaust(places, probes, limit), limit)
