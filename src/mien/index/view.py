"""All segments of an index at one moment, with one number for every row: its position.

Positions run through the segments in order. They mean something only within one view.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mien.index.codes import CodeBlock
from mien.index.segment import Half, Segment
from mien.types import Ids

__all__ = ["PlacedBlock", "Positions", "View"]

Positions = NDArray[np.int64]
"""Rows of a view, shape (n,)."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacedBlock:
    """A block of codes and the position of its first row."""

    start: int
    codes: CodeBlock


@dataclass(frozen=True, eq=False)
class View:
    segments: tuple[Segment, ...] = ()

    @cached_property
    def starts(self) -> Positions:
        """Where each segment begins, and last where all end."""
        return np.cumsum([0, *(segment.count for segment in self.segments)], dtype=np.int64)

    @property
    def count(self) -> int:
        return int(self.starts[-1])

    @property
    def hidden(self) -> int:
        return sum(segment.hidden for segment in self.segments)

    @cached_property
    def code_blocks(self) -> tuple[PlacedBlock, ...]:
        """All blocks of codes, in order."""
        placed = []
        for start, segment in zip(self.starts[:-1].tolist(), self.segments, strict=True):
            lengths = [block.count for block in segment.codes]
            firsts = np.cumsum([start, *lengths])[:-1].tolist()
            placed += [PlacedBlock(*pair) for pair in zip(firsts, segment.codes, strict=True)]
        return tuple(placed)

    @cached_property
    def loose(self) -> Positions:
        """Positions without codes."""
        return np.concatenate(
            [
                np.arange(start + segment.coded, start + segment.count)
                for start, segment in zip(self.starts[:-1], self.segments, strict=True)
            ]
            or [np.empty(0, np.int64)]
        )

    def find_answering(self, among: Ids | None) -> Positions:
        """Positions of the faces that answer: all, or those of the ids (ascending, no repeats)."""
        if among is None and self.hidden == 0:
            return np.arange(self.count)
        return np.concatenate(
            [
                start + segment.find_answering(among)
                for start, segment in zip(self.starts[:-1], self.segments, strict=True)
            ]
            or [np.empty(0, np.int64)]
        )

    def ids_at(self, positions: Positions) -> Ids:
        ids = np.empty(len(positions), np.int64)
        for segment, chosen, rows in self._split(positions):
            ids[chosen] = segment.ids[rows]
        return ids

    def templates_at(self, positions: Positions) -> Half:
        if len(self.segments) == 1:
            return self.segments[0].templates[positions]
        dimension = self.segments[0].templates.shape[1] if self.segments else 0
        templates = np.empty((len(positions), dimension), np.float16)
        for segment, chosen, rows in self._split(positions):
            templates[chosen] = segment.templates[rows]
        return templates

    def _split(
        self, positions: Positions
    ) -> Iterator[tuple[Segment, NDArray[np.intp] | slice, Positions]]:
        """For each segment that is met: which of the positions are its own, and their rows."""
        if len(self.segments) == 1:
            yield self.segments[0], slice(None), positions
            return
        owners = np.searchsorted(self.starts, positions, side="right") - 1
        for owner in np.flatnonzero(np.bincount(owners, minlength=len(self.segments))):
            chosen = np.flatnonzero(owners == owner)
            yield self.segments[owner], chosen, positions[chosen] - self.starts[owner]
