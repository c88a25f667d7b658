"""Faces in a collection that are like those of people who opted out: they answer no search."""

from __future__ import annotations

from mien.service.alike import find_alike
from mien.service.gallery import Gallery
from mien.service.suppressed import Suppressions
from mien.types import Ids
from mien.vault.rotation import Rotation


def find_left_out(gallery: Gallery, suppressed: Suppressions, *, rotation: Rotation) -> Ids:
    """The faces of a loaded collection that no search may show; looked for once a revision."""
    state = (gallery.revision, suppressed.uuids)
    if gallery.left_out is None or gallery.left_out[0] != state:
        found = find_alike(gallery.index, suppressed.faces, rotation=rotation)
        gallery.left_out = (state, found)
    return gallery.left_out[1]
