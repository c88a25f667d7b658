"""One search under way: leave was asked, and faces are ranked one probe after the other.

Permission comes first: a refused search decodes nothing, and its answer is the same
whatever the collection holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mien.catalog.connect import Connection
from mien.catalog.faces import find_visible_faces
from mien.errors import SettingsError
from mien.permission.quality import QualityFilter
from mien.permission.verdict import ALLOWED, Reason, Verdict, refuse
from mien.service.audit import Note
from mien.service.begun import begin_session
from mien.service.deployment import Deployment
from mien.service.drafts import check_texts
from mien.service.gallery import Galleries, Gallery
from mien.service.leave import NO_FILTERS, Filters, Leave, ask_leave
from mien.service.left_out import find_left_out
from mien.service.opinion import ProbeKey, find_opinions, find_rejected
from mien.service.probe import Probe
from mien.service.ranking import Bounds, Candidate, Ranking
from mien.service.searched import Asked, SearchSession
from mien.service.weigh import check_can_tell, get_calibration
from mien.types import FaceId, Vectors

LONGEST_REASON = 1000
LARGEST_SIMILARITY = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """Why, where and how far to search; `face` chooses one of several in the probe.

    It uses so many `threads` at most: see `mien.service.cores`. `max_fmr` leaves out candidates
    whose score more strangers than that reach, and `min_similarity` those less alike on the scale
    of `mien.evidence.similarity`. Those that somebody said are not of this person are left out
    too, unless rejected ones are shown. In a photo of one person, faces that fall short of
    `quality` count as not there. `reason` says in free words what the search is about; it is
    sealed into the audit log.
    """

    purpose: str
    collection: str
    limit: int = 20
    min_score: float = -1.0
    max_fmr: float | None = None
    min_similarity: float | None = None
    quality: QualityFilter = QualityFilter.NONE
    face: int | None = None
    threads: int = 1
    max_file_bytes: int
    reason: str = ""
    filters: Filters = NO_FILTERS
    is_showing_rejected: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SearchResult:
    """Candidates, strongest first; none, and no probe, where the verdict is a no.

    `faces_searched` are all those of the collection. `unreadable_faces` are in it too, but their
    templates are lost or damaged. `may_be_several` people are shown by the probes. `rejected`
    candidates were left out. What is said of a candidate later names the search by its id.
    `leave` is how far it reached, where the gallery was opened.
    """

    verdict: Verdict
    probes: tuple[Probe, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    faces_searched: int = 0
    unreadable_faces: int = 0
    may_be_several: bool = False
    rejected: int = 0
    search_id: str = ""
    leave: Leave | None = None

    @property
    def probe(self) -> Probe | None:
        """The first photo that shows a face, or else the first one."""
        with_face = [probe for probe in self.probes if probe.searched is not None]
        return next(iter(with_face or self.probes), None)


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A face that is looked for: its turned template, (1, dimension), and what it is known by.

    `own_faces` are of the photo that it is in, and no candidates.
    """

    template: Vectors
    key: ProbeKey
    own_faces: frozenset[int] = frozenset()
    may_be_several: bool = False


