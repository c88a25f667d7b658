"""Paths as addresses. A name that is not UTF-8 keeps its bytes, percent-encoded."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

_PRINTABLE = bytes(range(0x20, 0x7F))


def file_uri(path: bytes) -> str:
    """The absolute path as a `file:` URI."""
    return "file://" + quote_from_bytes(path, safe="/")


def folder_scope(folder: Path) -> str:
    """A scope of everything below the folder, whose links are resolved."""
    return file_uri(os.fsencode(folder.resolve())).rstrip("/") + "/"


def path_of(uri: str) -> Path | None:
    """The local path of a `file:` URI; nothing for any other address."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return None
    return Path(os.fsdecode(unquote_to_bytes(parts.path)))


def show_path(path: bytes) -> str:
    """The path for a person to read: as it is, or percent-encoded where it is not text."""
    try:
        text = path.decode()
    except UnicodeDecodeError:
        return quote_from_bytes(path, safe=_PRINTABLE.replace(b"%", b""))
    return text if text.isprintable() else quote_from_bytes(path, safe=_PRINTABLE)
