"""The faces that a search may show, strongest first.

The index proposes, the catalog decides: every hit is looked up again under the grants that
cover the search, and more are asked for as long as too few of them are visible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.catalog.faces import VisibleFace, iter_visible_ids
from mien.evidence.strength import Strength
from mien.index.base import NO_FACE, Hits
from mien.service.deployment import Deployment
from mien.service.gallery import Gallery
from mien.service.leave import Leave
from mien.service.opinion import Opinion
from mien.service.reach import find_reached
from mien.service.weigh import Weighed, weigh
from mien.types import Calibration, FaceId, Vectors

_SPARE = 40
"""More than are asked for: some may not be shown, and the most alike need not be the strongest."""
_GROWTH = 8
_MOST_FETCHED = 4096


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many candidates are wanted, and which are too weak to be shown."""

    limit: int
    min_score: float
    max_fmr: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One row of a result: a face that may be of the same person.

    The score is the cosine. `strength` says what it is worth; None where the model was never
    calibrated. `opinion` is what people said of it, of a match for this probe.
    """

    rank: int
    score: float
    face: VisibleFace
    strength: Strength | None = None
    opinion: Opinion | None = None


class Ranking:
    """One search of a gallery: a turned probe, shape (1, dimension), as far as leave reaches."""

    def __init__(
        self,
        deployment: Deployment,
        gallery: Gallery,
        *,
        probe: Vectors,
        leave: Leave,
        bounds: Bounds,
        calibration: Calibration | None,
    ) -> None:
        self._deployment = deployment
        self._gallery = gallery
        self._probe = probe
        self._leave = leave
        self._bounds = bounds
        self._calibration = calibration

    def find_candidates(self) -> tuple[Candidate, ...]:
        index = self._gallery.index
        size, fetched = len(index), 0
        candidates: tuple[Candidate, ...] = ()
        while fetched < size and len(candidates) < self._bounds.limit:
            fetched = min(max(self._bounds.limit + _SPARE, fetched * _GROWTH), size)
            if fetched > _MOST_FETCHED:
                return self._find_among_visible()
            hits = index.search(self._probe, limit=fetched)
            candidates = self._see(hits)
            if self._is_too_weak(hits):
                break
        return candidates

    def _find_among_visible(self) -> tuple[Candidate, ...]:
        """For a search that may see little of a large collection."""
        with self._deployment.database.reading() as connection:
            visible = iter_visible_ids(connection, self._leave.scope)
            among = np.fromiter(visible, dtype=np.int64)
        fetched = 0
        candidates: tuple[Candidate, ...] = ()
        while fetched < among.size and len(candidates) < self._bounds.limit:
            fetched = min(max(self._bounds.limit + _SPARE, fetched * _GROWTH), among.size)
            hits = self._gallery.index.search(self._probe, limit=fetched, among=among)
            candidates = self._see(hits)
            if self._is_too_weak(hits):
                break
        return candidates

    def _is_too_weak(self, hits: Hits) -> bool:
        """Whether the last hits, seen or not, are so weak that none beyond them can be wanted."""
        if hits.scores[0, -1] < self._bounds.min_score:
            return True
        if self._bounds.max_fmr is None:
            return False
        last = self._weigh(_list_hits(hits)[-_SPARE:], limit=_SPARE)
        return not any(self._is_strong_enough(one.strength) for one in last)

    def _weigh(self, scored: Sequence[tuple[FaceId, float]], *, limit: int) -> list[Weighed]:
        return weigh(
            self._gallery, scored, probe=self._probe, calibration=self._calibration, limit=limit
        )

    def _see(self, hits: Hits) -> tuple[Candidate, ...]:
        """The hits that may be shown, ranked; the catalog is asked about every one."""
        scored = [
            (face_id, score)
            for face_id, score in _list_hits(hits)
            if face_id not in self._leave.left_out and score >= self._bounds.min_score
        ]
        with self._deployment.database.reading() as connection:
            face_ids = [face_id for face_id, _ in scored]
            visible = find_reached(
                self._deployment, connection, leave=self._leave, face_ids=face_ids
            )
        visible_scores = [(face_id, score) for face_id, score in scored if face_id in visible]
        weighed = self._weigh(visible_scores, limit=self._bounds.limit)
        shown = [one for one in weighed if self._is_strong_enough(one.strength)]
        return tuple(
            # Half a template's last bit may stand beyond.
            Candidate(rank, min(max(one.score, -1.0), 1.0), visible[one.face_id], one.strength)
            for rank, one in enumerate(shown, start=1)
        )

    def _is_strong_enough(self, strength: Strength | None) -> bool:
        if self._bounds.max_fmr is None:
            return True
        return strength is not None and strength.fmr <= self._bounds.max_fmr


def _list_hits(hits: Hits) -> list[tuple[FaceId, float]]:
    """The hits of the one probe, best first."""
    return [
        (FaceId(int(face_id)), float(score))
        for face_id, score in zip(hits.ids[0], hits.scores[0], strict=True)
        if face_id != NO_FACE
    ]
