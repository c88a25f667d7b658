"""Paths and uploads as addresses. A name that is not UTF-8 keeps its bytes, percent-encoded.

A photo that was handed in through the server lies in no folder. Its address is

    upload:///<shelf>/<first 16 digits of its SHA-256>/<name of its file>

where a shelf is a name of the operator's choice, which a grant covers as `upload:///<shelf>/`.
The digits tell photos of one name apart, as cameras give them again and again; and the same
photo handed in twice is at the same place.
"""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

_FILE = "file://"
_UPLOAD = "upload://"
_SHELF = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_DIGITS = 16
_LONGEST_NAME = 120
_NAMELESS = "photo"
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


def is_shelf(name: str) -> bool:
    """Whether it can be the name of a shelf: letters, digits, `-` and `_`, 64 at most."""
    return _SHELF.fullmatch(name) is not None


def shelf_scope(shelf: str) -> str:
    """A scope of everything on the shelf."""
    return f"{_UPLOAD}/{shelf}/"


def find_shelf(scope: str) -> str | None:
    """The shelf that a part of a scope covers; nothing for any other part."""
    name = scope.removeprefix(f"{_UPLOAD}/").removesuffix("/")
    return name if is_shelf(name) and scope == shelf_scope(name) else None


def upload_uri(shelf: str, sha256: str, *, name: str) -> str:
    """The address of a photo on a shelf, with the name that its file had."""
    piece = quote_from_bytes(safe_name(name).encode(), safe="")
    return f"{shelf_scope(shelf)}{sha256[:_DIGITS]}/{piece}"


def is_upload(uri: str) -> bool:
    """Whether this is the address of a photo that lies here and in no folder."""
    return uri.startswith(f"{_UPLOAD}/")


def safe_name(name: str) -> str:
    """The last piece of whatever somebody sent as a name, without what no name should hold."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(letter for letter in last if letter == " " or _is_seen(letter))
    seen = seen.strip().rstrip(".")
    stem, dot, ending = seen.rpartition(".")
    if len(seen) > _LONGEST_NAME:
        room = max(0, _LONGEST_NAME - len(dot) - len(ending))
        seen = f"{stem[:room]}{dot}{ending}"[:_LONGEST_NAME].strip()
    return seen or _NAMELESS


def _is_seen(letter: str) -> bool:
    """Neither a control nor a mark that turns the line around, nor any blank but the plain one."""
    return unicodedata.category(letter)[0] not in "CZ"
