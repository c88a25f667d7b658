"""Exhaustive scan of four-bit codes, then exact rescoring.

Every query looks at the codes of every face, spread over all cores, and rescores from the
templates whatever might be among the best (`mien.index.shortlist`). Faces too new to have codes
are compared in full, and so is every face that passes a filter if few do. The index checks its
own recall: below the floor it rescores more, and in the end gives up codes and says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from os import cpu_count
from typing import TypeVar

import numpy as np

from mien.index.base import Health, Hits, Mode
from mien.index.codebook import BLOCK_ROWS, Codebook
from mien.index.codes import use_one_thread
from mien.index.exact import search_exactly
from mien.index.query import Query, settle
from mien.index.recall import measure_recall
from mien.index.rescore import exhaust, rank_all
from mien.index.segments import Segments, parse_ids, parse_limit, parse_vectors
from mien.index.view import Positions, View
from mien.types import Gaussian, Ids, Vectors

__all__ = ["ScanIndex"]

_SEGMENT_ROWS = 4 * BLOCK_ROWS
_BATCH_PROBES = 64
_MARGINS = (5.5, 11.0, 22.0)
_FEW_SHARE = 0.02
"""Where fewer faces pass a filter, comparing them is quicker than looking at all codes."""

_Item = TypeVar("_Item")
_Outcome = TypeVar("_Outcome")


class ScanIndex(Segments):
    """A `VectorIndex` for large galleries of one model."""

    def __init__(
        self,
        dimension: int,
        gaussian: Gaussian,
        *,
        threads: int | None = None,
        segment_rows: int = _SEGMENT_ROWS,
    ) -> None:
        codebook = Codebook(gaussian)
        super().__init__(dimension, segment_rows=segment_rows, codebook=codebook)
        self._place = codebook.place
        self._threads = threads or cpu_count() or 1
        self._workers = ThreadPoolExecutor(self._threads, "scan")
        self._health = Health(Mode.SCAN, _MARGINS[0])

    @property
    def health(self) -> Health:
        return self._health

    def search(self, probes: Vectors, *, limit: int, among: Ids | None = None) -> Hits:
        vectors = parse_vectors(probes, self.dimension)
        allowed = None if among is None else np.unique(parse_ids(among))
        with self.reading() as view:
            if self._health.mode is Mode.EXACT:
                return search_exactly(view, vectors, limit=parse_limit(limit), among=allowed)
            return self._search(view, vectors, limit=parse_limit(limit), among=allowed)

    def check(
        self, *, floor: float = 0.99, sample: int = 100, limit: int = 10, seed: int = 0
    ) -> Health:
        """Measure the recall on some stored templates and rescore more until it meets the floor.

        If even the widest margin does not, every later search is exact.
        """
        for margin in _MARGINS:
            self._health = Health(Mode.SCAN, margin)
            recall = measure_recall(self, sample=sample, limit=limit, seed=seed)
            self._health = replace(self._health, recall=recall)
            if recall >= floor:
                return self._health
        self._health = replace(self._health, mode=Mode.EXACT)
        return self._health

    def restore(self, parts: Iterable[bytes]) -> None:
        super().restore(parts)
        self.check()

    def draw_templates(self, count: int, *, seed: int) -> Vectors:
        """Templates of up to `count` faces that answer, chosen by the seed."""
        with self.reading() as view:
            answering = view.find_answering(None)
            chosen = np.random.default_rng(seed).permutation(answering)[:count]
            return view.templates_at(chosen).astype(np.float32)

    def search_by_scan(self, probes: Vectors, *, limit: int) -> Hits:
        with self.reading() as view:
            return self._search(view, probes, limit=limit, among=None)

    def search_exactly(self, probes: Vectors, *, limit: int) -> Hits:
        with self.reading() as view:
            return search_exactly(view, probes, limit=limit, among=None)

    def _search(self, view: View, probes: Vectors, *, limit: int, among: Ids | None) -> Hits:
        passing = None if among is None and view.hidden == 0 else view.find_answering(among)
        if passing is not None and len(passing) <= _FEW_SHARE * view.count:
            return search_exactly(view, probes, limit=limit, among=among)
        chosen: list[Positions] = []
        for start in range(0, len(probes), _BATCH_PROBES):
            batch = probes[start : start + _BATCH_PROBES]
            placed, margin = self._place(batch), self._health.margin
            chosen += self._choose(Query(view, batch, placed, limit, margin, passing))
        return rank_all(view, probes, chosen=chosen, limit=limit)

    def _choose(self, query: Query) -> list[Positions]:
        """For each probe, the positions to be rescored."""
        looks = self._spread(query.look, query.view.code_blocks)
        loose = exhaust(query.view, query.probes, positions=query.loose, limit=query.limit)
        return [
            np.concatenate((settle(query, number, looks=[own[number] for own in looks]), new))
            for number, new in enumerate(loose)
        ]

    def _spread(self, work: Callable[[_Item], _Outcome], items: Sequence[_Item]) -> list[_Outcome]:
        """Do the work on every item, on all threads, each taking the next when it is free."""
        outcomes: dict[int, _Outcome] = {}
        waiting = deque(enumerate(items))

        def work_off() -> None:
            use_one_thread()
            while waiting:
                try:
                    number, item = waiting.popleft()
                except IndexError:  # another thread was faster
                    return
                outcomes[number] = work(item)

        helpers = min(self._threads, len(items)) - 1
        busy = [self._workers.submit(work_off) for _ in range(helpers)]
        work_off()
        for helper in busy:
            helper.result()
        return [outcomes[number] for number in range(len(items))]
