"""An index's own recall: what a scan finds of what it should find.

Stored templates are searched both by scan and exactly. A face counts as found if one that
scores as high stands in its place. The sample is small, so a floor is a smoke alarm and no
measurement to the last digit; `bench/search.py` measures.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from mien.index.base import NO_FACE, Hits
from mien.types import Vectors

__all__ = ["Searchable", "measure_recall"]


class Searchable(Protocol):
    """What recall is measured on: both ways to search, and templates to search with."""

    def draw_templates(self, count: int, *, seed: int) -> Vectors:
        """Templates of up to `count` faces that answer, shape (n, dimension)."""
        ...

    def search_by_scan(self, probes: Vectors, *, limit: int) -> Hits: ...

    def search_exactly(self, probes: Vectors, *, limit: int) -> Hits: ...


def measure_recall(index: Searchable, *, sample: int, limit: int, seed: int) -> float:
    """The share of the exact answers that the scan gives too; 1.0 of an empty index."""
    probes = index.draw_templates(sample, seed=seed)
    exact = index.search_exactly(probes, limit=limit)
    found = index.search_by_scan(probes, limit=limit)
    expected = exact.ids != NO_FACE
    if not expected.any():
        return 1.0
    is_found = np.isclose(found.scores[expected], exact.scores[expected], rtol=0, atol=1e-6)
    return float(is_found.mean())
