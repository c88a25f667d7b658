from __future__ import annotations

from contract.vector_index import VectorIndexContract
from index.galleries import DIMENSION
from mien.index import VectorIndex
from mien.index.exact import ExactIndex


class TestExactIndex(VectorIndexContract):
    def open_index(self) -> VectorIndex:
        return ExactIndex(DIMENSION)
