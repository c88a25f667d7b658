"""Random sequences of everything an index can be asked, against a plain model of it."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from index.galleries import DIMENSION, draw_templates, make_gaussian
from mien.index import NO_FACE, VectorIndex
from mien.index.exact import ExactIndex
from mien.index.scan import ScanIndex

POOL = draw_templates(400, seed=11)
PROBES = draw_templates(5, seed=12)
SCORES = PROBES.astype(np.float64) @ POOL.astype(np.float16).astype(np.float64).T

id_sets = st.sets(st.integers(0, len(POOL) - 1), max_size=80)


class RandomUse(RuleBasedStateMachine):
    """An id is the row of its template in the pool."""

    @initialize(is_scan=st.booleans(), segment_rows=st.sampled_from([8, 50, 512]))
    def open(self, is_scan: bool, segment_rows: int) -> None:  # noqa: FBT001 - drawn by name
        self.is_scan = is_scan
        self.segment_rows = segment_rows
        self.index = self.open_index()
        self.answering: set[int] = set()
        self.hidden: set[int] = set()
        self.used: set[int] = set()

    def open_index(self) -> VectorIndex:
        if not self.is_scan:
            return ExactIndex(DIMENSION)
        gaussian = make_gaussian()
        return ScanIndex(DIMENSION, gaussian, threads=1, segment_rows=self.segment_rows)

    @rule(ids=id_sets)
    def add(self, ids: set[int]) -> None:
        fresh = ids - self.used
        self.index.add(_array(fresh), POOL[sorted(fresh)])
        self.answering |= fresh
        self.used |= fresh

    @rule(ids=id_sets)
    def hide(self, ids: set[int]) -> None:
        assert self.index.hide(_array(ids)) == len(ids & self.answering)
        self.hidden |= ids & self.answering
        self.answering -= ids

    @rule(ids=id_sets)
    def erase(self, ids: set[int]) -> None:
        assert self.index.erase(_array(ids)) == len(ids & (self.answering | self.hidden))
        self.answering -= ids
        self.hidden -= ids

    @rule()
    def reload(self) -> None:
        parts = list(self.index.snapshot())
        self.index = self.open_index()
        self.index.restore(parts)

    @rule(limit=st.integers(1, 100), among=st.none() | id_sets)
    def search(self, limit: int, among: set[int] | None) -> None:
        allowed = self.answering if among is None else self.answering & among
        hits = self.index.search(
            PROBES, limit=limit, among=None if among is None else _array(among)
        )
        candidates = _array(allowed)
        for found, scores in zip(hits.ids, SCORES, strict=True):
            best = candidates[np.argsort(-scores[candidates], kind="stable")][:limit]
            assert found[: len(best)].tolist() == best.tolist()
            assert (found[len(best) :] == NO_FACE).all()

    @invariant()
    def knows_who_answers(self) -> None:
        assert self.index.ids().tolist() == sorted(self.answering)
        assert len(self.index) == len(self.answering)


def _array(ids: set[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(sorted(ids), np.int64)


TestRandomUse = RandomUse.TestCase
TestRandomUse.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
