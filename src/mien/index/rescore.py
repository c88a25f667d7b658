"""Exact scores: they alone decide order and threshold.

Scores are summed in double precision and rounded once, so that equal templates score equally
wherever they stand. Single precision, which is faster, only narrows the choice, with a margin
above its rounding error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.index.base import NO_FACE, Hits
from mien.index.segment import Rows, Segment
from mien.types import Ids, Vectors

__all__ = ["Place", "exhaust", "rank", "rank_all"]

_ROUNDING = 1e-5
"""More than single precision errs in the inner product of two unit vectors."""

_BLOCK_ROWS = 4096
_BLOCK_PROBES = 256


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Some rows of a segment."""

    segment: Segment
    rows: Rows


def rank_all(probes: Vectors, places: Sequence[Sequence[Place]], limit: int) -> Hits:
    """Rank each probe's own places."""
    hits = Hits(
        np.full((len(probes), limit), NO_FACE, np.int64),
        np.full((len(probes), limit), -np.inf, np.float32),
    )
    for number, (probe, own) in enumerate(zip(probes, places, strict=True)):
        ids, scores = rank(probe, own, limit)
        hits.ids[number, : len(ids)] = ids
        hits.scores[number, : len(ids)] = scores
    return hits


def rank(
    probe: NDArray[np.float32], places: Sequence[Place], limit: int
) -> tuple[Ids, NDArray[np.float32]]:
    """The best faces of the places for one probe, best first, equal scores by rising id."""
    if not places:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    ids = np.concatenate([place.segment.ids[place.rows] for place in places])
    templates = np.concatenate([place.segment.templates[place.rows] for place in places])
    rough = templates.astype(np.float32) @ probe
    if len(rough) > limit:
        finalists = np.flatnonzero(rough >= _floor(rough, limit))
        ids, templates = ids[finalists], templates[finalists]
    scores = (templates.astype(np.float64) @ probe.astype(np.float64)).astype(np.float32)
    order = np.lexsort((ids, -scores))[:limit]
    return ids[order], scores[order]


def exhaust(places: Sequence[Place], probes: Vectors, limit: int) -> list[list[Place]]:
    """For each probe, the rows among the places that may be of its `limit` best.

    Every row is compared; memory stays bounded by blocks of probes and rows.
    """
    found: list[list[Place]] = []
    for start in range(0, len(probes), _BLOCK_PROBES):
        found += _exhaust_block(places, probes[start : start + _BLOCK_PROBES], limit)
    return found


def _exhaust_block(places: Sequence[Place], probes: Vectors, limit: int) -> list[list[Place]]:
    found: list[list[Place]] = [[] for _ in probes]
    best = np.full((len(probes), limit), -np.inf, np.float32)
    for segment, rows in _iter_blocks(places):
        scores = probes @ segment.decoded(rows).T
        passing = scores >= best[:, :1] - _ROUNDING
        for number in np.flatnonzero(passing.any(axis=1)):
            own = scores[number, passing[number]]
            best[number] = _merge_best(best[number], own)
            kept = np.flatnonzero(passing[number])[own >= best[number, 0] - _ROUNDING]
            found[number].append(Place(segment, rows[kept]))
    return found


def _iter_blocks(places: Sequence[Place]) -> Iterator[tuple[Segment, Rows]]:
    for place in places:
        for start in range(0, len(place.rows), _BLOCK_ROWS):
            yield place.segment, place.rows[start : start + _BLOCK_ROWS]


def _merge_best(best: NDArray[np.float32], scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """The best scores of both, the lowest of them first."""
    together = np.concatenate((best, scores))
    return np.partition(together, len(together) - len(best))[-len(best) :]


def _floor(scores: NDArray[np.float32], limit: int) -> np.float32:
    """A score that each of the `limit` best reaches, rounding allowed for."""
    kth = np.partition(scores, len(scores) - limit)[len(scores) - limit]
    return np.float32(kth - _ROUNDING)
