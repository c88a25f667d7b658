"""Pictures of what a search or a page may show, as far as a grant allows them to be seen."""

from __future__ import annotations

from mien.catalog.faces import VisibleFace
from mien.service.deployment import Deployment
from mien.vault.vault import SealedPhoto


def read_crop(deployment: Deployment, face: VisibleFace) -> bytes | None:
    """A JPEG of the face; nothing where no grant allows showing it."""
    if not face.is_for_display:
        return None
    stored = face.stored
    place = SealedPhoto(stored.blob_id, stored.photo_uuid)
    return deployment.vault.read_crop(place, face_id=stored.uuid)


def read_thumbnail(deployment: Deployment, face: VisibleFace) -> bytes | None:
    """A small JPEG of the face's photo; as `read_crop`, and if no face of it was erased."""
    if not face.is_for_display:
        return None
    stored = face.stored
    return deployment.vault.find_thumbnail(SealedPhoto(stored.blob_id, stored.photo_uuid))
