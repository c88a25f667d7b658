"""Pictures for the answer to a case, as far as they show nobody else.

The crop of a face that is meant, unless a neighbour's face reaches into it, and the thumbnail
of a photo in which no other face was found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from mien.catalog.dossier import HeldIndex, HeldPhoto
from mien.catalog.faces import find_faces_by_uuid
from mien.errors import VaultError
from mien.service.deployment import Deployment
from mien.types import Box, FaceId
from mien.vault.vault import SealedPhoto

_CROP_REACH = 0.75
"""How far a crop reaches from the middle of its face, in sides of the face's box."""


def read_pictures(
    deployment: Deployment, photos: Sequence[HeldPhoto], *, own: Collection[FaceId]
) -> dict[str, bytes | None]:
    """Pictures by the name of their file; nothing for one that is damaged."""
    return {
        name: picture
        for photo in photos
        for held in photo.indexed
        for name, picture in _iter_pictures(deployment, photo, held=held, own=own)
    }


def read_crops(deployment: Deployment, faces: Collection[str]) -> dict[str, bytes]:
    """Crops of faces by their outside ids, for somebody to look at who handles a case."""
    with deployment.database.reading() as connection:
        stored = find_faces_by_uuid(connection, faces)
    crops = {
        face.uuid: _read_crop(
            deployment, SealedPhoto(face.blob_id, face.photo_uuid), face_uuid=face.uuid
        )
        for face in stored
    }
    return {uuid: crop for uuid, crop in crops.items() if crop is not None}


def _iter_pictures(
    deployment: Deployment, photo: HeldPhoto, *, held: HeldIndex, own: Collection[FaceId]
) -> Iterator[tuple[str, bytes | None]]:
    place = SealedPhoto(held.blob_id, photo.photo_uuid)
    for face in held.faces:
        others = [other.box for other in held.faces if other is not face]
        if face.id in own and not any(_shows(face.box, other) for other in others):
            yield f"crops/{face.uuid}.jpg", _read_crop(deployment, place, face_uuid=face.uuid)
    is_alone = len(held.faces) == 1 and held.faces[0].id in own and not held.dropped
    if is_alone:
        yield from _iter_thumbnail(deployment, place, name=f"thumbnails/{photo.sha256}.jpg")


def _iter_thumbnail(
    deployment: Deployment, place: SealedPhoto, *, name: str
) -> Iterator[tuple[str, bytes | None]]:
    """None where it went with a face that it showed."""
    try:
        thumbnail = deployment.vault.find_thumbnail(place)
    except VaultError:
        yield name, None
    else:
        if thumbnail is not None:
            yield name, thumbnail


def _read_crop(deployment: Deployment, place: SealedPhoto, *, face_uuid: str) -> bytes | None:
    try:
        return deployment.vault.read_crop(place, face_id=face_uuid)
    except VaultError:
        return None


def _shows(face: Box, other: Box) -> bool:
    """Whether a crop of the one face would show some of the other."""
    reach = max(face.width, face.height) * _CROP_REACH
    x, y = (face.x1 + face.x2) / 2, (face.y1 + face.y2) / 2
    is_beside = other.x2 <= x - reach or other.x1 >= x + reach
    return not (is_beside or other.y2 <= y - reach or other.y1 >= y + reach)
