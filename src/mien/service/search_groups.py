"""Search among face groups: which people, by their names, a face or another group is like.

It is a search like any other: asked for with a purpose, refused for whoever opted out, and
entered into the log, which knows the groups that were shown under keys of their own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np

from mien.catalog.audit import Json
from mien.catalog.face_groups import StoredFaceGroup, find_faces_of, find_groups_by_id, name_group
from mien.catalog.faces import VisibleFace, find_faces_by_uuid
from mien.errors import NotFoundError
from mien.evidence.similarity import find_threshold, tell_similarity
from mien.permission.access_key import AccessTerms
from mien.permission.quality import QualityFilter
from mien.permission.verdict import ALLOWED, Verdict
from mien.service.audit import Note
from mien.service.bound import filter_for
from mien.service.face_groups import FaceGroup, FaceGroups, open_name
from mien.service.gallery import Gallery
from mien.service.group_vectors import (
    GroupVectors,
    find_members,
    make_vectors,
    weigh_vectors,
)
from mien.service.opinion import ProbeKey, refer_to_face, refer_to_photos
from mien.service.parts import Parts
from mien.service.probe import Probe, find_fit, show_probe
from mien.service.reach import find_reached
from mien.service.seeking import (
    SearchRequest,
    SearchResult,
    Seeking,
    as_row,
    begin_search,
    refuse_suppressed,
)
from mien.service.standing import get_collection
from mien.service.weigh import get_calibration
from mien.types import Look, Vectors
from mien.vault.notary import Owner

_SLACK = 1e-9
"""Less than anybody asks for: thresholds are turned into scores and back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRequest:
    """Where to search, as a key of these terms, and how similar a group must be."""

    terms: AccessTerms
    collection: str
    min_similarity: float
    limit: int


@dataclass(frozen=True, slots=True)
class GroupMatch:
    """A group that may be of the same person."""

    group: FaceGroup
    similarity: float


@dataclass(frozen=True, slots=True, eq=False)
class GroupResult:
    """Groups, the most similar first; none where the verdict is a no.

    `probe` is the photo that was searched with, if it was one; `model_digest` says by which model.
    """

    verdict: Verdict
    model_digest: str = ""
    matches: tuple[GroupMatch, ...] = ()
    probe: Probe | None = None
    search_id: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Target:
    """What is looked for, turned, (1, dimension), and what it is known by."""

    template: Vectors
    key: ProbeKey


