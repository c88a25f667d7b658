"""Exact scores: they alone decide order and threshold.

Scores are summed in double precision and rounded once, so that equal templates score equally
wherever they stand. Single precision, which is faster, only narrows the choice, with a margin
above its rounding error.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mien.index.base import NO_FACE, Hits
from mien.index.view import Positions, View
from mien.types import Ids, Vectors

__all__ = ["ROUNDING", "exhaust", "get_kth_best", "rank", "rank_all"]

ROUNDING = 1e-5
"""More than single precision errs in the inner product of two unit vectors."""

_BLOCK_ROWS = 2048
_BLOCK_PROBES = 256


def rank_all(view: View, probes: Vectors, *, chosen: Sequence[Positions], limit: int) -> Hits:
    """Rank for each probe the positions chosen for it."""
    hits = Hits(
        np.full((len(probes), limit), NO_FACE, np.int64),
        np.full((len(probes), limit), -np.inf, np.float32),
    )
    for number, (probe, positions) in enumerate(zip(probes, chosen, strict=True)):
        ids, scores = rank(view, probe, positions=positions, limit=limit)
        hits.ids[number, : len(ids)] = ids
        hits.scores[number, : len(ids)] = scores
    return hits


def rank(
    view: View, probe: NDArray[np.float32], *, positions: Positions, limit: int
) -> tuple[Ids, NDArray[np.float32]]:
    """The best faces at the positions, best first, equal scores by rising id."""
    if len(positions) == 0:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    templates = view.templates_at(positions)
    if len(positions) > limit:
        rough = templates.astype(np.float32) @ probe
        finalists = np.flatnonzero(rough >= get_kth_best(rough, limit) - ROUNDING)
        positions, templates = positions[finalists], templates[finalists]
    scores = (templates.astype(np.float64) @ probe.astype(np.float64)).astype(np.float32)
    ids = view.ids_at(positions)
    order = np.lexsort((ids, -scores))[:limit]
    return ids[order], scores[order]


def exhaust(view: View, probes: Vectors, *, positions: Positions, limit: int) -> list[Positions]:
    """For each probe, those of the positions that may be of its `limit` best.

    Every template is compared; memory stays bounded by blocks of probes and of rows.
    """
    chosen: list[Positions] = []
    for start in range(0, len(probes), _BLOCK_PROBES):
        block = probes[start : start + _BLOCK_PROBES]
        chosen += _exhaust_block(view, block, positions=positions, limit=limit)
    return chosen


def get_kth_best(scores: NDArray[np.float32], k: int) -> float:
    """The k-th highest score; minus infinity where there are fewer."""
    if len(scores) < k:
        return -np.inf
    return float(np.partition(scores, len(scores) - k)[len(scores) - k])


def _exhaust_block(
    view: View, probes: Vectors, *, positions: Positions, limit: int
) -> list[Positions]:
    chosen: list[list[Positions]] = [[np.empty(0, np.int64)] for _ in probes]
    best = np.full((len(probes), limit), -np.inf, np.float32)
    for start in range(0, len(positions), _BLOCK_ROWS):
        block = positions[start : start + _BLOCK_ROWS]
        scores = probes @ view.templates_at(block).astype(np.float32).T
        passing = scores >= best[:, :1] - ROUNDING
        for number in np.flatnonzero(passing.any(axis=1)):
            own = scores[number, passing[number]]
            best[number] = _merge_best(best[number], own)
            kept = own >= best[number, 0] - ROUNDING
            chosen[number].append(block[passing[number]][kept])
    return [np.concatenate(blocks) for blocks in chosen]


def _merge_best(best: NDArray[np.float32], scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """The best scores of both, the lowest of them first."""
    together = np.concatenate((best, scores))
    return np.partition(together, len(scores))[len(scores) :]
