"""Search: every photo of the person whose face is handed in, as far as permission reaches.

Permission comes first: a refused search decodes nothing, and its answer is the same
whatever the collection holds. The index proposes, the catalog decides: every candidate is
looked up again under the grants that cover the search.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from mien.catalog.audit import Json
from mien.catalog.connect import Connection
from mien.catalog.faces import (
    VisibleFace,
    find_visible_faces,
    iter_visible_ids,
)
from mien.errors import SettingsError
from mien.index.base import NO_FACE, Hits, VectorIndex
from mien.permission.basis import Basis
from mien.permission.verdict import ALLOWED, Reason, Verdict, refuse
from mien.service.audit import Note
from mien.service.collections import check_model
from mien.service.deployment import Deployment
from mien.service.enrolled import find_consenting
from mien.service.gallery import Galleries
from mien.service.leave import Leave, ask_leave
from mien.service.left_out import find_left_out
from mien.service.searched import SearchSession
from mien.types import FaceId, PhotoAnalysis, Quality, Vectors
from mien.vault.notary import Owner

_SPARE = 20
_GROWTH = 8
_MOST_FETCHED = 4096
_NOTHING = np.empty(0, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """Why, where and how far to search; `face` chooses one of several in the probe."""

    purpose: str
    collection: str
    limit: int = 20
    min_score: float = -1.0
    face: int | None = None
    threads: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """The photo handed in, and the number of the face that was searched, if it shows one.

    The embeddings of its faces were only needed on the way, and are not handed out.
    """

    analysis: PhotoAnalysis
    searched: int | None

    @property
    def quality(self) -> Quality | None:
        """That of the face that was searched. A poor one is searched too: its scores mean less."""
        return None if self.searched is None else self.analysis.faces[self.searched].quality


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One row of a result: a face that may be of the same person. The score is the cosine."""

    rank: int
    score: float
    face: VisibleFace


@dataclass(frozen=True, slots=True, eq=False)
class SearchResult:
    """Candidates, best first; none, and no probe, where the verdict is a no.

    `unreadable_faces` are in the collection, but their templates are lost or damaged.
    """

    verdict: Verdict
    probe: Probe | None = None
    candidates: tuple[Candidate, ...] = ()
    unreadable_faces: int = 0


def search_photo(
    deployment: Deployment,
    request: SearchRequest,
    *,
    galleries: Galleries,
    read_probe: Callable[[], bytes],
) -> SearchResult:
    """Searches a collection for the largest face in a photo, or the one chosen.

    The photo is not even read before permission was given. Raises `PhotoError` where it
    cannot be read, `SettingsError` for a face number or a limit out of range.
    """
    if request.limit < 1:
        raise SettingsError("The limit must be at least 1.")
    if math.isnan(request.min_score):
        raise SettingsError("The least score must be a number, from -1 to 1.")
    session = SearchSession(deployment, purpose=request.purpose, collection=request.collection)
    leave = ask_leave(
        deployment, purpose=request.purpose, collection=request.collection, at=session.began
    )
    if isinstance(leave, Verdict):
        session.end(leave)
        return SearchResult(leave)
    session.collection = leave.collection
    check_model(leave.collection, deployment.model)
    suppressed = deployment.suppressed.load(deployment.model)
    vision = deployment.vision(threads=request.threads)
    content = read_probe()
    session.note_probe(content)
    analysis = vision.analyse(content)
    probe = _choose_face(analysis, request.face)
    if probe.searched is None:
        session.end(ALLOWED)
        return SearchResult(ALLOWED, probe)
    embedding = analysis.faces[probe.searched].embedding
    if suppressed.faces.find_owner(embedding) is not None:
        verdict = refuse(Reason.FACE_SUPPRESSED)
        session.end(verdict)
        return SearchResult(verdict)
    gallery = galleries.load(leave.collection, gaussian=deployment.model.gaussian)
    rotation = deployment.vault.rotation_of(leave.collection.dimension)
    left_out = find_left_out(gallery, suppressed, rotation=rotation)
    leave = replace(leave, left_out=frozenset(left_out.tolist()))
    turned = rotation.turn(embedding[np.newaxis])
    candidates = _rank(deployment, gallery.index, probe=turned, leave=leave, request=request)
    session.end(ALLOWED, shown=[_tell_shown(candidate) for candidate in candidates])
    return SearchResult(ALLOWED, probe, candidates, gallery.unreadable)


