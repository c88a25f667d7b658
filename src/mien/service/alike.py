"""Faces that are like given templates, in the indexes of collections: all of them, and no others.

Faces that are kept for somebody else who is enrolled are left to them. Collections of other
models than the deployment's present one cannot be compared.
"""

from __future__ import annotations

from collections.abc import Collection as Many

import numpy as np
from numpy.typing import NDArray

from mien.catalog import collections as collection_rows
from mien.catalog import people as rows
from mien.catalog.faces import find_kept_for
from mien.index.base import NO_FACE, VectorIndex
from mien.service.deployment import Deployment
from mien.service.enrolled import FMR, open_template
from mien.service.gallery import Galleries
from mien.service.likeness import Likeness
from mien.types import FaceId, Ids, PersonId, Vectors
from mien.vault.rotation import Rotation

_FIRST_LOOK = 64
_GROWTH = 8
_SURE = 0.05
"""A search goes on until it is this far below the score that counts: shortlists may err."""
_ROUNDING = 2e-4
"""More than a template in half precision changes a score."""


def find_alike(index: VectorIndex, likeness: Likeness, *, rotation: Rotation) -> Ids:
    """Every face of an index that is as like one of the templates as its least score says."""
    if not len(likeness.templates):
        return np.empty(0, np.int64)
    least = likeness.least_scores[:, np.newaxis] - np.float32(_ROUNDING)
    found = find_hits(index, rotation.turn(likeness.templates), least=least)
    return np.array(sorted(found), np.int64)


def find_hits(
    index: VectorIndex, turned: Vectors, *, least: float | NDArray[np.float32]
) -> dict[FaceId, float]:
    """Every face that is as alike to any of these templates, with how alike it is at the most.

    What counts as alike is one score, or one for each template, shape (n, 1).
    """
    size, limit = len(index), min(_FIRST_LOOK, len(index))
    if size == 0:
        return {}
    hits = index.search(turned, limit=limit)
    while limit < size and (hits.scores[:, -1:] >= least - _SURE).any():
        limit = min(limit * _GROWTH, size)
        hits = index.search(turned, limit=limit)
    found: dict[FaceId, float] = {}
    wanted = (hits.scores >= least) & (hits.ids != NO_FACE)
    for face_id, score in zip(hits.ids[wanted], hits.scores[wanted], strict=True):
        known = FaceId(int(face_id))
        found[known] = max(found.get(known, -1.0), float(score))
    return found


def find_alike_to(
    deployment: Deployment, galleries: Galleries, *, person_ids: Many[PersonId]
) -> set[FaceId]:
    """Faces in any collection that are like these people's templates. Only while nobody adds."""
    likeness = _load_likeness(deployment, person_ids)
    if not len(likeness.templates):
        return set()
    model = deployment.model
    with deployment.database.reading() as connection:
        collections = list(collection_rows.iter_collections(connection))
    rotation = deployment.vault.rotation_of(model.dimension)
    found: set[FaceId] = set()
    for collection in collections:
        if collection.model_digest == model.digest:
            gallery = galleries.load(collection, gaussian=model.gaussian, keeps_snapshot=False)
            alike = find_alike(gallery.index, likeness, rotation=rotation)
            found.update(FaceId(face_id) for face_id in alike.tolist())
    with deployment.database.reading() as connection:
        owners = find_kept_for(connection, sorted(found))
    return {face_id for face_id in found if owners.get(face_id) in {None, *person_ids}}


def _load_likeness(deployment: Deployment, person_ids: Many[PersonId]) -> Likeness:
    model = deployment.model
    with deployment.database.reading() as connection:
        uuids = {person.id: person.uuid for person in rows.iter_people(connection)}
        enrolments = rows.find_enrolments(connection, person_ids, model_digest=model.digest)
    templates = [
        open_template(deployment, one, person_uuid=uuids[one.person_id]) for one in enrolments
    ]
    return Likeness(
        np.array(templates, np.float32).reshape(len(templates), model.dimension),
        [one.person_id for one in enrolments],
        np.full(len(templates), model.score_at(FMR), np.float32),
    )
