"""Photos that are held and look like one that was opted out: by their thumbnails, or in place."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mien.catalog.photos import photo_uuid_of
from mien.catalog.suppressions import HeldPhoto, find_places, iter_held_photos
from mien.errors import PhotoError, VaultError
from mien.service.deployment import Deployment
from mien.service.originals import Whereabouts, find_original
from mien.vault.vault import SealedPhoto
from mien.vision.decode import DecodeLimits, decode_photo
from mien.vision.render import render_thumbnail
from mien.vision.sketch import SKETCH_BYTES, find_near, sketch_copies, sketch_photo


def sketch_held(deployment: Deployment, sha256: str) -> NDArray[np.uint8]:
    """The sketches of a photo and its turned copies; none where it cannot be seen."""
    with deployment.database.reading() as connection:
        held = list(iter_held_photos(connection, sha256))
    for photo in held:
        thumbnail = _find_thumbnail(deployment, photo)
        if thumbnail is not None:
            return sketch_copies(thumbnail)
    return np.empty((0, SKETCH_BYTES), np.uint8)


def find_near_copies(deployment: Deployment, sketches: NDArray[np.uint8]) -> Iterator[str]:
    """The SHA-256 of every photo that is held and near to one of the sketches."""
    if not len(sketches):
        return
    with deployment.database.reading() as connection:
        held = {photo.sha256: photo for photo in iter_held_photos(connection)}
    for photo in held.values():
        thumbnail = _find_thumbnail(deployment, photo)
        if thumbnail is not None and find_near(sketch_photo(thumbnail), sketches):
            yield photo.sha256


def _find_thumbnail(deployment: Deployment, photo: HeldPhoto) -> bytes | None:
    """The sealed one, or one made from the file where it lies and is still the same."""
    place = SealedPhoto(photo.blob_id, photo_uuid_of(photo.sha256))
    try:
        thumbnail = deployment.vault.find_thumbnail(place)
    except VaultError:
        thumbnail = None
    return thumbnail or _render_in_place(deployment, photo.sha256)


def _render_in_place(deployment: Deployment, sha256: str) -> bytes | None:
    with deployment.database.reading() as connection:
        uris = find_places(connection, sha256)
    place = Whereabouts(sha256, DecodeLimits().size_bytes, tuple(uris))
    content = find_original(deployment, place)
    try:
        return None if content is None else render_thumbnail(decode_photo(content).picture)
    except PhotoError:
        return None
