"""Photos on their way in: each upload in a folder of its own, sealed under a key of its own.

An upload's folder holds its files under their numbers, and a sealed manifest once it is
complete. A file is envelopes of 1 MiB each, the last one shorter, bound to upload, number and
place. Nothing of it is ever on the disk unsealed. Dropping an upload destroys its key first:
what is left of its files then, wherever copies lie, is random bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from mien.errors import KeyDestroyedError, TamperedError, VaultError
from mien.vault.keys import KeyStore
from mien.vault.seal import ENVELOPE_BYTES, seal, unseal

_CHUNK_BYTES = 1 << 20
_MANIFEST = "manifest"
_KIND = "upload:"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class SpooledFile:
    """One file of an upload; the name is what the sender called it."""

    number: int
    name: str
    size_bytes: int
    sha256: str


class Spool:
    """The uploads of one home that wait. Threads may share it."""

    def __init__(self, folder: Path, keys: KeyStore, *, turn: threading.RLock) -> None:
        self._folder = folder
        self._keys = keys
        self._turn = turn

    def begin(self, upload_id: str) -> Upload:
        """A new upload, by a UUID. Raises `VaultError` where nothing can be written."""
        with self._turn, self._keys.transaction():
            key = self._keys.make_subject_key(f"{_KIND}{upload_id}")
        folder = self._folder / upload_id
        with _told_plainly(self._folder):
            self._folder.mkdir(exist_ok=True, mode=0o700)
            folder.mkdir(mode=0o700)
        return Upload(upload_id, folder, key=key)

    def open(self, upload_id: str) -> Upload:
        """One that is complete. Raises `KeyDestroyedError` for one that was dropped."""
        with self._turn:
            key = self._keys.find_subject_key(f"{_KIND}{upload_id}")
        if key is None or not _ID.fullmatch(upload_id):
            raise KeyDestroyedError("The upload is gone: hand the photos in again.")
        return Upload(upload_id, self._folder / upload_id, key=key)

    def drop(self, upload_id: str) -> None:
        """Destroys the key, then the files; nothing happens where both are gone."""
        try:
            self._destroy_key(upload_id)
        except VaultError:
            # On a full disk not even that can be written, until the files are gone.
            self._delete_files(upload_id)
            self._destroy_key(upload_id)
        self._delete_files(upload_id)

    def find_ids(self) -> set[str]:
        """Every upload that left a key or files, complete or not."""
        with self._turn:
            keys = [one for one in self._keys.iter_subjects() if one.startswith(_KIND)]
        with suppress(FileNotFoundError):
            return {key.removeprefix(_KIND) for key in keys} | set(os.listdir(self._folder))  # noqa: PTH208  (names)
        return {key.removeprefix(_KIND) for key in keys}

    def count_free(self) -> int:
        """How many bytes the disk has left for it."""
        place = self._folder if self._folder.exists() else self._folder.parent
        return shutil.disk_usage(place).free

    def _destroy_key(self, upload_id: str) -> None:
        with self._turn, self._keys.transaction():
            self._keys.destroy_subject_keys([f"{_KIND}{upload_id}"])

    def _delete_files(self, upload_id: str) -> None:
        if _ID.fullmatch(upload_id):
            shutil.rmtree(self._folder / upload_id, ignore_errors=True)


class Upload:
    """Files handed in together. Made by `Spool`."""

    def __init__(self, upload_id: str, folder: Path, *, key: bytes) -> None:
        self.upload_id = upload_id
        self._folder = folder
        self._key = key
        self.files: list[SpooledFile] = []

    def add(self, name: str) -> FileWriter:
        """Begins the next file; the one before has ended."""
        number = len(self.files)
        with _told_plainly(self._folder):
            file = _create(self._folder / str(number))
        return FileWriter(self, file, name=name, context=self._context_of(number))

    def complete(self) -> None:
        """All of it is on the disk when this returns."""
        described = json.dumps([asdict(one) for one in self.files]).encode()
        with _told_plainly(self._folder):
            with _create(self._folder / _MANIFEST) as file:
                file.write(seal(self._key, described, context=self._context_of(_MANIFEST)))
                file.flush()
                os.fsync(file.fileno())
            for folder in (self._folder, self._folder.parent):
                _sync_folder(folder)

    def read_files(self) -> list[SpooledFile]:
        """The files of a complete upload. Raises `VaultError`."""
        try:
            sealed = (self._folder / _MANIFEST).read_bytes()
        except OSError as error:
            raise VaultError("The upload is not complete: hand the photos in again.") from error
        described = unseal(self._key, sealed, context=self._context_of(_MANIFEST))
        return [SpooledFile(**one) for one in json.loads(described)]

    def open_file(self, one: SpooledFile) -> BinaryIO:
        """Unseals as it is read; reading raises `TamperedError`. Raises `OSError`."""
        file = (self._folder / str(one.number)).open("rb")
        reader = _Unsealing(file, key=self._key, context=self._context_of(one.number))
        return io.BufferedReader(reader, _CHUNK_BYTES)

    def seal_chunk(self, content: bytes, *, context: str) -> bytes:
        return seal(self._key, content, context=context)

    def _context_of(self, part: int | str) -> str:
        return f"upload:{self.upload_id}:{part}"


class FileWriter:
    """One file on its way in. Raises `VaultError` where the disk is full."""

    def __init__(self, upload: Upload, file: BinaryIO, *, name: str, context: str) -> None:
        self._upload = upload
        self._file = file
        self._name = name
        self._context = context
        self._waiting = bytearray()
        self._chunks = 0
        self._size_bytes = 0
        self._hash = hashlib.sha256()

    def write(self, content: bytes) -> None:
        self._hash.update(content)
        self._size_bytes += len(content)
        self._waiting += content
        while len(self._waiting) >= _CHUNK_BYTES:
            self._flush(_CHUNK_BYTES)

    def end(self) -> None:
        """The file is on the disk, and one of the upload's."""
        self._flush(len(self._waiting))
        with _told_plainly(Path(self._file.name).parent):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        number = len(self._upload.files)
        self._upload.files.append(
            SpooledFile(number, self._name, self._size_bytes, self._hash.hexdigest())
        )

    def abandon(self) -> None:
        """Whoever sent it is gone; the upload is to be dropped."""
        with suppress(OSError):
            self._file.close()

    def _flush(self, size_bytes: int) -> None:
        content = bytes(self._waiting[:size_bytes])
        del self._waiting[:size_bytes]
        is_last = size_bytes < _CHUNK_BYTES
        context = _name_chunk(self._context, self._chunks, is_last=is_last)
        self._chunks += 1
        with _told_plainly(Path(self._file.name).parent):
            self._file.write(self._upload.seal_chunk(content, context=context))


