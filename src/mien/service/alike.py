"""Faces in a collection that are like those of people who opted out: they answer no search."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.index.base import VectorIndex
from mien.service.gallery import Gallery
from mien.service.likeness import Likeness
from mien.service.suppressed import Suppressions
from mien.types import Ids, Vectors
from mien.vault.rotation import Rotation

_FIRST_LOOK = 64
_DEEPER = 8
_ROUNDING = 2e-4
"""More than a template in half precision changes a score."""


def find_left_out(gallery: Gallery, suppressed: Suppressions, *, rotation: Rotation) -> Ids:
    """The faces of a loaded collection that no search may show; looked for once a revision."""
    state = (gallery.revision, suppressed.uuids)
    if gallery.left_out is None or gallery.left_out[0] != state:
        found = find_alike(gallery.index, suppressed.faces, rotation=rotation)
        gallery.left_out = (state, found)
    return gallery.left_out[1]


def find_alike(index: VectorIndex, likeness: Likeness, *, rotation: Rotation) -> Ids:
    """Every face of an index that is as like one of the templates as its least score says."""
    size, limit = len(index), _FIRST_LOOK
    if not size or not len(likeness.templates):
        return np.empty(0, np.int64)
    probes: Vectors = rotation.turn(likeness.templates)
    least: NDArray[np.float32] = likeness.least_scores[:, np.newaxis] - np.float32(_ROUNDING)
    while True:
        hits = index.search(probes, limit=min(limit, size))
        is_alike = hits.scores >= least
        if limit >= size or not is_alike[:, -1].any():
            return np.unique(hits.ids[is_alike])
        limit *= _DEEPER
