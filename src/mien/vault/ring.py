"""The keys of many photos, read in few queries and unwrapped photo by photo.

A ring is for one reading. It holds the grants' keys in the clear, so nobody keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mien.errors import KeyDestroyedError
from mien.vault.seal import unseal


class KeyRing:
    """The keys of some photos, still wrapped but for their grants'."""

    def __init__(
        self,
        photos: Mapping[str, tuple[str, bytes]],
        *,
        grants: Mapping[str, bytes],
        faces: Mapping[str, Sequence[tuple[str, bytes]]],
    ) -> None:
        self._photos = photos
        self._grants = grants
        self._faces = faces

    def open_face_keys(self, photo_id: str) -> Mapping[str, bytes]:
        """As `KeyStore.find_face_keys`. Raises `KeyDestroyedError`, `TamperedError`."""
        if photo_id not in self._photos:
            raise tell_destroyed(photo_id)
        grant_id, wrapped = self._photos[photo_id]
        photo_key = unseal(
            self._grants[grant_id], wrapped, context=f"photo key:{photo_id}:{grant_id}"
        )
        return {
            face_id: unseal(photo_key, wrapped, context=f"face key:{face_id}:{photo_id}")
            for face_id, wrapped in self._faces.get(photo_id, ())
        }


def tell_destroyed(photo_id: str) -> KeyDestroyedError:
    return KeyDestroyedError(f"The key of photo {photo_id} is gone: it was erased.")
