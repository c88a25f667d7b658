"""Blocks of four-bit codes, packed and scanned by FAISS; the one module that imports it.

FAISS is imported when a block is made, not before.
"""

from __future__ import annotations

from typing import Any
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from mien.types import Vectors

__all__ = ["CodeBlock", "Packer", "use_one_thread"]

_CODE_BITS = 4


class CodeBlock:
    """The shorthand of some templates, in their order; never changed.

    Its bytes are overwritten when the last reader lets go of it.
    """

    def __init__(self, scanner: Any) -> None:  # noqa: ANN401 - FAISS has no types
        self._scanner = scanner
        self.count = int(scanner.ntotal)
        finalize(self, _wipe, scanner).atexit = False

    def followed_by(self, other: CodeBlock) -> CodeBlock:
        """The codes of both in a block of their own; the other is used up."""
        import faiss

        scanner = faiss.clone_index(self._scanner)
        scanner.merge_from(other._scanner, 0)
        return CodeBlock(scanner)

    def as_bytes(self) -> NDArray[np.uint8]:
        """The codes themselves in FAISS's packing; a view, not a copy."""
        return _view_codes(self._scanner)

    def find_nearest(
        self, placed: Vectors, count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Rough scores, falling, and rows, both of shape (probes, min(count, self.count)).

        The probes are placed as `mien.index.codebook` does.
        """
        rough, rows = self._scanner.search(placed, min(count, self.count))
        return rough, rows


class Packer:
    """Makes blocks of codes. A code stands for a point of one column, or of `group` columns.

    `points` has shape (codes a row, 16, group); a row of codes stands for its points, one after
    another, and its rough score is their inner product with the placed probe.
    """

    def __init__(self, points: NDArray[np.float32]) -> None:
        import faiss

        self._length, _, group = points.shape
        columns = self._length * group
        self._blank: Any = faiss.IndexPQ(
            columns, self._length, _CODE_BITS, faiss.METRIC_INNER_PRODUCT
        )
        faiss.copy_array_to_vector(np.ascontiguousarray(points).ravel(), self._blank.pq.centroids)
        self._blank.is_trained = True

    def pack(self, codes: NDArray[np.uint8]) -> CodeBlock:
        """Codes of shape (n, codes a row), each below 16."""
        import faiss

        even = np.pad(codes, ((0, 0), (0, self._length % 2)))
        flat: Any = faiss.clone_index(self._blank)
        flat.add_sa_codes(np.ascontiguousarray(even[:, ::2] | (even[:, 1::2] << _CODE_BITS)))
        return CodeBlock(faiss.IndexPQFastScan(flat))


def use_one_thread() -> None:
    """Keep FAISS to the calling thread: a search is spread over blocks instead."""
    import faiss

    faiss.omp_set_num_threads(1)


def _view_codes(scanner: Any) -> NDArray[np.uint8]:  # noqa: ANN401 - FAISS has no types
    import faiss

    size = scanner.codes.size()
    view = faiss.rev_swig_ptr(scanner.codes.get(), size) if size else np.empty(0, np.uint8)
    return np.asarray(view)


def _wipe(scanner: Any) -> None:  # noqa: ANN401 - FAISS has no types
    _view_codes(scanner).fill(0)
