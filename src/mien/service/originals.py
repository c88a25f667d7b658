"""The bytes of a photo as they were taken in: read where it was found, and checked to be those.

What lies there now may be another photo: whatever does not have the SHA-256 that was recorded
is not handed out.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from mien.service.deployment import Deployment
from mien.sources.address import path_of


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A photo by what it is, and the places where somebody may look for it."""

    sha256: str
    size_bytes: int
    uris: tuple[str, ...]


def find_original(deployment: Deployment, photo: Whereabouts) -> bytes | None:
    """The photo; nothing where it was moved, changed or removed, or cannot be read."""
    del deployment  # what lies in files alone needs nothing of it
    for uri in photo.uris:
        path = path_of(uri)
        content = None if path is None else _read_file(path, size_bytes=photo.size_bytes)
        if content is not None and sha256(content).hexdigest() == photo.sha256:
            return content
    return None


def _read_file(path: Path, *, size_bytes: int) -> bytes | None:
    """So many bytes of a plain file; another file may be longer, and is not read to its end."""
    try:
        # Without waiting: a pipe may have taken the file's place.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123  (a descriptor)
            is_plain = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            return file.read(size_bytes + 1) if is_plain else None
    except OSError:
        return None
