"""Searches and comparisons as somebody asks for them through an open library."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from mien.permission.access_key import AccessTerms
from mien.permission.verdict import Verdict
from mien.service.bound import ask_bound_leave
from mien.service.compare import CompareRequest, Comparison, Side, compare_photos
from mien.service.compare_faces import CompareFacesRequest, FacesComparison, compare_faces
from mien.service.handed_in import HandedIn
from mien.service.leave import Leave
from mien.service.parts import Parts
from mien.service.search import search_photos
from mien.service.search_face import search_stored_face
from mien.service.search_faces import FacesResult, search_every_face
from mien.service.searched import Asked, SearchSession
from mien.service.seeking import SearchRequest, SearchResult


class SearchDesk:
    """Searches that know every opt-out first, and leave the log signed now and then."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def ask(self, terms: AccessTerms, *, collection: str) -> Leave | Verdict:
        """What an access key may see of a collection; a refusal is in the log.

        Raises `NotFoundError`.
        """
        deployment = self._parts.deployment
        leave = ask_bound_leave(deployment, terms, collection=collection)
        if isinstance(leave, Verdict):
            asked = Asked(purpose=terms.purpose, collection=collection)
            SearchSession(deployment, asked).end(leave)
        return leave

    def search_photos(self, photos: Sequence[HandedIn], request: SearchRequest) -> SearchResult:
        """For one person, in one photo or several. Raises as `mien.service.search`."""
        seen = self._parts.session.prepare_to_search(request.collection)
        galleries = self._parts.galleries
        result = search_photos(seen, self._equip(request), galleries=galleries, photos=photos)
        self._parts.session.keep_signed()
        return result

    def search_face(self, face_id: str, request: SearchRequest) -> SearchResult:
        """For the person of a face of the collection. Raises as `mien.service.search_face`."""
        seen = self._parts.session.prepare_to_search(request.collection)
        galleries = self._parts.galleries
        result = search_stored_face(
            seen, self._equip(request), galleries=galleries, face_id=face_id
        )
        self._parts.session.keep_signed()
        return result

    def search_faces(self, photo: HandedIn, request: SearchRequest) -> FacesResult:
        """For everybody in a photo. Raises as `mien.service.search_faces`."""
        seen = self._parts.session.prepare_to_search(request.collection)
        galleries = self._parts.galleries
        result = search_every_face(seen, self._equip(request), galleries=galleries, photo=photo)
        self._parts.session.keep_signed()
        return result

    def compare(self, first: Side, second: Side, *, asked: Asked) -> Comparison:
        """Two photos, face to face. Raises as `mien.service.compare`."""
        seen = self._parts.session.prepare_to_search(asked.collection)
        request = CompareRequest(
            asked=asked, threads=_count_threads(), max_file_bytes=self._parts.max_file_bytes
        )
        comparison = compare_photos(seen, request, sides=(first, second))
        self._parts.session.keep_signed()
        return comparison

    def compare_faces(
        self, source: HandedIn, target: HandedIn, *, request: CompareFacesRequest
    ) -> FacesComparison:
        """A face with everybody in a photo. Raises as `mien.service.compare_faces`."""
        seen = self._parts.session.prepare_to_search(request.asked.collection)
        limit = min(request.max_file_bytes, self._parts.max_file_bytes)
        equipped = replace(request, threads=_count_threads(), max_file_bytes=limit)
        comparison = compare_faces(seen, equipped, source=source, target=target)
        self._parts.session.keep_signed()
        return comparison

    def _equip(self, request: SearchRequest) -> SearchRequest:
        limit = min(request.max_file_bytes, self._parts.max_file_bytes)
        return replace(request, threads=_count_threads(), max_file_bytes=limit)


def _count_threads() -> int:
    return os.cpu_count() or 1
