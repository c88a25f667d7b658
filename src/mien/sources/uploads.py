"""Photos that somebody handed in: they lie sealed, and come to lie on a shelf."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from mien.sources.address import safe_name, upload_uri
from mien.sources.base import FoundFile, UnreadablePath

_LEFT_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """One file that was handed in, by what its sender called it and what it is."""

    name: str
    sha256: str
    open_sealed: Callable[[], BinaryIO]


class UploadSource:
    """Files on their way to a shelf, in the order they were handed in."""

    def __init__(self, shelf: str, files: Iterable[UploadedFile]) -> None:
        self._shelf = shelf
        self._files = files

    def iter_items(self) -> Iterator[FoundFile | UnreadablePath]:
        for file in self._files:
            name = safe_name(file.name)
            yield FoundFile(
                os.fsencode(name),
                upload_uri(self._shelf, file.sha256, name=name),
                name,
                f"upload.{file.sha256}",
                is_named=not _is_left_by_a_system(name),
                open_sealed=file.open_sealed,
            )


def _is_left_by_a_system(name: str) -> bool:
    """Whoever hands in a whole folder did not mean these."""
    return name.startswith(".") or name.lower() in _LEFT_BY_SYSTEMS
