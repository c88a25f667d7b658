"""One batch of probes on its way through the codes.

A rough score, read from codes, errs by an amount that has about the same mean and spread for
all faces that look near a probe; very good scores err more, and then their own error counts.
Both are taken, for each probe anew, from the faces that look nearest. A face that looks worse
than the k-th best true score by more than `margin` standard deviations of that error is left
out, every other one is rescored. How deep each block of codes is searched follows from the same
bound. It is a bound in probability and no proof; `mien.index.recall` measures how it holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mien.index.rescore import ROUNDING, get_kth_best
from mien.index.view import PlacedBlock, Positions, View
from mien.types import Vectors

__all__ = ["Look", "Query", "settle"]

_FIRST_LOOK = 64
_DEEPER = 8
_SAMPLE = 128


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one block of codes says to one probe: positions and their rough scores, shape (n,).

    Of the faces that may answer, those of the block that are missing look no better than `reach`;
    minus infinity where none is missing.
    """

    positions: Positions
    rough: NDArray[np.float32]
    reach: float


@dataclass(frozen=True, eq=False)
class Query:
    """What is asked of every block.

    `placed` are the probes as codes see them. Only faces at the positions `passing` may answer,
    all of them where that is None.
    """

    view: View
    probes: Vectors
    placed: Vectors
    limit: int
    margin: float
    passing: Positions | None

    @cached_property
    def depth(self) -> int:
        """How many faces of each block the first look is for."""
        enough = max(_FIRST_LOOK, 2 * self.limit)
        if self.passing is None:
            return enough
        return int(enough * self.view.count / max(1, len(self.passing)))

    @cached_property
    def loose(self) -> Positions:
        """Positions that may answer and have no code."""
        loose = self.view.loose
        return loose if self._passes is None else loose[self._passes[loose]]

    @cached_property
    def _passes(self) -> NDArray[np.bool_] | None:
        if self.passing is None:
            return None
        passes = np.zeros(self.view.count, np.bool_)
        passes[self.passing] = True
        return passes

    def look(self, block: PlacedBlock) -> list[Look]:
        """What the block says to each probe."""
        return self.look_deeper(block, placed=self.placed, depth=self.depth)

    def look_deeper(self, block: PlacedBlock, *, placed: Vectors, depth: int) -> list[Look]:
        rough, rows = block.codes.find_nearest(placed, depth)
        positions = rows + block.start
        reach = rough[:, -1] if depth < block.codes.count else np.full(len(rough), -np.inf)
        if self._passes is None:
            return list(map(Look, positions, rough, reach.tolist()))
        passes = self._passes[positions]
        return [
            Look(own[kept], scores[kept], lowest)
            for own, scores, kept, lowest in zip(positions, rough, passes, reach, strict=True)
        ]


def settle(query: Query, number: int, *, looks: Sequence[Look]) -> Positions:
    """Look deeper for one probe until no face can have been missed; what must be ranked."""
    placed = query.placed[number : number + 1]
    depth = query.depth
    settled = list(looks)
    while settled:
        cut, finalists = _judge(query, query.probes[number], looks=settled)
        cut_short = [place for place, look in enumerate(settled) if -np.inf < look.reach >= cut]
        if not cut_short:
            return finalists
        depth *= _DEEPER
        for place in cut_short:
            block = query.view.code_blocks[place]
            settled[place] = query.look_deeper(block, placed=placed, depth=depth)[0]
    return np.empty(0, np.int64)


def _judge(
    query: Query, probe: NDArray[np.float32], *, looks: Sequence[Look]
) -> tuple[float, Positions]:
    """The rough score below which nothing needs to be rescored, and all that may be of the best."""
    positions = np.concatenate([look.positions for look in looks])
    rough = np.concatenate([look.rough for look in looks])
    if len(rough) < query.limit:
        return -np.inf, positions
    size = min(len(rough), max(_SAMPLE, 4 * query.limit))
    nearest = np.argpartition(rough, len(rough) - size)[-size:]
    exact = query.view.templates_at(positions[nearest]).astype(np.float32) @ probe
    floor = get_kth_best(exact, query.limit)
    cut = floor - _allow_error(exact, rough[nearest], floor=floor, margin=query.margin)
    is_picked = rough >= cut
    if np.count_nonzero(is_picked) > size:
        return cut, positions[is_picked]
    return cut, positions[nearest[exact >= floor - ROUNDING]]


def _allow_error(
    exact: NDArray[np.float32], rough: NDArray[np.float32], *, floor: float, margin: float
) -> float:
    """By how much a face may look worse than it is."""
    error = exact - rough
    mean = float(error.sum()) / len(error)
    variance = max(0.0, float(error @ error) / len(error) - mean**2)
    return max(mean, float(error[exact >= floor].mean())) + margin * math.sqrt(variance)
