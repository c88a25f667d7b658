"""Photos that somebody hands in to be found by: read within limits, and kept nowhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mien.errors import PhotoError
from mien.sources.address import show_path

HandedIn = str | os.PathLike[str] | bytes
"""A photo by its path, or its bytes."""


def read_photo(photo: HandedIn, *, max_bytes: int) -> bytes:
    """Raises `PhotoError`."""
    if isinstance(photo, bytes):
        return photo
    try:
        with Path(photo).open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise PhotoError("unreadable", f"it cannot be read ({error.strerror})") from error
    if len(content) > max_bytes:
        raise PhotoError("too-many-bytes", f"it is larger than {max_bytes:,} bytes")
    return content


@contextmanager
def naming(photo: HandedIn) -> Iterator[None]:
    """Says of an error which photo it is about."""
    try:
        yield
    except PhotoError as error:
        name = "The photo" if isinstance(photo, bytes) else show_path(os.fsencode(photo))
        raise PhotoError(
            error.reason, f"{name} cannot be used: {error}. Choose another photo."
        ) from error
