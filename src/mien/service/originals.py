"""The bytes of a photo as they were taken in: read where it was found, and checked to be those.

A photo that was handed in lies sealed in the vault, any other in a file of the holder's. What
lies in a file now may be another photo: whatever does not have the SHA-256 that was recorded
is not handed out.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from mien.catalog import originals as rows
from mien.catalog.connect import Connection
from mien.catalog.photos import photo_uuid_of
from mien.errors import KeyDestroyedError, MienError, TamperedError, VaultError
from mien.service.deployment import Deployment
from mien.service.intake import ReadPhoto
from mien.sources.address import is_upload, path_of, show_path
from mien.sources.base import FoundFile
from mien.types import PhotoId
from mien.vault.originals import NewOriginal


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A photo by what it is, and the places where somebody may look for it."""

    sha256: str
    size_bytes: int
    uris: tuple[str, ...]


def find_original(deployment: Deployment, photo: Whereabouts) -> bytes | None:
    """The photo; nothing where it was moved, changed or removed, or cannot be read."""
    for uri in photo.uris:
        content = _read(deployment, photo, uri=uri)
        if content is not None and sha256(content).hexdigest() == photo.sha256:
            return content
    return None


def find_file(deployment: Deployment, uri: str, *, sha256: str) -> FoundFile | None:
    """What lies at a place, to be looked at once more; nothing where no photo can lie."""
    if is_upload(uri):
        name = uri.rsplit("/", 1)[-1]
        return FoundFile(
            os.fsencode(name),
            uri,
            name,
            "",
            is_named=True,
            open_sealed=lambda: _open_sealed(deployment, sha256),
        )
    path = path_of(uri)
    if path is None:
        return None
    name_bytes = os.fsencode(path)
    return FoundFile(name_bytes, uri, show_path(name_bytes), "", is_named=True)


class FreshOriginals:
    """What was handed in with a batch: sealed first, kept with its photos, then recorded."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._new: dict[str, NewOriginal] = {}
        self._kept: set[str] = set()
        self._recorded: set[str] = set()

    def seal(self, batch: Sequence[ReadPhoto]) -> None:
        """Those that do not lie here already; nobody who reads the vault waits for it."""
        for photo in batch:
            open_sealed = photo.found.open_sealed
            if open_sealed is None or photo.sha256 in self._new or self._lies_here(photo):
                continue
            with open_sealed() as file:
                content = file.read()
            if sha256(content).hexdigest() != photo.sha256:
                raise TamperedError(f"{photo.found.shown} changed while it was being added.")
            photo_id = photo_uuid_of(photo.sha256)
            self._new[photo.sha256] = self._deployment.vault.originals.write(
                content, photo_id=photo_id
            )

    def keep(self, photo: ReadPhoto) -> None:
        """The photo's key is there now. Inside `vault.writing`."""
        new = self._new.get(photo.sha256)
        if new is not None and photo.sha256 not in self._kept:
            self._deployment.vault.originals.keep(new)
            self._kept.add(photo.sha256)

    def record(self, connection: Connection, photo_id: PhotoId, *, sha256: str) -> None:
        """In the transaction that records the photo's place."""
        new = self._new.get(sha256)
        at: datetime = self._deployment.clock()
        if new is not None and rows.add_original(connection, photo_id, blob_id=new.blob_id, at=at):
            self._recorded.add(sha256)

    def forget(self) -> None:
        """The transaction failed, and none of them is recorded."""
        self._recorded.clear()

    def discard_unused(self) -> None:
        unused = [new.blob_id for sha256, new in self._new.items() if sha256 not in self._recorded]
        if unused:
            self._deployment.vault.discard(blob_ids=unused, face_ids=unused)

    def _lies_here(self, photo: ReadPhoto) -> bool:
        with self._deployment.database.reading() as connection:
            return rows.find_original(connection, photo.sha256) is not None


@contextmanager
def sealing_originals(
    deployment: Deployment, batch: Sequence[ReadPhoto]
) -> Iterator[FreshOriginals]:
    """The originals of a batch; what is not recorded in the end is destroyed."""
    fresh = FreshOriginals(deployment)
    try:
        fresh.seal(batch)
        yield fresh
    except MienError:
        fresh.forget()
        raise
    finally:
        fresh.discard_unused()


def _read(deployment: Deployment, photo: Whereabouts, *, uri: str) -> bytes | None:
    if is_upload(uri):
        return _find_sealed(deployment, photo.sha256)
    path = path_of(uri)
    return None if path is None else _read_file(path, size_bytes=photo.size_bytes)


def _find_sealed(deployment: Deployment, digest: str) -> bytes | None:
    try:
        return _read_sealed(deployment, digest)
    except VaultError:
        return None


def _read_sealed(deployment: Deployment, digest: str) -> bytes:
    """Raises `VaultError`."""
    with deployment.database.reading() as connection:
        blob_id = rows.find_original(connection, digest)
    if blob_id is None:
        raise KeyDestroyedError(f"No original of {digest} lies here any more.")
    return deployment.vault.originals.read(blob_id, photo_id=photo_uuid_of(digest))


def _open_sealed(deployment: Deployment, digest: str) -> BinaryIO:
    return io.BytesIO(_read_sealed(deployment, digest))


def _read_file(path: Path, *, size_bytes: int) -> bytes | None:
    """So many bytes of a plain file; another file may be longer, and is not read to its end."""
    try:
        # Without waiting: a pipe may have taken the file's place.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123  (a descriptor)
            is_plain = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            return file.read(size_bytes + 1) if is_plain else None
    except OSError:
        return None
