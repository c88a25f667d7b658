"""A bounded run of templates that grows at its end, and nowhere else.

Rows once written never change, so that a reader may hold a segment while a writer extends it:
the longer segment shares the buffers and looks further into them. The one thing written in
place is `answers`: a face that is hidden is hidden for every reader at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mien.index.codes import CodeBlock
from mien.types import Ids

__all__ = ["Entries", "Half", "Rows", "Segment"]

Half = NDArray[np.float16]
"""Templates at rest, one a row, shape (n, dimension)."""

Rows = NDArray[np.intp]
"""Places in a segment, shape (n,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """Faces side by side: ids, templates, and whether each answers searches."""

    ids: Ids
    templates: Half
    answers: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, rows: slice | NDArray[np.bool_]) -> Entries:
        return Entries(self.ids[rows], self.templates[rows], self.answers[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Rows 0 to count of the buffers, some of them hidden; `codes` stand for the first ones.

    `by_id` sorts the rows by id where they are not in that order already.
    """

    _buffers: Entries
    count: int = 0
    hidden: int = 0
    codes: tuple[CodeBlock, ...] = ()
    ids: Ids = field(init=False)
    templates: Half = field(init=False)
    answers: NDArray[np.bool_] = field(init=False)
    by_id: NDArray[np.int32] | None = field(init=False)

    def __post_init__(self) -> None:
        ids = self._buffers.ids[: self.count]
        object.__setattr__(self, "ids", ids)
        object.__setattr__(self, "templates", self._buffers.templates[: self.count])
        object.__setattr__(self, "answers", self._buffers.answers[: self.count])
        is_ascending = bool((ids[1:] > ids[:-1]).all())
        by_id = None if is_ascending else np.argsort(ids, kind="stable").astype(np.int32)
        object.__setattr__(self, "by_id", by_id)

    @classmethod
    def empty(cls, room: int, dimension: int) -> Segment:
        """Buffers for `room` rows; the system backs them with memory as rows are written."""
        return cls(
            Entries(
                ids=np.empty(room, np.int64),
                templates=np.empty((room, dimension), np.float16),
                answers=np.empty(room, np.bool_),
            )
        )

    @property
    def room(self) -> int:
        """Rows that still fit."""
        return len(self._buffers) - self.count

    @property
    def coded(self) -> int:
        """Rows that have codes; the rest is searched exhaustively."""
        return sum(block.count for block in self.codes)

    def extended(self, entries: Entries) -> Segment:
        """The segment and more rows. Only the longest of a family may be extended."""
        end = self.count + len(entries)
        self._buffers.ids[self.count : end] = entries.ids
        self._buffers.templates[self.count : end] = entries.templates
        self._buffers.answers[self.count : end] = entries.answers
        hidden = self.hidden + int(np.count_nonzero(~entries.answers))
        return Segment(self._buffers, end, hidden, self.codes)

    def with_codes(self, codes: tuple[CodeBlock, ...]) -> Segment:
        return Segment(self._buffers, self.count, self.hidden, codes)

    def with_hidden(self, rows: Rows) -> Segment:
        """The segment with some rows silenced, for every reader of its buffers at once."""
        newly = int(np.count_nonzero(self.answers[rows]))
        self.answers[rows] = False
        return Segment(self._buffers, self.count, self.hidden + newly, self.codes)

    def without(self, rows: Rows) -> Segment:
        """A copy that lacks the rows, in memory of its own; codes only as far as nothing moved."""
        kept = np.ones(self.count, np.bool_)
        kept[rows] = False
        blank = Segment.empty(len(self._buffers), self.templates.shape[1])
        copy = blank.extended(self._buffers[: self.count][kept])
        ends = np.cumsum([block.count for block in self.codes])
        return copy.with_codes(self.codes[: int(np.searchsorted(ends, rows.min(), side="right"))])

    def wipe(self) -> None:
        """Overwrite the rows; for a segment that nobody reads any more. Codes do so themselves."""
        self.ids.fill(0)
        self.templates.fill(0)
        self.answers.fill(False)

    def find_rows(self, ids: Ids) -> Rows:
        """Where those of the ids stand that are here. `ids` is ascending without repeats."""
        if self.count == 0 or len(ids) == 0:
            return np.empty(0, np.intp)
        first, last = self._bounds()
        low, high = np.searchsorted(ids, (first, last + 1))
        wanted = ids[low:high]
        places = np.searchsorted(self.ids, wanted, sorter=self.by_id)
        rows = places if self.by_id is None else self.by_id[np.minimum(places, self.count - 1)]
        rows = np.minimum(rows, self.count - 1)
        found: Rows = rows[self.ids[rows] == wanted].astype(np.intp)
        return found

    def find_answering(self, ids: Ids | None) -> Rows:
        """Rows whose faces answer searches: all, or those of the ids (ascending, no repeats)."""
        if ids is None:
            return np.flatnonzero(self.answers)
        rows = np.sort(self.find_rows(ids))
        return rows[self.answers[rows]]

    def _bounds(self) -> tuple[int, int]:
        if self.by_id is None:
            return int(self.ids[0]), int(self.ids[-1])
        return int(self.ids[self.by_id[0]]), int(self.ids[self.by_id[-1]])