class _Unsealing(io.RawIOBase):
    """The content of a sealed file, one envelope at a time."""

    def __init__(self, file: BinaryIO, *, key: bytes, context: str) -> None:
        self._file = file
        self._key = key
        self._context = context
        self._chunks = 0
        self._left = b""
        self._has_ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401  (whatever can be written into)
        while not self._left and not self._has_ended:
            self._left = self._read_chunk()
        room = memoryview(buffer)
        size_bytes = min(len(room), len(self._left))
        room[:size_bytes] = self._left[:size_bytes]
        self._left = self._left[size_bytes:]
        return size_bytes

    def close(self) -> None:
        self._file.close()
        super().close()

    def _read_chunk(self) -> bytes:
        envelope = self._file.read(_CHUNK_BYTES + ENVELOPE_BYTES)
        self._has_ended = len(envelope) < _CHUNK_BYTES + ENVELOPE_BYTES
        if not envelope:
            raise TamperedError("The end of an uploaded file is lacking.")
        context = _name_chunk(self._context, self._chunks, is_last=self._has_ended)
        self._chunks += 1
        return unseal(self._key, envelope, context=context)


def _create(path: Path) -> BinaryIO:
    """A new file that nobody else may read."""
    return open(path, "xb", opener=partial(os.open, mode=0o600))


def _name_chunk(context: str, number: int, *, is_last: bool) -> str:
    """A file always ends in a chunk that is not full, so that none can be cut short unseen."""
    return f"{context}:{number}:{'last' if is_last else 'more'}"


@contextmanager
def _told_plainly(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise VaultError(
            f"Nothing can be written to {folder}: {error.strerror}. "
            "Make room or give write access, then hand the photos in again."
        ) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