class Seeking:
    """A search that is allowed, as far as leave reaches. Made by `begin_search`."""

    def __init__(
        self,
        deployment: Deployment,
        request: SearchRequest,
        *,
        session: SearchSession,
        leave: Leave,
    ) -> None:
        self._deployment = deployment
        self._request = request
        self._gallery: Gallery | None = None
        self.session = session
        self.leave = leave

    def is_suppressed(self, embeddings: Vectors) -> bool:
        """Whether one of these faces, not turned, is like that of somebody who opted out."""
        suppressed = self._deployment.suppressed.load(self._deployment.model)
        return any(suppressed.faces.find_owner(one) is not None for one in embeddings)

    def renew_leave(self) -> Verdict | None:
        """The refusal, where there is one now that the photos were looked at; it is in the log.

        A grant may have been revoked meanwhile, or the collection be another one.
        """
        request = self._request
        leave = ask_leave(
            self._deployment,
            purpose=request.purpose,
            collection=request.collection,
            at=self._deployment.clock(),
            filters=request.filters,
        )
        if isinstance(leave, Verdict):
            self.end([], verdict=leave)
            return leave
        self.leave = leave
        return None

    def open_gallery(self, galleries: Galleries) -> Gallery:
        """The collection in memory; from now on what is like those who opted out is left out."""
        deployment = self._deployment
        gallery = galleries.load(self.leave.collection, gaussian=deployment.model.gaussian)
        rotation = deployment.vault.rotation_of(self.leave.collection.dimension)
        suppressed = deployment.suppressed.load(deployment.model)
        left_out = find_left_out(gallery, suppressed, rotation=rotation)
        self.leave = replace(self.leave, left_out=frozenset(left_out.tolist()))
        self._gallery = gallery
        return gallery

    def find(self, target: Target) -> SearchResult:
        """The candidates for one face. Only with the gallery open."""
        if self._gallery is None:
            raise AssertionError
        with self._deployment.database.reading() as connection:
            rejected = find_rejected(self._deployment, connection, probe=target.key)
            number = self._count_visible(connection, rejected)
        if self._request.is_showing_rejected:
            rejected, number = frozenset(), 0
        model, asked = self._deployment.model, self._request
        ranking = Ranking(
            self._deployment,
            self._gallery,
            probe=target.template,
            leave=replace(self.leave, left_out=self.leave.left_out | target.own_faces | rejected),
            bounds=Bounds(asked.limit, asked.min_score, asked.max_fmr, asked.min_similarity),
            # What a mean of two people matches says nothing about either.
            calibration=None if target.may_be_several else model.calibration,
        )
        return SearchResult(
            ALLOWED,
            candidates=self._add_opinions(ranking.find_candidates(), key=target.key),
            faces_searched=len(self._gallery.index),
            unreadable_faces=self._gallery.unreadable,
            may_be_several=target.may_be_several,
            rejected=number,
            search_id=self.session.id,
            leave=self.leave,
        )

    def end(self, results: Sequence[SearchResult], *, verdict: Verdict = ALLOWED) -> None:
        """Enters the search into the log, with the candidates of each probe."""
        shown: list[Note] = [
            self.session.tell_shown(candidate, probe=number)
            for number, result in enumerate(results)
            for candidate in result.candidates
        ]
        self.session.end(verdict, shown=shown)

    def _count_visible(self, connection: Connection, face_ids: frozenset[FaceId]) -> int:
        """How many of them would be there: of others nothing is told."""
        return len(find_visible_faces(connection, self.leave.scope, face_ids=sorted(face_ids)))

    def _add_opinions(
        self, candidates: Sequence[Candidate], *, key: ProbeKey
    ) -> tuple[Candidate, ...]:
        with self._deployment.database.reading() as connection:
            opinions = find_opinions(
                self._deployment,
                connection,
                probe=key,
                face_ids=[one.face.stored.id for one in candidates],
                needed=self.leave.collection.charter.confirmations,
            )
        return tuple(replace(one, opinion=opinions[one.face.stored.id]) for one in candidates)


def begin_search(deployment: Deployment, request: SearchRequest) -> Seeking | SearchResult:
    """A search that is allowed, or the answer of one that is not, which is in the log then."""
    asked = Asked(
        purpose=request.purpose, collection=request.collection, reason=request.reason.strip()
    )
    begun = begin_session(deployment, asked, filters=request.filters)
    if isinstance(begun, Verdict):
        return SearchResult(begun)
    session, leave = begun
    return Seeking(deployment, request, session=session, leave=leave)


def refuse_suppressed(seeking: Seeking) -> SearchResult:
    """The answer where a probe shows somebody who opted out; in the log."""
    verdict = refuse(Reason.FACE_SUPPRESSED)
    seeking.end([], verdict=verdict)
    return SearchResult(verdict)


def check_request(deployment: Deployment, request: SearchRequest) -> None:
    """Raises `SettingsError` for what no search can ask for, `ModelError` for a rate unknown."""
    check_texts(request.reason)
    if request.limit < 1:
        raise SettingsError("The limit must be at least 1.")
    if math.isnan(request.min_score):
        raise SettingsError("The least score must be a number, from -1 to 1.")
    if len(request.reason) > LONGEST_REASON:
        raise SettingsError(f"The reason has more than {LONGEST_REASON} characters.")
    if request.min_similarity is not None:
        if not 0 <= request.min_similarity <= LARGEST_SIMILARITY:
            raise SettingsError("The least similarity must be from 0 to 100.")
        get_calibration(deployment.model)
    if request.max_fmr is not None:
        if not 0 < request.max_fmr <= 1:
            raise SettingsError("The highest false match rate must be above 0, and 1 at most.")
        check_can_tell(deployment.model, fmr=request.max_fmr)


def as_row(template: NDArray[np.float32]) -> Vectors:
    """One template as the ranking wants it, (1, dimension), of unit length in full precision."""
    row = template[np.newaxis].astype(np.float32)
    unit: Vectors = row / np.linalg.norm(row)
    return unit
