"""Exhaustive scan of four-bit codes, then exact rescoring.

Every query looks at the codes of every face, one thread a segment, and rescores from the
templates the rows that look best. Equal to the exact search, ties excepted, as far as the
shortlist reaches: `health` says what was last measured of that (`mien.index.recall`).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count

import numpy as np

from mien.index.base import Hits
from mien.index.codebook import Codebook
from mien.index.gallery import Gallery, parse_ids, parse_limit, parse_vectors
from mien.index.rescore import Place, exhaust, rank_all
from mien.index.segment import Rows, Segment
from mien.types import Gaussian, Ids, Vectors

__all__ = ["ScanIndex"]

_SEGMENT_ROWS = 131_072
_SHORTLIST = 200
_LONGEST_SHORTLIST = 4096
_BATCH_PROBES = 64


class ScanIndex(Gallery):
    """A `VectorIndex` for large galleries of one model."""

    def __init__(
        self,
        dimension: int,
        gaussian: Gaussian,
        *,
        threads: int | None = None,
        segment_rows: int = _SEGMENT_ROWS,
        shortlist: int = _SHORTLIST,
    ) -> None:
        super().__init__(dimension, segment_rows=segment_rows, codebook=Codebook(gaussian))
        self._threads = threads or cpu_count() or 1
        self._workers = ThreadPoolExecutor(self._threads, "scan", initializer=_use_one_thread)
        self._shortlist = shortlist

    def search(self, probes: Vectors, *, limit: int, among: Ids | None = None) -> Hits:
        vectors = parse_vectors(probes, self.dimension)
        allowed = None if among is None else np.unique(parse_ids(among))
        with self.reading() as segments:
            return self._search(segments, vectors, parse_limit(limit), among=allowed)

    def _search(
        self, segments: Sequence[Segment], probes: Vectors, limit: int, *, among: Ids | None
    ) -> Hits:
        shortlist = max(self._shortlist, 2 * limit)
        found: list[list[Place]] = [[] for _ in probes]
        tasks = [
            (segment, start)
            for segment in segments
            for start in range(0, len(probes), _BATCH_PROBES)
        ]

        def scan(task: tuple[Segment, int]) -> list[list[Place]]:
            segment, start = task
            batch = probes[start : start + _BATCH_PROBES]
            return _scan(segment, batch, count=shortlist, among=among)

        for (_, start), places in zip(tasks, self._workers.map(scan, tasks), strict=True):
            for number, own in enumerate(places, start):
                found[number] += own
        return rank_all(probes, found, limit)


def _scan(segment: Segment, probes: Vectors, *, count: int, among: Ids | None) -> list[list[Place]]:
    """For each probe, the rows of a segment that may be among its `count` best that answer."""
    rows = np.sort(segment.find_answering(among))
    coded, loose = np.split(rows, [int(np.searchsorted(rows, segment.coded))])
    head = _scan_coded(segment, probes, count=count, rows=coded)
    tail = exhaust([Place(segment, loose)], probes, count)
    return [first + second for first, second in zip(head, tail, strict=True)]


def _scan_coded(segment: Segment, probes: Vectors, *, count: int, rows: Rows) -> list[list[Place]]:
    """The part that has codes; `rows` pass the filter.

    The codes know no filter. Where most rows pass it is enough to fetch more of them; where few
    do, or too few were fetched, every row that passes is compared.
    """
    wanted = _stretched(count, passing=len(rows), coded=segment.coded)
    if segment.codes is None or wanted > _LONGEST_SHORTLIST:
        return exhaust([Place(segment, rows)], probes, count)
    passes = np.zeros(segment.coded + 1, np.bool_)  # the last stands for "no row", which is -1
    passes[rows] = True
    found = []
    for probe, nearest in zip(probes, segment.codes.find_nearest(probes, wanted), strict=True):
        kept = nearest[passes[nearest]]
        if len(kept) < min(count, len(rows)):
            found += exhaust([Place(segment, rows)], probe[None], count)
        else:
            found.append([Place(segment, kept)])
    return found


def _stretched(count: int, *, passing: int, coded: int) -> int:
    """How many rows to fetch so that about `count` of them pass the filter."""
    if passing == coded or passing == 0:
        return count
    return int(1.3 * count * coded / passing) + 16


def _use_one_thread() -> None:
    import faiss

    faiss.omp_set_num_threads(1)
