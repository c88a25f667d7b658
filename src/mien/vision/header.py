"""What a photo's header declares, and a PNG that nobody turns; no pixel is decoded.

A PNG may say how it is to be turned, as a JPEG does. Where a program counts on PNGs being shown
as they are stored, `lay_as_stored` makes one that says so itself: its pixels are the same.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from mien.errors import PhotoError
from mien.vision.sniff import HEAD_BYTES, sniff_media_type

__all__ = ["lay_as_stored", "read_size"]

_PNG = b"\x89PNG\r\n\x1a\n"
_ORIENTATION = 0x0112
_UPRIGHT = 1
_FORMATS = {"image/jpeg": ("JPEG", "MPO"), "image/png": ("PNG",)}
_SAYING = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt"})
_DAMAGES = (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error, zlib.error)


def read_size(content: bytes) -> tuple[int, int]:
    """Width and height of a JPEG or PNG as they are stored, in pixels.

    Raises `PhotoError` for anything else: not-a-photo, damaged, too-many-pixels.
    """
    media_type = sniff_media_type(content[:HEAD_BYTES])
    if media_type not in _FORMATS:
        raise PhotoError("not-a-photo", "it is neither JPEG nor PNG")
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS[media_type]) as image:
            return image.size
    except Image.DecompressionBombError as error:
        raise PhotoError("too-many-pixels", "it declares more pixels than are decoded") from error
    except _DAMAGES as error:
        raise PhotoError("damaged", "its header cannot be read") from error


def lay_as_stored(content: bytes) -> bytes:
    """The photo, but where it is a PNG that says how to turn it: that with another such word.

    All else that the PNG says of itself stays. Raises `PhotoError` for a damaged one.
    """
    if not content.startswith(_PNG):
        return content
    try:
        with Image.open(io.BytesIO(_make_husk(content)), formats=_FORMATS["image/png"]) as image:
            exif = image.getexif()
    except _DAMAGES as error:
        raise PhotoError("damaged", "it is damaged") from error
    if exif.get(_ORIENTATION, _UPRIGHT) == _UPRIGHT:
        return content
    exif[_ORIENTATION] = _UPRIGHT
    said = exif.tobytes().removeprefix(b"Exif\0\0")
    head, *rest = _iter_chunks(content)
    kept = [chunk for chunk in rest if chunk[4:8] != b"eXIf"]
    return b"".join((_PNG, head, _make_chunk(b"eXIf", said), *kept))


def _make_husk(content: bytes) -> bytes:
    """A PNG of one pixel that says of itself what this one does.

    It may do so behind its pixels, and whoever asks the whole one has all of them decoded.
    """
    said = (chunk for chunk in _iter_chunks(content) if chunk[4:8] in _SAYING)
    return b"".join((_PNG, *_ONE_PIXEL[:1], *said, *_ONE_PIXEL[1:]))


def _iter_chunks(content: bytes) -> Iterator[bytes]:
    """The chunks with their lengths, names and checksums, and what is left of a cut file."""
    position = len(_PNG)
    while position < len(content):
        end = position + 12 + int.from_bytes(content[position : position + 4], "big")
        yield content[position:end]
        position = end


def _make_chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


_ONE_PIXEL = (
    _make_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
    _make_chunk(b"IDAT", zlib.compress(bytes(2))),
    _make_chunk(b"IEND", b""),
)
