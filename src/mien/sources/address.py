"""Paths as addresses. A name that is not UTF-8 keeps its bytes, percent-encoded."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

_FILE = "file://"
_SHOWN = bytes(range(0x20, 0x7F)).replace(b"%", b"")


def file_uri(path: bytes) -> str:
    """The absolute path as a `file:` URI."""
    return _FILE + quote_from_bytes(path, safe="/")


def folder_scope(folder: Path) -> str:
    """A scope of everything below the folder, whose links are resolved."""
    return file_uri(os.fsencode(folder.resolve()).rstrip(b"/") + b"/")


def path_of(uri: str) -> Path | None:
    """The local path of a `file:` URI without a host; nothing for any other address."""
    if not uri.startswith(f"{_FILE}/"):
        return None
    return Path(os.fsdecode(unquote_to_bytes(uri.removeprefix(_FILE))))


def show_path(path: bytes) -> str:
    """The path for a person to read: as it is, or percent-encoded where it is not text."""
    text = path.decode(errors="replace")
    is_readable = text.isprintable() and text.encode() == path
    return text if is_readable else quote_from_bytes(path, safe=_SHOWN)
