"""Sealed bytes in files, one file for each photo in each collection.

A blob file is
    8 bytes   b"MIENBLB1"
    4 bytes   number of parts, little-endian like every number here
    a part:   1 byte kind (1 thumbnail, 2 template, 3 crop), 16 bytes UUID of the photo or
              face it belongs to, 4 bytes length, then that many bytes of envelope
and lies at <first two letters of its id>/<id>. It is written under another name, synced and
renamed, so a file is there whole or not at all. Ids are random and say nothing.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from uuid import UUID

from mien.errors import TamperedError, VaultError

_MAGIC = b"MIENBLB1"
_COUNT = struct.Struct("<I")
_PART = struct.Struct("<B16sI")
_UNFINISHED = ".new"


class PartKind(IntEnum):
    """What a part of a blob holds."""

    THUMBNAIL = 1
    TEMPLATE = 2
    CROP = 3


Parts = Mapping[tuple[PartKind, str], bytes]
"""Envelopes by kind and the id of the photo or face they belong to."""


class BlobStore:
    """A folder of blob files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, blob_id: str, parts: Parts) -> None:
        """On disk when it returns. Raises `VaultError` where the disk is full or read-only."""
        path = self._path_of(blob_id)
        unfinished = path.with_name(path.name + _UNFINISHED)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with unfinished.open("wb") as file:
                file.write(_format_parts(parts))
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink()
            raise VaultError(
                f"Nothing can be written to {self._folder}: {error.strerror}. "
                "Make room or give write access, then run the same command again."
            ) from error

    def read(self, blob_id: str) -> Parts:
        """Raises `VaultError` where the file is gone, `TamperedError` where it is damaged."""
        try:
            content = self._path_of(blob_id).read_bytes()
        except OSError as error:
            raise VaultError(
                f"The blob {blob_id} cannot be read ({error.strerror}). Restore the data folder "
                "from a backup, or erase the photo and add it again."
            ) from error
        try:
            return _parse_parts(content)
        except (struct.error, ValueError) as error:
            raise TamperedError(f"The blob {blob_id} is damaged: {error}.") from error

    def delete(self, blob_id: str) -> bool:
        """Whether it was there."""
        try:
            self._path_of(blob_id).unlink()
        except FileNotFoundError:
            return False
        return True

    def keep(self, blob_id: str, stays: Callable[[tuple[PartKind, str]], bool]) -> None:
        """Writes the blob anew without the parts that do not stay.

        One that is gone stays so; a damaged one, of which nothing can be read, goes as a whole.
        """
        if not self.holds(blob_id):
            return
        try:
            parts = self.read(blob_id)
        except TamperedError:
            self.delete(blob_id)
            return
        kept = {part: envelope for part, envelope in parts.items() if stays(part)}
        if len(kept) < len(parts):
            self.write(blob_id, kept)

    def holds(self, blob_id: str) -> bool:
        return self._path_of(blob_id).exists()

    def iter_ids(self) -> Iterator[str]:
        """The ids of all blobs, those whose writing was cut short included."""
        for path in self._folder.glob("??/*"):
            yield path.name.removesuffix(_UNFINISHED)

    def delete_unfinished(self) -> None:
        """Removes what an interrupted write left. Only while nobody writes."""
        for path in self._folder.glob(f"??/*{_UNFINISHED}"):
            path.unlink(missing_ok=True)

    def _path_of(self, blob_id: str) -> Path:
        return self._folder / blob_id[:2] / blob_id


def _format_parts(parts: Parts) -> bytes:
    pieces = [_MAGIC, _COUNT.pack(len(parts))]
    for (kind, owner_id), envelope in parts.items():
        pieces += [_PART.pack(kind, UUID(owner_id).bytes, len(envelope)), envelope]
    return b"".join(pieces)


def _parse_parts(content: bytes) -> Parts:
    if not content.startswith(_MAGIC):
        raise ValueError("it does not begin as a blob does")
    (count,) = _COUNT.unpack_from(content, len(_MAGIC))
    parts, at = {}, len(_MAGIC) + _COUNT.size
    for _ in range(count):
        kind, owner, length = _PART.unpack_from(content, at)
        at += _PART.size
        parts[PartKind(kind), str(UUID(bytes=owner))] = content[at : at + length]
        at += length
    if at != len(content):
        raise ValueError("its length is wrong")
    return parts
