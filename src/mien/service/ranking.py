"""The faces that a search may show, strongest first.

The index proposes, the catalog decides: every hit is looked up again under the grants that
cover the search, and more are asked for as long as too few of them are visible.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mien.catalog.faces import VisibleFace, iter_visible_ids
from mien.evidence.similarity import find_threshold
from mien.evidence.strength import Strength
from mien.index.base import NO_FACE, Hits
from mien.service.deployment import Deployment
from mien.service.gallery import Gallery
from mien.service.leave import Leave
from mien.service.opinion import Opinion
from mien.service.reach import find_reached
from mien.service.weigh import Weighed, weigh
from mien.types import Calibration, FaceId, Ids, Vectors

_Scored = tuple[FaceId, float]

_SPARE = 40
"""More than are asked for: some may not be shown, and the most alike need not be the strongest."""
_FIRST = 88
"""So many at first where weak ones are left out: mostly few are strong, however many are wanted."""
_DOUBT = 0.2
"""How much stronger, as a normalised score, one beyond the hits may be than the last of these."""
_GROWTH, _GROWTH_OF_STRONG = 8, 2
"""Some may not be shown, often many; those that are too weak begin soon after the strong ones."""
_MOST_FETCHED = 4096


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many candidates are wanted, and which are too weak to be shown."""

    limit: int
    min_score: float = -1.0
    max_fmr: float | None = None
    min_similarity: float | None = None

    @property
    def asks_for_strength(self) -> bool:
        return self.max_fmr is not None or bool(self.min_similarity)

    @property
    def first(self) -> int:
        """How many hits to begin with."""
        wanted = min(self.limit, _FIRST) if self.asks_for_strength else self.limit
        return wanted + _SPARE

    @property
    def enough(self) -> int:
        """How many hits there must be before so many candidates can be the strongest."""
        return self.limit + _SPARE

    def find_next(self, fetched: int) -> int:
        """How many hits to ask for after so many."""
        growth = _GROWTH_OF_STRONG if self.asks_for_strength else _GROWTH
        return max(self.first, fetched * growth)


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
        self._least = _find_least(bounds, calibration)

    def find_candidates(self) -> tuple[Candidate, ...]:
        found = self._search(None, size=len(self._gallery.index))
        return self._search_among_visible() if found is None else found

    def _search_among_visible(self) -> tuple[Candidate, ...]:
        """For a search that may see little of a large collection."""
        with self._deployment.database.reading() as connection:
            visible = iter_visible_ids(connection, self._leave.scope)
            among = np.fromiter(visible, dtype=np.int64)
        return self._search(among, size=among.size) or ()

    def _search(self, among: Ids | None, *, size: int) -> tuple[Candidate, ...] | None:
        """Asks for ever more hits; None where too many of all faces would be asked for."""
        bounds, fetched = self._bounds, 0
        candidates: tuple[Candidate, ...] = ()
        while fetched < size and (len(candidates) < bounds.limit or fetched < bounds.enough):
            fetched = min(bounds.find_next(fetched), size)
            if among is None and fetched > max(_MOST_FETCHED, bounds.enough):
                return None
            hits = _list_hits(self._gallery.index.search(self._probe, limit=fetched, among=among))
            candidates, is_last = self._see(hits)
            if is_last or len(hits) < fetched:
                break
        return candidates

    def _see(self, hits: Sequence[_Scored]) -> tuple[tuple[Candidate, ...], bool]:
        """The hits that may be shown, ranked, and whether none beyond these can be wanted."""
        wanted = [hit for hit in hits if hit[1] >= self._bounds.min_score]
        is_last = len(wanted) < len(hits)
        if not self._bounds.asks_for_strength:
            visible = self._find_visible([face_id for face_id, _ in wanted])
            seen = [hit for hit in wanted if hit[0] in visible]
            return self._rank(self._weigh(seen, limit=self._bounds.limit), visible), is_last
        weighed = self._weigh(hits, limit=len(hits))
        # A cosine is worth more for some faces than for others, but not for all of so many.
        last = {face_id for face_id, _ in hits[len(hits) // 2 :]}
        is_last |= not any(one.face_id in last and self._is_strong(one, _DOUBT) for one in weighed)
        strong = [
            one for one in weighed if self._is_strong(one) and one.score >= self._bounds.min_score
        ]
        visible = self._find_visible([one.face_id for one in strong])
        shown = [one for one in strong if one.face_id in visible]
        return self._rank(shown[: self._bounds.limit], visible), is_last

    def _weigh(self, scored: Sequence[_Scored], *, limit: int) -> list[Weighed]:
        return weigh(
            self._gallery, scored, probe=self._probe, calibration=self._calibration, limit=limit
        )

    def _find_visible(self, face_ids: Sequence[FaceId]) -> Mapping[FaceId, VisibleFace]:
        """Those of the faces that may be shown; the catalog is asked about every one."""
        with self._deployment.database.reading() as connection:
            return find_reached(self._deployment, connection, leave=self._leave, face_ids=face_ids)

    def _rank(
        self, weighed: Sequence[Weighed], visible: Mapping[FaceId, VisibleFace]
    ) -> tuple[Candidate, ...]:
        return tuple(
            # Half a template's last bit may stand beyond.
            Candidate(rank, min(max(one.score, -1.0), 1.0), visible[one.face_id], one.strength)
            for rank, one in enumerate(weighed, start=1)
        )

    def _is_strong(self, one: Weighed, doubt: float = 0.0) -> bool:
        """Whether the bounds let it in. What was never calibrated is not known to be strong."""
        return one.strength is not None and one.strength.normalised_score + doubt >= self._least


def _find_least(bounds: Bounds, calibration: Calibration | None) -> float:
    """The least normalised score that the bounds let in."""
    if calibration is None:
        return math.inf
    similar = find_threshold(bounds.min_similarity or 0.0, calibration)
    if bounds.max_fmr is None or bounds.max_fmr >= 1:
        return similar
    # Of what was measured: beyond its ends no rate is claimed. What is looked up must rise.
    decades = -math.log10(bounds.max_fmr)
    rare = np.interp(decades, -calibration.log10_fmr, calibration.scores)
    return max(similar, float(rare))


def _list_hits(hits: Hits) -> list[_Scored]:
    """The hits of the one probe, best first."""
    return [
        (FaceId(int(face_id)), float(score))
        for face_id, score in zip(hits.ids[0], hits.scores[0], strict=True)
        if face_id != NO_FACE
    ]
