"""Files that are hard to read, made here: what is wrong with each stands in its name."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from mien.testing import draw_photo

_SIDE_PX = 80


def _encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _picture(mode: str) -> Image.Image:
    ramp = np.linspace(0, 255, _SIDE_PX * _SIDE_PX).reshape(_SIDE_PX, _SIDE_PX).astype(np.uint8)
    return Image.fromarray(ramp).convert(mode)


def _png(width: int, height: int, rows: bytes) -> bytes:
    """A grey PNG that declares this size, whatever its rows hold."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in parts
    )


def _bomb() -> bytes:
    """A hundred million honest zeros in a hundred kilobytes."""
    packer = zlib.compressobj(9)
    row = bytes(10_001)
    rows = b"".join(packer.compress(row) for _ in range(10_000)) + packer.flush()
    return _png(10_000, 10_000, rows)


def _animation() -> bytes:
    frames = [_picture("L"), _picture("L").rotate(90), _picture("L").rotate(180)]
    return _encode(frames[0], "GIF", save_all=True, append_images=frames[1:])


READABLE: dict[str, Callable[[], bytes]] = {
    "cmyk.jpg": lambda: _encode(_picture("CMYK"), "JPEG"),
    "grey.jpg": lambda: _encode(_picture("L"), "JPEG"),
    "grey-and-alpha.png": lambda: _encode(_picture("LA"), "PNG"),
    "sixteen-bits.png": lambda: _encode(
        Image.fromarray(np.arange(6400, dtype=np.uint16).reshape(80, 80) * 10), "PNG"
    ),
    "sixteen-bits.tif": lambda: _encode(
        Image.fromarray(np.arange(6400, dtype=np.uint16).reshape(80, 80) * 10), "TIFF"
    ),
    "palette.png": lambda: _encode(_picture("P"), "PNG"),
    "black-and-white.png": lambda: _encode(_picture("1"), "PNG"),
    "alpha.webp": lambda: _encode(_picture("RGBA"), "WEBP"),
    "animation.gif": _animation,
    "one-pixel.png": lambda: _encode(Image.new("RGB", (1, 1)), "PNG"),
    "one-pixel.gif": lambda: _encode(Image.new("L", (1, 1)), "GIF"),
    "one-row.png": lambda: _encode(Image.new("RGB", (5000, 1)), "PNG"),
    "truly-a-png.jpg": lambda: draw_photo(1),
    "truly-a-jpeg.tiff": lambda: _encode(_picture("RGB"), "JPEG"),
    "avif.avif": lambda: _encode(_picture("RGB"), "AVIF"),
}
"""Photos as cameras, scanners and programs make them: every one is read."""

BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.jpg": (lambda: b"", "empty-file"),
    "text.jpg": (lambda: b"Ann, 1987\n", "not-a-photo"),
    "zeros.png": (lambda: bytes(5000), "not-a-photo"),
    "web-page.jpeg": (lambda: b"<!DOCTYPE html><title>404</title>", "not-a-photo"),
    "vector.png": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not-a-photo"),
    "cut.jpg": (lambda: _encode(_picture("RGB"), "JPEG")[:400], "truncated"),
    "cut.png": (lambda: draw_photo(1)[:150], "truncated"),
    "cut.webp": (lambda: _encode(_picture("RGB"), "WEBP")[:60], "truncated"),
    "cut.gif": (lambda: _encode(_picture("L"), "GIF")[:900], "truncated"),
    "head-alone.jpg": (lambda: b"\xff\xd8\xff\xe0", "truncated"),
    "signature-alone.png": (lambda: b"\x89PNG\r\n\x1a\n", "truncated"),
    "fifty-thousand.png": (lambda: _png(50_000, 50_000, zlib.compress(b"\0")), "too-many-pixels"),
    "two-billion.png": (lambda: _png(2**31 - 1, 1, zlib.compress(b"\0")), "too-many-pixels"),
    "bomb.png": (_bomb, "too-many-pixels"),
    "no-size.png": (lambda: _png(0, 0, zlib.compress(b"")), "damaged"),
    "wrong-sum.png": (
        lambda: draw_photo(1).replace(b"IHDR\0\0\0\x50", b"IHDR\0\0\0\x51"),
        "damaged",
    ),
}
"""Files that claim to be photos and are none, each with the reason that is given."""
