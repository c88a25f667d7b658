"""A photo made small and freed of what its file says: as much as a face is found in."""

from __future__ import annotations

from mien.vision.decode import decode_photo
from mien.vision.render import render_photo

_ENOUGH_PX = 1280

__all__ = ["shrink_photo"]


def shrink_photo(content: bytes) -> bytes:
    """The photo as a JPEG of at most 1280 px a side. Raises `PhotoError`."""
    return render_photo(decode_photo(content, enough_px=_ENOUGH_PX).picture, longest_px=_ENOUGH_PX)