def _choose_face(analysis: PhotoAnalysis, chosen: int | None) -> Probe:
    """The largest face comes first."""
    if not analysis.faces:
        return Probe(analysis, None)
    shown = replace(
        analysis, faces=tuple(replace(face, embedding=_NOTHING) for face in analysis.faces)
    )
    if chosen is not None and not 0 <= chosen < len(analysis.faces):
        raise SettingsError(
            f"There is no face {chosen} in the probe: it shows {len(analysis.faces)}, "
            "counted from 0, the largest first."
        )
    return Probe(shown, chosen or 0)


def _rank(
    deployment: Deployment,
    index: VectorIndex,
    *,
    probe: Vectors,
    leave: Leave,
    request: SearchRequest,
) -> tuple[Candidate, ...]:
    """The best visible faces. Asks the index for more as long as too few of them are visible."""
    size, fetched = len(index), 0
    candidates: tuple[Candidate, ...] = ()
    while fetched < size and len(candidates) < request.limit:
        fetched = min(max(request.limit + _SPARE, fetched * _GROWTH), size)
        if fetched > _MOST_FETCHED:
            return _rank_visible(deployment, index, probe=probe, leave=leave, request=request)
        hits = index.search(probe, limit=fetched)
        candidates = _see(deployment, hits, leave=leave, request=request)
        if hits.scores[0, -1] < request.min_score:
            break
    return candidates


def _rank_visible(
    deployment: Deployment,
    index: VectorIndex,
    *,
    probe: Vectors,
    leave: Leave,
    request: SearchRequest,
) -> tuple[Candidate, ...]:
    """For a search that may see little of a large collection."""
    with deployment.database.reading() as connection:
        visible = iter_visible_ids(connection, leave.scope)
        among = np.fromiter(visible, dtype=np.int64)
    fetched = 0
    candidates: tuple[Candidate, ...] = ()
    while fetched < among.size and len(candidates) < request.limit:
        fetched = min(max(request.limit, fetched * _GROWTH), among.size)
        hits = index.search(probe, limit=fetched, among=among)
        candidates = _see(deployment, hits, leave=leave, request=request)
    return candidates


def _see(
    deployment: Deployment, hits: Hits, *, leave: Leave, request: SearchRequest
) -> tuple[Candidate, ...]:
    """The hits that may be shown, ranked; the catalog is asked about every one."""
    scored = [
        (FaceId(int(face_id)), float(score))
        for face_id, score in zip(hits.ids[0], hits.scores[0], strict=True)
        if face_id != NO_FACE and face_id not in leave.left_out and score >= request.min_score
    ]
    with deployment.database.reading() as connection:
        face_ids = [face_id for face_id, _ in scored]
        found = find_visible_faces(connection, leave.scope, face_ids=face_ids)
        visible = _leave_out(deployment, connection, visible=found, leave=leave)
    shown = [(score, visible[face_id]) for face_id, score in scored if face_id in visible]
    return tuple(
        Candidate(rank, min(max(score, -1.0), 1.0), face)  # half a template's last bit beyond
        for rank, (score, face) in enumerate(shown[: request.limit], start=1)
    )


def _leave_out(
    deployment: Deployment,
    connection: Connection,
    *,
    visible: Mapping[FaceId, VisibleFace],
    leave: Leave,
) -> Mapping[FaceId, VisibleFace]:
    """Where only enrolled people are kept: without those who do not consent to this search."""
    if leave.collection.basis is not Basis.ENROLLED_ONLY:
        return visible
    people = {face.person_id for face in visible.values() if face.person_id is not None}
    consenting = find_consenting(
        deployment, connection, person_ids=people, purpose=leave.purpose, at=leave.at
    )
    return {face_id: face for face_id, face in visible.items() if face.person_id in consenting}


def _tell_shown(candidate: Candidate) -> Note:
    """What the audit log keeps of a face that was shown, as long as the face is kept."""
    stored = candidate.face.stored
    details: dict[str, Json] = {
        "face": stored.uuid,
        "rank": candidate.rank,
        "score": round(candidate.score, 4),
    }
    return Note(details, Owner(photo_id=stored.photo_uuid, face_id=stored.uuid))
