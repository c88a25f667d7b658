"""Where a grant holds: addresses of files and folders, as URIs.

A scope that ends in a slash covers everything below it; any other covers itself alone.
Addresses are compared piece by piece after percent-decoding to bytes, so that neither an
odd spelling nor a `..` leads out of a folder. What no address may hold unencoded, or what
readers take in different ways (a backslash, a query, a path without a root), is not covered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes, urlsplit

_Address = tuple[str, str, tuple[bytes, ...]]

_PLAIN = re.compile(r"[^\x00-\x20\x7f\\?#]+")


def covers(scope: Iterable[str], uri: str) -> bool:
    """Whether any part of the scope covers the address; one that cannot be read is a no."""
    target = _parse_address(uri)
    return target is not None and any(_covers_one(part, target) for part in scope)


def is_scope(uri: str) -> bool:
    """Whether the text can be a part of a scope."""
    return _parse_address(uri.removesuffix("/")) is not None


def _covers_one(part: str, target: _Address) -> bool:
    address = _parse_address(part.removesuffix("/"))
    if address is None or address[:2] != target[:2]:
        return False
    pieces, target_pieces = address[2], target[2]
    if part.endswith("/"):
        return len(target_pieces) > len(pieces) and target_pieces[: len(pieces)] == pieces
    return pieces == target_pieces


def _parse_address(uri: str) -> _Address | None:
    """Scheme, host and path pieces; nothing where a piece could mean another place."""
    if not _PLAIN.fullmatch(uri):
        return None
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if not parts.scheme or parts.path[:1] not in ("", "/"):
        return None
    pieces = tuple(unquote_to_bytes(piece) for piece in parts.path.split("/")[1:])
    if any(piece in (b"", b".", b"..") or b"/" in piece or b"\0" in piece for piece in pieces):
        return None
    return parts.scheme.lower(), parts.netloc.lower(), pieces
