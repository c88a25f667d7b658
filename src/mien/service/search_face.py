"""Search with a face that is in the collection: no photo is handed in, and none is decoded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mien.catalog.browse import find_collection_of_face, find_face_ids_beside
from mien.catalog.faces import VisibleFace
from mien.errors import NotFoundError
from mien.service.deployment import Deployment
from mien.service.gallery import Galleries
from mien.service.opinion import refer_to_face
from mien.service.reach import find_reached
from mien.service.seeking import (
    SearchRequest,
    SearchResult,
    Seeking,
    Target,
    as_row,
    begin_search,
    check_request,
    refuse_suppressed,
)


def search_stored_face(
    deployment: Deployment, request: SearchRequest, *, galleries: Galleries, face_id: str
) -> SearchResult:
    """Searches a collection for the person of one of its faces; its own photo is left out.

    Raises `NotFoundError` for a face that the search could not show, `SettingsError` as others do.
    """
    check_request(deployment, request)
    seeking = begin_search(deployment, request)
    if isinstance(seeking, SearchResult):
        return seeking
    probe = _find_probe(deployment, seeking, face_id=face_id)
    gallery = seeking.open_gallery(galleries)
    if probe.stored.id in seeking.leave.left_out:
        return refuse_suppressed(seeking)
    found, templates = gallery.index.find_templates(np.array([probe.stored.id], np.int64))
    if not len(found):
        raise _not_there(face_id)
    with deployment.database.reading() as connection:
        beside = find_face_ids_beside(connection, probe.stored.id)
    key = refer_to_face(deployment, uuid=probe.stored.uuid, face_id=probe.stored.id)
    seeking.session.note_keys([key])
    result = seeking.find(Target(as_row(templates[0]), key, own_faces=frozenset(beside)))
    seeking.end([result])
    return result


def _find_probe(deployment: Deployment, seeking: Seeking, *, face_id: str) -> VisibleFace:
    """The face, where the same search could show it."""
    whole = replace(seeking.leave, scope=seeking.leave.reach)
    with deployment.database.reading() as connection:
        place = find_collection_of_face(connection, face_id.lower())
        if place is not None and place[0] == whole.collection.name:
            found = find_reached(deployment, connection, leave=whole, face_ids=[place[1]])
            if place[1] in found:
                return found[place[1]]
    raise _not_there(face_id)


def _not_there(face_id: str) -> NotFoundError:
    return NotFoundError(f"There is no face {face_id} in this collection to search with.")
