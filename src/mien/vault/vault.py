"""The one door to everything sealed: what goes in comes out only with its keys.

Callers name photos, faces and grants by their outside ids. Templates enter as embeddings
and are kept turned by the deployment's secret rotation, in half precision; they never leave
a process but sealed.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.errors import KeyDestroyedError, TamperedError, VaultError
from mien.types import Vectors
from mien.vault.blobs import Batch, BlobStore, PartKind, Parts
from mien.vault.keyfile import ErasureCopy
from mien.vault.keys import KeyStore
from mien.vault.notary import Notary
from mien.vault.originals import Originals
from mien.vault.rotation import Rotation, make_rotation, parse_rotation
from mien.vault.seal import make_key, seal, unseal
from mien.vault.shreds import Shreds, stays
from mien.vault.spool import Spool
from mien.vault.subjects import Subjects
from mien.vault.suppressions import SuppressionCopies

_TEMPLATE = np.dtype("<f2")
_SLOTS = (PartKind.TEMPLATE, PartKind.OTHER_TEMPLATE)
"""What part of a blob the templates of each slot are; each says of itself what it is."""
_MARKING_KEY = "ledger of erasures"
MARK_BYTES = 16


@dataclass(frozen=True, slots=True, eq=False)
class FaceSecrets:
    """What is kept of a face: its embedding, shape (dimension,), and a JPEG crop."""

    face_id: str
    embedding: NDArray[np.float32]
    crop_jpeg: bytes


@dataclass(frozen=True, slots=True)
class SealedPhoto:
    """Where the secrets of a photo in a collection lie, and in which slot its templates.

    The slots are two, so that templates of another model can be made beside those in use.
    """

    blob_id: str
    photo_id: str
    slot: int = 0


Templates = Mapping[str, NDArray[np.float16]]
"""Turned templates by face id."""


class Vault:
    """Keys and sealed files of one deployment. Calls from several threads take turns."""

    def __init__(self, *, keys_folder: Path, blobs_folder: Path, root_key: bytes) -> None:
        self._keys = KeyStore(keys_folder / "keys.db", root_key=root_key)
        self._blobs = BlobStore(blobs_folder)
        self._rotations: dict[int, Rotation] = {}
        self._turn = threading.RLock()
        self._batch: Batch | None = None
        self.notary = Notary(self._keys, turn=self._turn)
        self.originals = Originals(self._keys, self._blobs, turn=self._turn)
        self.subjects = Subjects(self._keys, turn=self._turn)
        self.suppressions = SuppressionCopies(self._keys, turn=self._turn)

    def close(self) -> None:
        with self._turn:
            self._keys.close()

    def open_spool(self, folder: Path) -> Spool:
        """Photos on their way in, sealed in this folder."""
        return Spool(folder, self._keys, turn=self._turn)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Groups writes: all files, then all keys made inside reach the disk together."""
        with self._turn, ExitStack() as ending:
            if self._batch is None:
                ending.enter_context(self._keys.transaction())
                self._batch = ending.enter_context(self._blobs.batch())
                ending.callback(self._forget_batch)
            yield

    def rotation_of(self, dimension: int) -> Rotation:
        """The deployment's secret rotation of this dimension, made when first asked for."""
        with self._turn:
            if dimension not in self._rotations:
                self._rotations[dimension] = self._load_rotation(dimension)
            return self._rotations[dimension]

    def add_grant(self, photo_id: str, *, grant_id: str) -> None:
        """Lets another grant open the photo. Inside `writing`. Raises `KeyDestroyedError`."""
        self._keys.add_cover(photo_id, grant_id=grant_id)

    def write_photo(
        self,
        at: SealedPhoto,
        *,
        grant_id: str,
        thumbnail_jpeg: bytes | None,
        faces: Sequence[FaceSecrets],
    ) -> None:
        """Seals what is kept of a photo under a grant. Inside `writing`."""
        photo_key = self._keys.make_photo_key(at.photo_id, grant_id=grant_id)
        parts = self._seal_faces(at, faces, photo_key=photo_key)
        if thumbnail_jpeg is not None:
            context = f"thumbnail:{at.blob_id}:{at.photo_id}"
            parts[PartKind.THUMBNAIL, at.photo_id] = seal(
                photo_key, thumbnail_jpeg, context=context
            )
        self._write(at, parts)

    def add_faces(self, at: SealedPhoto, faces: Sequence[FaceSecrets]) -> None:
        """Seals more faces of a photo that is kept. Inside `writing`. Raises as reading does."""
        photo_key = self._keys.get_photo_key(at.photo_id)
        sealed = self._seal_faces(at, faces, photo_key=photo_key)
        self._write(at, {**self._group.read(at.blob_id), **sealed})

    def add_templates(self, at: SealedPhoto, templates: Mapping[str, NDArray[np.float32]]) -> None:
        """Seals templates into the slot, of those faces that still have a key. Inside `writing`.

        Raises as reading does.
        """
        photo_key = self._keys.get_photo_key(at.photo_id)
        keys = self._keys.find_face_keys(at.photo_id, photo_key=photo_key)
        sealed = {
            (_SLOTS[at.slot], face_id): self._seal_template(
                at, face_id, embedding=template, key=keys[face_id]
            )
            for face_id, template in templates.items()
            if face_id in keys
        }
        self._write(at, {**self._group.read(at.blob_id), **sealed})

    def drop_templates(self, blob_ids: Iterable[str], *, slot: int) -> None:
        """Writes blobs anew without what is in the slot; nothing happens where nothing is."""
        with self._blobs.batch() as batch:
            for blob_id in blob_ids:
                batch.keep(blob_id, lambda part: part[0] is not _SLOTS[slot])

    def read_templates(self, at: SealedPhoto) -> Templates:
        """The turned templates of all faces in the photo that still have a key, by face id."""
        parts = self._blobs.read(at.blob_id)
        with self._turn:
            photo_key = self._keys.get_photo_key(at.photo_id)
            keys = self._keys.find_face_keys(at.photo_id, photo_key=photo_key)
        return _unseal_templates(at, parts, keys=keys)

    def iter_templates(
        self, places: Sequence[SealedPhoto]
    ) -> Iterator[tuple[SealedPhoto, Templates]]:
        """As `read_templates` of many photos in one slot; none of a photo that cannot be read."""
        kind = _SLOTS[places[0].slot if places else 0]
        blobs = self._blobs.iter_parts([at.blob_id for at in places], kind)
        with self._turn:
            ring = self._keys.read_ring([at.photo_id for at in places])
        for at, parts in zip(places, blobs, strict=True):
            with suppress(VaultError):
                keys = ring.open_face_keys(at.photo_id)
                yield at, _unseal_templates(at, parts, keys=keys)

    def read_crop(self, at: SealedPhoto, *, face_id: str) -> bytes:
        """The JPEG crop of a face. Raises `KeyDestroyedError` where it was erased."""
        with self._turn:
            photo_key = self._keys.get_photo_key(at.photo_id)
            key = self._keys.find_face_keys(at.photo_id, photo_key=photo_key).get(face_id)
        if key is None:
            raise KeyDestroyedError(f"The key of face {face_id} is gone: it was erased.")
        return self._read_part(at, kind=PartKind.CROP, owner_id=face_id, key=key, context="crop")

    def read_thumbnail(self, at: SealedPhoto) -> bytes:
        """The JPEG thumbnail of a photo. Raises `KeyDestroyedError` where it was erased."""
        with self._turn:
            key = self._keys.get_photo_key(at.photo_id)
        return self._read_part(
            at, kind=PartKind.THUMBNAIL, owner_id=at.photo_id, key=key, context="thumbnail"
        )

    def find_thumbnail(self, at: SealedPhoto) -> bytes | None:
        """As `read_thumbnail`; nothing where it was erased with a face that it showed."""
        if (PartKind.THUMBNAIL, at.photo_id) not in self._blobs.read(at.blob_id):
            return None
        return self.read_thumbnail(at)

    def seal_parts(self, name: str, parts: Iterable[bytes]) -> Iterator[bytes]:
        """Seals parts in order under a fresh key; what this name sealed before is unreadable."""
        # An empty part, which no caller may hand in, marks the end.
        key = make_key()
        with self.writing():
            self._keys.put_secret(name, key)
        for number, part in enumerate(chain(parts, [b""])):
            yield seal(key, part, context=f"{name}:{number}")

    def unseal_parts(self, name: str, envelopes: Iterable[bytes]) -> Iterator[bytes]:
        """Raises `KeyDestroyedError`, or `TamperedError` where a part is changed or lacking."""
        with self._turn:
            key = self._keys.find_secret(name)
        if key is None:
            raise KeyDestroyedError(f"There is no key for {name}.")
        for number, envelope in enumerate(envelopes):
            part = unseal(key, envelope, context=f"{name}:{number}")
            if not part:
                return
            yield part
        raise TamperedError(f"The end of {name} is lacking.")

    def discard(self, *, blob_ids: Sequence[str], face_ids: Sequence[str]) -> None:
        """Destroys keys, then files."""
        with self.writing():
            self._keys.destroy_face_keys(face_ids)
        with self._blobs.batch() as batch:
            for blob_id in blob_ids:
                batch.delete(blob_id)

    def shred(self, shreds: Shreds) -> None:
        """Destroys keys, then files; all of it may be done again."""
        with self.writing():
            self._keys.destroy_face_keys(shreds.face_ids)
            self._keys.destroy_photo_keys(shreds.photo_ids)
            self._keys.destroy_covers(shreds.covers)
            self._keys.destroy_grant_keys(shreds.grant_ids)
            self._keys.destroy_subject_keys(shreds.subjects)
            self._keys.destroy_vouchers(shreds.vouchers)
            for photo_id in sorted({photo_id for _, photo_id in shreds.kept_blobs}):
                self._keys.renew_photo_key(photo_id)
        gone = set(shreds.face_ids)
        with self._blobs.batch() as batch:
            for blob_id in shreds.blob_ids:
                batch.delete(blob_id)
            for blob_id, _ in shreds.kept_blobs:
                batch.keep(blob_id, lambda part: stays(part, gone=gone))

    def count_left(self, shreds: Shreds) -> dict[str, int]:
        """How much of what was to be destroyed there still is, by class."""
        gone = set(shreds.face_ids)
        with self._turn:
            keys = self._keys.count_keys(
                face_ids=shreds.face_ids,
                photo_ids=shreds.photo_ids,
                covers=shreds.covers,
                grant_ids=shreds.grant_ids,
                subjects=shreds.subjects,
            )
            vouchers = self._keys.count_vouchers(shreds.vouchers)
        return {
            "keys": keys,
            "vouchers": vouchers,
            "sealed_files": sum(self._blobs.holds(blob_id) for blob_id in shreds.blob_ids),
            "sealed_parts": sum(
                not stays(part, gone=gone)
                for blob_id, _ in shreds.kept_blobs
                if self._blobs.holds(blob_id)
                for part in self._blobs.read(blob_id)
            ),
        }

    def mark(self, reference: str) -> bytes:
        """A keyed reference: whoever lacks the vault's keys learns nothing from it."""
        return hmac.digest(self._marking_key, reference.encode(), "sha256")[:MARK_BYTES]

    def forget_parts(self, name: str) -> None:
        """What this name sealed is unreadable from now on."""
        with self.writing():
            self._keys.destroy_secret(name)

    def scrub(self) -> None:
        """Leaves no trace of destroyed keys in the key file."""
        with self._turn:
            self._keys.scrub()

    def find_erasure_uuids(self) -> set[str]:
        """The erasures that the copy of the ledger beside the keys knows."""
        with self._turn:
            return self._keys.find_erasure_uuids()

    def read_erasures(self, uuids: Iterable[str]) -> list[ErasureCopy]:
        """Entries of the copy."""
        with self._turn:
            return [self._keys.get_erasure(uuid) for uuid in uuids]

    def copy_erasures(self, erasures: Iterable[ErasureCopy]) -> None:
        """Adds entries to the copy."""
        with self.writing():
            for erasure in erasures:
                self._keys.put_erasure(erasure)

    def find_marked(self, is_marked: Callable[[str], bool]) -> Shreds:
        """Everything held whose reference is marked, as a ledger would have it destroyed."""
        with self._turn:
            faces, grants = list(self._keys.iter_face_ids()), list(self._keys.iter_grant_ids())
            covers, subjects = list(self._keys.iter_covers()), list(self._keys.iter_subjects())
            vouchers = list(self._keys.iter_vouchers())
        return Shreds(
            face_ids=[face for face in faces if is_marked(f"face:{face}")],
            photo_ids=sorted({photo for photo, _ in covers if is_marked(f"photo key:{photo}")}),
            covers=[cover for cover in covers if is_marked(f"cover:{cover[0]}:{cover[1]}")],
            grant_ids=[grant for grant in grants if is_marked(f"grant key:{grant}")],
            subjects=[subject for subject in subjects if is_marked(f"subject key:{subject}")],
            vouchers=[name for name in vouchers if is_marked(f"voucher:{name}")],
            blob_ids=[blob for blob in self._blobs.iter_ids() if is_marked(f"blob:{blob}")],
        )

    def sweep(self, *, blob_ids: set[str], photo_ids: set[str], face_ids: set[str]) -> int:
        """Destroys what an interrupted run left, all but these; how many. While nobody writes."""
        self._blobs.delete_unfinished()
        stray_blobs = [b for b in self._blobs.iter_ids() if b not in blob_ids]
        stray_faces = [f for f in self._keys.iter_face_ids() if f not in face_ids]
        stray_photos = [p for p in self._keys.iter_photo_ids() if p not in photo_ids]
        with self.writing():
            self._keys.destroy_photo_keys(stray_photos)
        self.discard(blob_ids=stray_blobs, face_ids=stray_faces)
        return len(stray_blobs) + len(stray_photos) + len(stray_faces)

    @property
    def _group(self) -> Batch:
        if self._batch is None:
            raise RuntimeError("A photo is written inside `writing` only.")
        return self._batch

    def _forget_batch(self) -> None:
        self._batch = None

    @cached_property
    def _marking_key(self) -> bytes:
        with self._turn:
            return self._keys.load_secret(_MARKING_KEY, make=make_key)

    def _seal_faces(
        self, at: SealedPhoto, faces: Sequence[FaceSecrets], *, photo_key: bytes
    ) -> dict[tuple[PartKind, str], bytes]:
        parts: dict[tuple[PartKind, str], bytes] = {}
        for face in faces:
            key = self._keys.make_face_key(face.face_id, photo_id=at.photo_id, photo_key=photo_key)
            parts[_SLOTS[at.slot], face.face_id] = self._seal_template(
                at, face.face_id, embedding=face.embedding, key=key
            )
            parts[PartKind.CROP, face.face_id] = seal(
                key, face.crop_jpeg, context=f"crop:{at.blob_id}:{face.face_id}"
            )
        return parts

    def _write(self, at: SealedPhoto, parts: Parts) -> None:
        # Templates first: an index is loaded from the beginnings of the files.
        ordered = sorted(parts.items(), key=lambda part: part[0][0] not in _SLOTS)
        self._group.write(at.blob_id, dict(ordered))

    def _seal_template(
        self, at: SealedPhoto, face_id: str, *, embedding: NDArray[np.float32], key: bytes
    ) -> bytes:
        turned: Vectors = self.rotation_of(embedding.size).turn(embedding[np.newaxis])
        content = bytes(turned[0].astype(_TEMPLATE).tobytes())
        return seal(key, content, context=_context_of(at, face_id))

    def _read_part(
        self, at: SealedPhoto, *, kind: PartKind, owner_id: str, key: bytes, context: str
    ) -> bytes:
        envelope = self._blobs.read(at.blob_id).get((kind, owner_id))
        if envelope is None:
            raise TamperedError(f"The blob {at.blob_id} holds no {context} of {owner_id}.")
        return unseal(key, envelope, context=f"{context}:{at.blob_id}:{owner_id}")

    def _load_rotation(self, dimension: int) -> Rotation:
        content = self._keys.load_secret(
            f"rotation-{dimension}", make=lambda: make_rotation(dimension).as_bytes()
        )
        return parse_rotation(content, dimension=dimension)


def _unseal_templates(at: SealedPhoto, parts: Parts, *, keys: Mapping[str, bytes]) -> Templates:
    return {
        face_id: np.frombuffer(
            unseal(keys[face_id], envelope, context=_context_of(at, face_id)),
            dtype=_TEMPLATE,
        )
        for (kind, face_id), envelope in parts.items()
        if kind is _SLOTS[at.slot] and face_id in keys
    }


def _context_of(at: SealedPhoto, face_id: str) -> str:
    """What a template is bound to: its face, its blob and its slot."""
    return f"{_SLOTS[at.slot].name.lower().replace('_', ' ')}:{at.blob_id}:{face_id}"