class GroupSearch:
    """Searches for groups, asked for by whoever acts. Raises `NotFoundError` for no collection."""

    def __init__(self, parts: Parts, request: GroupRequest) -> None:
        self._parts = parts
        self._request = request
        self._deployment = deployment = parts.session.prepare_to_search(request.collection)
        with deployment.database.reading() as connection:
            found = get_collection(deployment, connection, name=request.collection)
        self._digest = found.model_digest

    def by_face(self, face_id: str) -> GroupResult:
        """For a face of the collection. Raises `NotFoundError` for one that it may not show."""
        seeking = self._begin()
        if isinstance(seeking, GroupResult):
            return seeking
        face = self._find_face(seeking, face_id)
        gallery = seeking.open_gallery(self._parts.galleries)
        if face.stored.id in seeking.leave.left_out:
            return GroupResult(refuse_suppressed(seeking).verdict)
        found, templates = gallery.index.find_templates(np.array([face.stored.id], np.int64))
        if not len(found):
            raise _no_face(face_id)
        key = refer_to_face(self._deployment, uuid=face.stored.uuid, face_id=face.stored.id)
        groups = self._make_vectors(seeking, gallery)
        return self._search(
            seeking, gallery, target=_Target(as_row(templates[0]), key), groups=groups
        )

    def by_name(self, name: str) -> GroupResult:
        """For a group, which is no match itself. Raises `NotFoundError`."""
        seeking = self._begin()
        if isinstance(seeking, GroupResult):
            return seeking
        with self._deployment.database.reading() as connection:
            group = FaceGroups(self._deployment, seeking.leave).get(connection, name)
        gallery = seeking.open_gallery(self._parts.galleries)
        groups = self._make_vectors(seeking, gallery)
        own = groups.find(group.id)
        if own is None:
            seeking.end([])
            return GroupResult(ALLOWED, self._digest, search_id=seeking.session.id)
        key = ProbeKey(self._deployment.vault.notary.refer("probe group", group.uuid))
        return self._search(
            seeking, gallery, target=_Target(own, key), groups=groups.without(group.id)
        )

    def by_photo(
        self, read: Callable[[], bytes], *, quality: QualityFilter = QualityFilter.NONE
    ) -> GroupResult:
        """For the largest face of a photo that is good enough; nothing where there is none.

        The photo is read once that is allowed. Raises `PhotoError` for what gives no picture.
        """
        seeking = self._begin()
        if isinstance(seeking, GroupResult):
            return seeking
        content = read()
        seeking.session.note_probes([content])
        with self._deployment.cores.take(most=os.cpu_count() or 1) as threads:
            vision = self._deployment.vision(threads=threads)
            analysis = vision.analyse(content, look=Look.PROBE)
        searched = next(iter(find_fit(analysis, quality)), None)
        probe = show_probe(analysis, searched)
        if searched is None:
            seeking.end([])
            return GroupResult(ALLOWED, self._digest, probe=probe, search_id=seeking.session.id)
        embedding = as_row(analysis.faces[searched].embedding)
        if seeking.is_suppressed(embedding):
            return GroupResult(refuse_suppressed(seeking).verdict)
        refusal = seeking.renew_leave()
        if refusal is not None:
            return GroupResult(refusal)
        gallery = seeking.open_gallery(self._parts.galleries)
        turned = self._deployment.vault.rotation_of(embedding.shape[1]).turn(embedding)
        key = refer_to_photos(self._deployment, [(sha256(content).hexdigest(), searched)])
        groups = self._make_vectors(seeking, gallery)
        result = self._search(seeking, gallery, target=_Target(turned, key), groups=groups)
        return replace(result, probe=probe)

    def _begin(self) -> Seeking | GroupResult:
        request = self._request
        asked = SearchRequest(
            purpose=request.terms.purpose,
            collection=request.collection,
            limit=request.limit,
            max_file_bytes=self._parts.max_file_bytes,
            filters=filter_for(request.terms),
        )
        seeking = begin_search(self._deployment, asked)
        if isinstance(seeking, SearchResult):
            return GroupResult(seeking.verdict)
        get_calibration(self._deployment.model)
        return seeking

    def _find_face(self, seeking: Seeking, face_id: str) -> VisibleFace:
        with self._deployment.database.reading() as connection:
            for face in find_faces_by_uuid(connection, [face_id]):
                found = find_reached(
                    self._deployment, connection, leave=seeking.leave, face_ids=[face.id]
                )
                if face.id in found:
                    return found[face.id]
        raise _no_face(face_id)

    def _make_vectors(self, seeking: Seeking, gallery: Gallery) -> GroupVectors:
        with self._deployment.database.reading() as connection:
            members = find_members(self._deployment, connection, leave=seeking.leave)
        return make_vectors(gallery, members)

    def _search(
        self, seeking: Seeking, gallery: Gallery, *, target: _Target, groups: GroupVectors
    ) -> GroupResult:
        seeking.session.note_keys([target.key])
        found = self._rank(groups, gallery, target=target)
        matches, notes = self._describe(seeking, found)
        seeking.session.end(ALLOWED, shown=notes)
        self._parts.session.keep_signed()
        return GroupResult(ALLOWED, self._digest, matches, search_id=seeking.session.id)

    def _rank(
        self, groups: GroupVectors, gallery: Gallery, *, target: _Target
    ) -> list[tuple[int, float]]:
        """The groups that are similar enough, with how similar, the most similar first."""
        least = self._request.min_similarity
        calibration = get_calibration(self._deployment.model)
        scores = weigh_vectors(gallery, probe=target.template, vectors=groups.vectors)
        order = np.argsort(-scores, kind="stable")
        strong = order[scores[order] >= find_threshold(least, calibration) - _SLACK]
        ranked = [
            (int(groups.group_ids[place]), tell_similarity(float(scores[place]), calibration))
            for place in strong[: self._request.limit]
        ]
        return [one for one in ranked if one[1] >= least]

    def _describe(
        self, seeking: Seeking, found: Sequence[tuple[int, float]]
    ) -> tuple[tuple[GroupMatch, ...], list[Note]]:
        group_ids = [group_id for group_id, _ in found]
        with self._deployment.database.reading() as connection:
            stored = find_groups_by_id(connection, seeking.leave.scope, group_ids=group_ids)
            faces = find_faces_of(connection, group_ids)
        matches, notes = [], []
        for group_id, similarity in found:
            group = stored.get(group_id)  # it may have been deleted meanwhile
            name = None if group is None else open_name(self._deployment, group)
            if group is None or name is None:
                continue
            told = FaceGroup(group.uuid, name, len(faces.get(group_id, ())), group_id)
            matches.append(GroupMatch(told, similarity))
            notes.append(_tell_shown(seeking, group, rank=len(matches), similarity=similarity))
        return tuple(matches), notes


def _tell_shown(seeking: Seeking, group: StoredFaceGroup, *, rank: int, similarity: float) -> Note:
    """What the log keeps of a group that was shown, as long as the group is kept."""
    details: dict[str, Json] = {
        "face_group": group.uuid,
        "rank": rank,
        "similarity": round(similarity, 2),
        "search": seeking.session.id,
    }
    return Note(details, Owner(subject=name_group(group.uuid)))


def _no_face(face_id: str) -> NotFoundError:
    return NotFoundError(f"There is no face {face_id} in this collection to search with.")
