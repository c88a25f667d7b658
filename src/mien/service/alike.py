"""Every face that is like somebody's templates, in whichever collection it was kept.

Faces that are kept for somebody else who is enrolled are left to them. Collections of other
models than the deployment's present one cannot be compared.
"""

from __future__ import annotations

from collections.abc import Collection as Many

import numpy as np

from mien.catalog import collections as collection_rows
from mien.catalog import people as rows
from mien.catalog.faces import find_kept_for
from mien.index.base import NO_FACE, VectorIndex
from mien.service.deployment import Deployment
from mien.service.enrolled import FMR, open_template
from mien.service.gallery import Galleries
from mien.types import FaceId, PersonId, Vectors

_FIRST_LOOK = 256
_GROWTH = 8
_SURE = 0.05
"""A search goes on until it is this far below the score that counts: shortlists may err."""


def find_alike(
    deployment: Deployment, galleries: Galleries, *, person_ids: Many[PersonId]
) -> set[FaceId]:
    """Faces at least as alike as is asked of one person at `FMR`. Only while nobody adds."""
    templates = _load_templates(deployment, person_ids)
    if not len(templates):
        return set()
    model = deployment.model
    with deployment.database.reading() as connection:
        collections = list(collection_rows.iter_collections(connection))
    turned = deployment.vault.rotation_of(model.dimension).turn(templates)
    found: set[FaceId] = set()
    for collection in collections:
        if collection.model_digest == model.digest:
            gallery = galleries.load(collection, gaussian=model.gaussian, keeps_snapshot=False)
            found |= find_hits(gallery.index, turned, least=model.score_at(FMR)).keys()
    with deployment.database.reading() as connection:
        owners = find_kept_for(connection, sorted(found))
    return {face_id for face_id in found if owners.get(face_id) in {None, *person_ids}}


def find_hits(index: VectorIndex, turned: Vectors, *, least: float) -> dict[FaceId, float]:
    """Every face that is as alike to any of these templates, with how alike it is at the most."""
    size, limit = len(index), min(_FIRST_LOOK, len(index))
    if size == 0:
        return {}
    hits = index.search(turned, limit=limit)
    while limit < size and hits.scores[:, -1].max() >= least - _SURE:
        limit = min(limit * _GROWTH, size)
        hits = index.search(turned, limit=limit)
    found: dict[FaceId, float] = {}
    wanted = (hits.scores >= least) & (hits.ids != NO_FACE)
    for face_id, score in zip(hits.ids[wanted], hits.scores[wanted], strict=True):
        known = FaceId(int(face_id))
        found[known] = max(found.get(known, -1.0), float(score))
    return found


def _load_templates(deployment: Deployment, person_ids: Many[PersonId]) -> Vectors:
    digest = deployment.model.digest
    with deployment.database.reading() as connection:
        uuids = {person.id: person.uuid for person in rows.iter_people(connection)}
        enrolments = rows.find_enrolments(connection, person_ids, model_digest=digest)
    templates = [
        open_template(deployment, one, person_uuid=uuids[one.person_id]) for one in enrolments
    ]
    return np.array(templates, np.float32).reshape(len(templates), deployment.model.dimension)
