"""One file on its way in: read it, know it again, or find its faces. Writes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from mien.errors import PhotoError, VaultError
from mien.permission.verdict import Reason, Verdict
from mien.service.ports import Vision
from mien.sources.base import FoundFile
from mien.types import PhotoAnalysis
from mien.vision.sniff import sniff_media_type

_HEAD_BYTES = 64
_PHOTO_SUFFIXES = (
    *(b".jpg", b".jpeg", b".jpe", b".jfif", b".png", b".webp", b".gif", b".tif", b".tiff"),
    *(b".heic", b".heif", b".avif", b".bmp"),
)


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file that should be a photo and gives none; the reason is a stable code."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class IgnoredFile:
    """A file that is no photo and does not claim to be one."""


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A photo that may not be looked at."""

    reason: Reason


@dataclass(frozen=True, slots=True, eq=False)
class ReadPhoto:
    """A photo's identity, and what vision found in it unless it is indexed already."""

    found: FoundFile
    sha256: str
    size_bytes: int
    analysis: PhotoAnalysis | None


Intake = ReadPhoto | FailedFile | IgnoredFile | RefusedFile


def take_in(
    found: FoundFile,
    *,
    vision: Callable[[], Vision],
    may_read: Callable[[str], Verdict],
    is_indexed: Callable[[str], bool],
    max_bytes: int,
) -> Intake:
    """Reads one file; whatever is wrong with it comes back as data."""
    try:
        content = _read_photo(found, max_bytes=max_bytes)
        if content is None:
            return IgnoredFile()
        sha256 = hashlib.sha256(content).hexdigest()
        verdict = may_read(sha256)
        if not verdict.is_allowed:
            return RefusedFile(verdict.reasons[0])
        analysis = None if is_indexed(sha256) else vision().analyse(content)
    except PhotoError as error:
        return FailedFile(found.shown, error.reason)
    return ReadPhoto(found, sha256, len(content), analysis)


def _read_photo(found: FoundFile, *, max_bytes: int) -> bytes | None:
    """The bytes of a photo; nothing for a file that was only met on the way and is none."""
    try:
        with _open(found) as file:
            head = file.read(_HEAD_BYTES)
            if sniff_media_type(head) is None:
                _judge_stranger(found, head)
                return None
            content = head + file.read(max(0, max_bytes + 1 - len(head)))
    except PermissionError as error:
        raise PhotoError("no-access", "The file may not be read.") from error
    except VaultError as error:
        raise PhotoError("unreadable", f"The file does not open any more: {error}") from error
    except OSError as error:
        raise PhotoError("unreadable", f"The file cannot be read: {error.strerror}.") from error
    if len(content) > max_bytes:
        raise PhotoError("too-many-bytes", f"The file is larger than {max_bytes:,} bytes.")
    return content


def _open(found: FoundFile) -> BinaryIO:
    if found.open_sealed is not None:
        return found.open_sealed()
    return open(found.path, "rb")  # noqa: PTH123  (a path of bytes; closed by the caller)


def _judge_stranger(found: FoundFile, head: bytes) -> None:
    """Raises `PhotoError` for what was asked for by name, or named as photos are."""
    if not found.is_named and not found.path.lower().endswith(_PHOTO_SUFFIXES):
        return
    if not head:
        raise PhotoError("empty-file", "The file is empty.")
    raise PhotoError("not-a-photo", "The file is no photo of a kind that can be read.")
