"""Photos that were handed in, whole and sealed: each in a file of its own, under its own key.

The key hangs on the photo's, as the keys of its faces do: it is destroyed with the photo, or
with the last grant that opens it, and what it sealed with it. When a face of the photo is
erased, the original stays, as a file in a folder would.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from uuid import uuid4

from mien.errors import KeyDestroyedError, TamperedError
from mien.vault.blobs import BlobStore, PartKind
from mien.vault.keys import KeyStore
from mien.vault.seal import make_key, seal, unseal


@dataclass(frozen=True, slots=True, repr=False)
class NewOriginal:
    """An original that lies sealed, under a key that nothing keeps yet."""

    blob_id: str
    photo_id: str
    key: bytes


class Originals:
    """The originals of one vault. Threads may share it."""

    def __init__(self, keys: KeyStore, blobs: BlobStore, *, turn: threading.RLock) -> None:
        self._keys = keys
        self._blobs = blobs
        self._turn = turn

    def write(self, content: bytes, *, photo_id: str) -> NewOriginal:
        """Seals a photo into a file, on disk when it returns; nobody else waits meanwhile.

        It opens once it is kept. Raises `VaultError` where the disk is full or read-only.
        """
        new = NewOriginal(str(uuid4()), photo_id, make_key())
        envelope = seal(new.key, content, context=_context_of(new.blob_id, photo_id))
        with self._blobs.batch() as batch:
            batch.write(new.blob_id, {(PartKind.ORIGINAL, photo_id): envelope})
        return new

    def keep(self, new: NewOriginal) -> None:
        """Wraps the key of an original under its photo's. Inside `Vault.writing`."""
        photo_key = self._keys.get_photo_key(new.photo_id)
        self._keys.wrap_key(
            new.key, owner_id=new.blob_id, photo_id=new.photo_id, photo_key=photo_key
        )

    def read(self, blob_id: str, *, photo_id: str) -> bytes:
        """Raises `KeyDestroyedError`, `TamperedError`, or `VaultError` where it is gone."""
        with self._turn:
            photo_key = self._keys.get_photo_key(photo_id)
            key = self._keys.find_face_key(blob_id, photo_id=photo_id, photo_key=photo_key)
        if key is None:
            raise KeyDestroyedError(f"The key of the original {blob_id} is gone: it was erased.")
        envelope = self._blobs.read(blob_id).get((PartKind.ORIGINAL, photo_id))
        if envelope is None:
            raise TamperedError(f"The blob {blob_id} holds no original of {photo_id}.")
        return unseal(key, envelope, context=_context_of(blob_id, photo_id))


def _context_of(blob_id: str, photo_id: str) -> str:
    return f"original:{blob_id}:{photo_id}"
