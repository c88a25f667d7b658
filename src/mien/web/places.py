"""Addresses as people read them: a name, and a link where a browser can follow it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_FOLLOWED = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a photo lies. `link` is empty where no browser gets there."""

    name: str
    folder: str
    link: str


def describe_place(uri: str) -> Place:
    """A folder's path for what lies on this machine, the shelf for an upload."""
    parts = urlsplit(uri)
    path = unquote(parts.path)
    folder, _, name = path.rpartition("/")
    if parts.scheme == "upload":  # the part of the hash in between says nothing to a reader
        folder = folder.strip("/").partition("/")[0]
    elif parts.netloc:
        folder = f"{parts.netloc}{folder}"
    return Place(name or path, folder or "/", uri if parts.scheme in _FOLLOWED else "")
