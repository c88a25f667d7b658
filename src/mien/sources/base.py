"""What a source yields: photos it found, and what it could not read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that may be a photo.

    `fingerprint` changes whenever the file does, as far as that shows without reading it.
    `is_named` says that the user asked for this very file. `open_sealed` opens what lies sealed
    and in no file of its own; it raises `PhotoError` where that does not open.
    """

    path: bytes
    uri: str
    shown: str
    fingerprint: str
    is_named: bool
    open_sealed: Callable[[], BinaryIO] | None = None


@dataclass(frozen=True, slots=True)
class UnreadablePath:
    """Something that could not be looked into; the reason is a stable code."""

    shown: str
    reason: str


class Source(Protocol):
    """A stream of items, lazily; it may be iterated once and never raises for one bad item."""

    def iter_items(self) -> Iterator[FoundFile | UnreadablePath]: ...
