"""One batch of probes on its way through the codes.

A rough score, read from codes, errs by an amount that has about the same mean and spread for
all faces that look near a probe; very good scores err more, and then their own error counts.
Both are taken, for each probe anew, from the faces that look nearest. A face that looks worse
than the k-th best true score by more than `margin` standard deviations of that error is left
out, every other one is rescored. How deep each block of codes is searched follows from the same
bound. It is a bound in probability and no proof; `mien.index.recall` measures how it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.index.rescore import get_kth_best
from mien.index.view import PlacedBlock, Positions, View
from mien.types import Vectors

__all__ = ["Look", "Query", "settle"]

_FIRST_LOOK = 32
_DEEPER = 8
_SAMPLE = 64


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one block of codes says to one probe: positions and their rough scores, shape (n,).

    Of the faces that may answer, those of the block that are missing look no better than `reach`;
    minus infinity where none is missing.
    """

    positions: Positions
    rough: NDArray[np.float32]
    reach: float


class Query:
    """What is asked of every block. `passing` are the positions that may answer; None: all."""

    def __init__(
        self,
        view: View,
        probes: Vectors,
        *,
        limit: int,
        margin: float,
        passing: Positions | None,
    ) -> None:
        self.view = view
        self.probes = probes
        self.limit = limit
        self.margin = margin
        self.loose = view.loose
        self.depth = max(_FIRST_LOOK, 2 * limit)
        self._passes: NDArray[np.bool_] | None = None
        if passing is not None:
            self._passes = np.zeros(view.count, np.bool_)
            self._passes[passing] = True
            self.loose = self.loose[self._passes[self.loose]]
            self.depth = int(self.depth * view.count / max(1, len(passing)))

    def look(self, block: PlacedBlock) -> list[Look]:
        """What the block says to each probe."""
        return self.look_deeper(block, probes=self.probes, depth=self.depth)

    def look_deeper(self, block: PlacedBlock, *, probes: Vectors, depth: int) -> list[Look]:
        rough, rows = block.codes.find_nearest(probes, depth)
        positions = rows + block.start
        is_whole = depth >= block.codes.count
        looks = []
        for own, scores in zip(positions, rough, strict=True):
            reach = -np.inf if is_whole else float(scores[-1])
            if self._passes is None:
                looks.append(Look(own, scores, reach))
            else:
                kept = self._passes[own]
                looks.append(Look(own[kept], scores[kept], reach))
        return looks


def settle(query: Query, number: int, *, looks: Sequence[Look]) -> Positions:
    """Look deeper for one probe until no face can have been missed; what must be rescored."""
    probe = query.probes[number]
    depth = query.depth
    settled = list(looks)
    while settled:
        cut = _find_cut(query, probe, looks=settled)
        cut_short = [place for place, look in enumerate(settled) if -np.inf < look.reach >= cut]
        if not cut_short:
            return _pick(settled, cut)
        depth *= _DEEPER
        for place in cut_short:
            block = query.view.code_blocks[place]
            settled[place] = query.look_deeper(block, probes=probe[None], depth=depth)[0]
    return np.empty(0, np.int64)


def _find_cut(query: Query, probe: NDArray[np.float32], *, looks: Sequence[Look]) -> float:
    """The rough score below which nothing needs to be rescored."""
    positions = np.concatenate([look.positions for look in looks])
    rough = np.concatenate([look.rough for look in looks])
    if len(rough) < query.limit:
        return -np.inf
    size = max(_SAMPLE, 2 * query.limit)
    if len(rough) > size:
        nearest = np.argpartition(rough, len(rough) - size)[-size:]
        positions, rough = positions[nearest], rough[nearest]
    exact = query.view.templates_at(positions).astype(np.float32) @ probe
    error = exact - rough
    kth_best = get_kth_best(exact, query.limit)
    usual = max(float(error.mean()), float(error[exact >= kth_best].mean()))
    return kth_best - usual - query.margin * float(error.std())


def _pick(looks: Sequence[Look], cut: float) -> Positions:
    positions = np.concatenate([look.positions for look in looks])
    rough = np.concatenate([look.rough for look in looks])
    return positions[rough >= cut]
