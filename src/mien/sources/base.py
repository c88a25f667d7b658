"""What a source yields: photos it found, and what it could not read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that may be a photo.

    `fingerprint` changes whenever the file does, as far as that shows without reading it.
    `is_named` says that the user asked for this very file.
    """

    path: bytes
    uri: str
    shown: str
    fingerprint: str
    is_named: bool


@dataclass(frozen=True, slots=True)
class UnreadablePath:
    """Something that could not be looked into; the reason is a stable code."""

    shown: str
    reason: str


class Source(Protocol):
    """A stream of items, lazily; it may be iterated once and never raises for one bad item."""

    def iter_items(self) -> Iterator[FoundFile | UnreadablePath]: ...
