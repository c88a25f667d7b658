"""The seam behind which similarity search happens.

An index holds templates by face id and knows nothing else: no person, no photo, no grant.
A score is the inner product of the probe and the template as stored, computed exactly: the
cosine, to within the rounding of a half-precision template (about 0.0001). Whatever shorthand
an index uses to find its shortlist never decides order or threshold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mien.types import Ids, Vectors

__all__ = ["NO_FACE", "Health", "Hits", "Mode", "VectorIndex"]

NO_FACE = -1
"""Fills the rows of `Hits` beyond the last hit."""


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """The best faces for each probe, best first; both arrays have shape (probes, limit).

    Rows with fewer hits end in `NO_FACE` with score -inf. Equal scores stand by rising id.
    """

    ids: Ids
    scores: NDArray[np.float32]


class Mode(StrEnum):
    """How an index answers."""

    SCAN = "scan"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Health:
    """What an index knows of itself.

    `recall` is what the last check measured, None before the first. `margin` is how many
    standard deviations of the codes' error a face may look too bad and still be rescored.
    """

    mode: Mode
    margin: float
    recall: float | None = None


class VectorIndex(Protocol):
    """Templates by face id, searched by cosine.

    Templates and probes have unit length. Templates are kept in half precision, as they are in
    the vault; "exact" means exact over those. An id is not negative, is added once and never
    again, not even after it was erased. Every method may be called from several threads.
    """

    @property
    def dimension(self) -> int: ...

    def __len__(self) -> int:
        """Faces that answer searches."""
        ...

    def ids(self) -> Ids:
        """Ids of the faces that answer searches, ascending."""
        ...

    def add(self, ids: Ids, templates: Vectors) -> None:
        """All or none. Shapes (n,) and (n, dimension).

        Raises `IndexStateError` for a known or negative id, a wrong shape, or a template that
        is not finite or not of unit length.
        """
        ...

    def hide(self, ids: Ids) -> int:
        """Take faces out of every later answer at once; how many were there before."""
        ...

    def erase(self, ids: Ids) -> int:
        """Remove the faces, hidden ones too; how many were there.

        On return their bytes are gone from the index's memory and from every later snapshot.
        """
        ...

    def find_templates(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Those of these faces that answer searches, and their templates, (n, dimension)."""
        ...

    def search(self, probes: Vectors, *, limit: int, among: Ids | None = None) -> Hits:
        """The `limit` best faces for each probe, only among the given ids where there are any.

        An empty `among` allows nobody. Raises `IndexStateError` for probes of a wrong shape,
        not finite or not of unit length.
        """
        ...

    def check(self) -> Health:
        """Search some stored templates both ways, and mend what falls short as far as it can."""
        ...

    def snapshot(self) -> Iterator[bytes]:
        """The index as parts to be sealed and stored; they hold templates in the clear."""
        ...

    def restore(self, parts: Iterable[bytes]) -> None:
        """Replace the content by a snapshot's, whichever index wrote it, and check it.

        Raises `IndexStateError` for a foreign or damaged one, and then changes nothing.
        """
        ...
