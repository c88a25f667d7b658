"""What an index holds: segments of templates, and the ids that may not come again.

Writers take turns; each puts a new tuple of segments in place of the old one. Searches take the
tuple that is current and need no lock while they use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import RLock

import numpy as np

from mien.errors import IndexStateError
from mien.index import snapshot
from mien.index.codebook import Codebook
from mien.index.readers import Readers
from mien.index.segment import Entries, Segment
from mien.index.view import View
from mien.types import Ids, Vectors

__all__ = ["Segments", "parse_ids", "parse_limit", "parse_vectors"]

_UNIT_TOLERANCE = 0.01
"""Half precision and honest arithmetic stay far within it."""

_LOOSE_SHARE = 1 / 256
"""How much of a segment may lack codes; encoding face by face would copy too much."""


class Segments:
    """A `VectorIndex` but for the search. With a codebook, all but the newest rows get codes."""

    def __init__(
        self, dimension: int, *, segment_rows: int, codebook: Codebook | None = None
    ) -> None:
        self._dimension = dimension
        self._segment_rows = segment_rows
        self._codebook = codebook
        self._writing = RLock()
        self._readers = Readers()
        self._view = View()
        self._retired: Ids = np.empty(0, np.int64)
        self._times_wiped = 0

    @contextmanager
    def reading(self) -> Iterator[View]:
        """Everything as it is now; it stays whole until the block is left."""
        with self._readers.reading():
            yield self._view

    @property
    def dimension(self) -> int:
        return self._dimension

    def __len__(self) -> int:
        view = self._view
        return view.count - view.hidden

    def ids(self) -> Ids:
        """Ids of the faces that answer, ascending."""
        with self.reading() as view:
            return np.sort(view.ids_at(view.find_answering(None)))

    def add(self, ids: Ids, templates: Vectors) -> None:
        fresh = parse_ids(ids)
        vectors = parse_vectors(templates, self._dimension)
        if len(fresh) != len(vectors):
            raise IndexStateError(f"{len(fresh)} ids came with {len(vectors)} templates.")
        ascending = np.sort(fresh)
        with self._writing:
            self._refuse_known(ascending)
            answers = np.ones(len(fresh), np.bool_)
            entries = Entries(fresh, vectors.astype(np.float16), answers)
            self._view = View(self._extended(self._view.segments, entries))

    def find_templates(self, ids: Ids) -> tuple[Ids, Vectors]:
        wanted = np.unique(parse_ids(ids))
        with self.reading() as view:
            found = view.find_answering(wanted)
            templates = view.templates_at(found).astype(np.float32)
            return view.ids_at(found), templates.reshape(len(found), self._dimension)

    def hide(self, ids: Ids) -> int:
        wanted = np.unique(parse_ids(ids))
        with self._writing:
            before = self._view
            self._view = View(
                tuple(segment.with_hidden(segment.find_rows(wanted)) for segment in before.segments)
            )
            return self._view.hidden - before.hidden

    def erase(self, ids: Ids) -> int:
        wanted = np.unique(parse_ids(ids))
        with self._writing:
            self.hide(wanted)
            found = [(segment, segment.find_rows(wanted)) for segment in self._view.segments]
            touched = [(segment, rows) for segment, rows in found if len(rows)]
            if not touched:
                return 0
            erased = [segment.ids[rows].copy() for segment, rows in touched]
            self._view = View(
                tuple(
                    self._encoded(segment.without(rows)) if len(rows) else segment
                    for segment, rows in found
                    if len(rows) < segment.count
                )
            )
            self._retired = np.sort(np.concatenate([self._retired, *erased]))
            self._destroy(segment for segment, _ in touched)
        return sum(len(rows) for _, rows in touched)

    def snapshot(self) -> Iterator[bytes]:
        """The parts as in `VectorIndex`; an erasure meanwhile ends it in `IndexStateError`."""
        with self._writing:
            view, retired, wiped = self._view, self._retired, self._times_wiped
        parts = snapshot.write_parts(self._dimension, view.segments, retired=retired)
        while True:
            with self._readers.reading():
                if wiped != self._times_wiped:
                    raise IndexStateError("The index was erased from meanwhile; snapshot it again.")
                part = next(parts, None)
            if part is None:
                return
            yield part

    def restore(self, parts: Iterable[bytes]) -> None:
        header, stored = snapshot.split_parts(parts)
        if header.dimension != self._dimension:
            raise IndexStateError(
                f"The snapshot is of dimension {header.dimension}, the index of {self._dimension}."
            )
        segments: tuple[Segment, ...] = ()
        for entries in stored:
            parse_ids(entries.ids)
            parse_vectors(entries.templates.astype(np.float32), self._dimension)
            segments = self._extended(segments, entries)
        _refuse_repeats(np.sort(np.concatenate([header.retired, *(s.ids for s in segments)])))
        with self._writing:
            replaced, self._view = self._view, View(segments)
            self._retired = header.retired
            self._destroy(replaced.segments)

    def _extended(self, segments: tuple[Segment, ...], entries: Entries) -> tuple[Segment, ...]:
        """The segments with more rows after their last one."""
        start = 0
        grown = list(segments)
        while start < len(entries):
            if not grown or grown[-1].room == 0:
                grown.append(Segment.empty(self._segment_rows, self._dimension))
            fitting = entries[start : start + grown[-1].room]
            grown[-1] = self._encoded(grown[-1].extended(fitting))
            start += len(fitting)
        return tuple(grown)

    def _encoded(self, segment: Segment) -> Segment:
        loose = slice(segment.coded, segment.count)
        enough = max(1, self._segment_rows * _LOOSE_SHARE)
        if self._codebook is None or segment.count - segment.coded < enough:
            return segment
        templates = segment.templates[loose].astype(np.float32)
        return segment.with_codes(self._codebook.extend(segment.codes, templates))

    def _refuse_known(self, ascending: Ids) -> None:
        _refuse_repeats(ascending)
        for segment in self._view.segments:
            rows = segment.find_rows(ascending)
            if len(rows):
                raise IndexStateError(f"Face {segment.ids[rows[0]]} is in the index already.")
        retired = np.intersect1d(ascending, self._retired, assume_unique=True)
        if len(retired):
            raise IndexStateError(f"Face {retired[0]} was erased; its id is never used again.")

    def _destroy(self, segments: Iterable[Segment]) -> None:
        self._times_wiped += 1
        self._readers.wait_for_earlier()
        for segment in segments:
            segment.wipe()


def parse_ids(ids: Ids) -> Ids:
    """Raises `IndexStateError` for what is no array of face ids."""
    array = np.asarray(ids)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise IndexStateError(
            f"Face ids must be one row of whole numbers, not {array.dtype} of shape {array.shape}."
        )
    if array.size and array.min() < 0:
        raise IndexStateError(f"Face ids are not negative; {array.min()} is.")
    return array.astype(np.int64, copy=False)


def parse_limit(limit: int) -> int:
    """Raises `IndexStateError` for a limit that allows no answer."""
    if limit < 1:
        raise IndexStateError(f"A search is asked for at least 1 face, not {limit}.")
    return limit


def parse_vectors(vectors: Vectors, dimension: int) -> Vectors:
    """Raises `IndexStateError` for what are no unit vectors of the dimension."""
    array = np.atleast_1d(np.asarray(vectors, dtype=np.float32))
    if array.shape != (len(array), dimension):
        raise IndexStateError(
            f"Templates of this index have shape (n, {dimension}), not {array.shape}."
        )
    lengths = np.sqrt(np.einsum("nd,nd->n", array, array))
    if not (np.abs(lengths - 1) <= _UNIT_TOLERANCE).all():
        raise IndexStateError("A template is not finite or not of unit length; normalise it first.")
    return np.ascontiguousarray(array)


def _refuse_repeats(ascending: Ids) -> None:
    repeated = ascending[1:][ascending[1:] == ascending[:-1]]
    if len(repeated):
        raise IndexStateError(f"Face {repeated[0]} stands twice among the ids.")
