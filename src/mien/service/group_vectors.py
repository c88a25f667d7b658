"""What a face group looks like: the mean of its faces' templates, made anew for every question.

Only faces that the asker may see count, and none like those of people who opted out. How alike
two are is weighed as for single faces: see `mien.service.weigh`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.catalog.connect import Connection
from mien.catalog.face_groups import iter_visible_members
from mien.evidence.cohort import find_levels, normalise
from mien.permission.basis import Basis
from mien.service.deployment import Deployment
from mien.service.enrolled import find_consenting
from mien.service.gallery import Gallery
from mien.service.leave import Leave
from mien.types import FaceId, Ids, Vectors

_FACES_A_STEP = 20_000

Member = tuple[int, FaceId]
"""A group, and a face of it."""


@dataclass(frozen=True, slots=True, eq=False)
class GroupVectors:
    """Groups by rising id, (n,), and a vector of unit length for each, (n, dimension)."""

    group_ids: Ids
    vectors: Vectors

    def find(self, group_id: int) -> Vectors | None:
        """That of one group, (1, dimension); nothing where none of its faces may be seen."""
        own: Vectors = self.vectors[self.group_ids == group_id]
        return own if len(own) else None

    def without(self, group_id: int) -> GroupVectors:
        """All the others."""
        others = self.group_ids != group_id
        return GroupVectors(self.group_ids[others], self.vectors[others])


def find_members(deployment: Deployment, connection: Connection, *, leave: Leave) -> list[Member]:
    """Every face of every group, as far as leave reaches."""
    found = [
        one for one in iter_visible_members(connection, leave.scope) if one[1] not in leave.left_out
    ]
    if leave.collection.basis is Basis.ENROLLED_ONLY:
        people = {person_id for _, _, person_id in found if person_id is not None}
        consenting = find_consenting(
            deployment, connection, person_ids=people, purpose=leave.purpose, at=leave.at
        )
        found = [one for one in found if one[2] in consenting]
    return [(group_id, face_id) for group_id, face_id, _ in found]


def make_vectors(gallery: Gallery, members: Sequence[Member]) -> GroupVectors:
    """The vectors of all groups that have a face whose template can be read."""
    ordered = sorted(members, key=lambda member: member[1])
    group_by_face = np.array(ordered, np.int64).reshape(-1, 2)
    group_ids, places = np.unique(group_by_face[:, 0], return_inverse=True)
    sums = np.zeros((group_ids.size, gallery.index.dimension), np.float32)
    counts = np.zeros(group_ids.size, np.int64)
    for start in range(0, len(ordered), _FACES_A_STEP):
        asked = group_by_face[start : start + _FACES_A_STEP, 1]
        found, templates = gallery.index.find_templates(asked)
        own = places[start + np.searchsorted(asked, found)]
        order = np.argsort(own, kind="stable")
        firsts = np.flatnonzero(np.diff(own[order], prepend=-1))
        if firsts.size:
            sums[own[order][firsts]] += np.add.reduceat(templates[order], firsts)
        counts += np.bincount(own, minlength=group_ids.size)
    lengths = np.linalg.norm(sums, axis=1)
    # Faces that point every way at once have no direction in common.
    whole = (counts > 0) & (lengths > np.finfo(np.float32).eps)
    vectors: Vectors = sums[whole] / lengths[whole, np.newaxis]
    return GroupVectors(group_ids[whole], vectors)


def weigh_vectors(gallery: Gallery, *, probe: Vectors, vectors: Vectors) -> NDArray[np.float64]:
    """Normalised scores, (n,), of a probe, (1, dimension), with vectors that are turned alike."""
    if gallery.cohort is None or not len(vectors):
        return np.zeros(len(vectors))
    levels = find_levels(gallery.cohort, np.concatenate([probe, vectors]))
    cosines = (probe @ vectors.T).astype(np.float64)
    scores: NDArray[np.float64] = normalise(cosines, probes=levels[:1], candidates=levels[1:])[0]
    return scores
