"""Bytes of a photo to upright RGB pixels.

Limits are checked on what the header declares, before a pixel is decoded. The first frame
of JPEG, PNG, WebP, HEIC, AVIF, TIFF and GIF is turned upright (EXIF orientation), brought
to sRGB where a profile is embedded, and laid over white where it is transparent. Whatever
is wrong with a file ends in `PhotoError`, whose message leaves the file's name to the
caller. A JPEG may be decoded at 1/2, 1/4 or 1/8 where fewer pixels are enough.

It does not promise colours to the last bit: 16-bit channels are brought to 8.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from dataclasses import dataclass

from PIL import Image, ImageOps

from mien.errors import PhotoError
from mien.types import Credit
from mien.vision.colour import convert_to_srgb
from mien.vision.credit import read_credit
from mien.vision.sniff import HEAD_BYTES, sniff_media_type

__all__ = ["DecodeLimits", "Photo", "decode_photo"]

_FORMATS = {
    "image/jpeg": ("JPEG", "MPO"),
    "image/png": ("PNG",),
    "image/webp": ("WEBP",),
    "image/gif": ("GIF",),
    "image/tiff": ("TIFF",),
    "image/avif": ("AVIF",),
    "image/heic": ("HEIF",),
}
_PILLOW_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    RuntimeError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow and its codecs raise on damaged files."""
_ORIENTATION = 0x0112
_QUARTER_TURNS = frozenset({5, 6, 7, 8})
_REDUCTIONS = (8, 4, 2)


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """The largest file that is decoded; a declared size counts as much as a real one."""

    size_bytes: int = 200_000_000
    pixels: int = 100_000_000
    side_px: int = 30_000
    frames: int = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """An upright RGB picture, perhaps at reduced scale, and the size it has in full.

    `scale` is pixels of the picture per pixel of the photo, at most 1.
    """

    picture: Image.Image
    width_px: int
    height_px: int
    media_type: str
    credit: Credit

    @property
    def scale(self) -> float:
        return max(self.picture.size) / max(self.width_px, self.height_px)


def decode_photo(
    content: bytes, *, limits: DecodeLimits | None = None, enough_px: int | None = None
) -> Photo:
    """Decode one photo. With `enough_px` its longer side may be reduced to no less than that.

    Raises `PhotoError`: empty-file, not-a-photo, truncated, damaged, too-many-bytes,
    too-many-pixels, too-many-frames.
    """
    limits = limits or DecodeLimits()
    media_type = _check_bytes(content, limits)
    _hush_pillow()
    try:
        with _open(content, media_type) as image:
            _check_header(image, limits)
            return _decode(image, media_type, enough_px=enough_px)
    except Image.DecompressionBombError as error:
        raise PhotoError("too-many-pixels", "it declares more pixels than are decoded") from error
    except _PILLOW_ERRORS as error:
        raise _damage(content, media_type, error=error) from error


def _check_bytes(content: bytes, limits: DecodeLimits) -> str:
    if not content:
        raise PhotoError("empty-file", "it is empty")
    if len(content) > limits.size_bytes:
        raise PhotoError(
            "too-many-bytes", f"it has {len(content)} bytes; the limit is {limits.size_bytes}"
        )
    media_type = sniff_media_type(content[:HEAD_BYTES])
    if media_type is None:
        raise PhotoError("not-a-photo", "it is none of JPEG, PNG, WebP, HEIC, AVIF, TIFF and GIF")
    return media_type


def _hush_pillow() -> None:
    """Damaged photos are reported by reason code; Pillow's warnings about them say no more.

    A filter, since `warnings.catch_warnings` is not safe with threads; it is set once.
    """
    warnings.filterwarnings("ignore", module=r"PIL\.|pillow_heif\.")


def _open(content: bytes, media_type: str) -> Image.Image:
    if media_type == "image/heic":
        import pillow_heif

        pillow_heif.register_heif_opener()
    return Image.open(io.BytesIO(content), formats=_FORMATS[media_type])


def _check_header(image: Image.Image, limits: DecodeLimits) -> None:
    width, height = image.size
    if width * height > limits.pixels or max(width, height) > limits.side_px:
        raise PhotoError(
            "too-many-pixels",
            f"it declares {width} x {height} pixels; the limits are {limits.pixels} in all "
            f"and {limits.side_px} a side",
        )
    frames = getattr(image, "n_frames", 1)
    if frames > limits.frames:
        raise PhotoError("too-many-frames", f"it has {frames} frames; the limit is {limits.frames}")


def _decode(image: Image.Image, media_type: str, *, enough_px: int | None) -> Photo:
    full_size = image.size
    credit = read_credit(image)
    if enough_px is not None and media_type == "image/jpeg":
        factor = next((by for by in _REDUCTIONS if max(full_size) // by >= enough_px), 1)
        image.draft("RGB", (max(1, full_size[0] // factor), max(1, full_size[1] // factor)))
    image.load()
    is_turned = image.getexif().get(_ORIENTATION, 1) in _QUARTER_TURNS
    picture = convert_to_srgb(ImageOps.exif_transpose(image))
    width, height = reversed(full_size) if is_turned else full_size
    return Photo(picture, width, height, media_type, credit)


def _damage(content: bytes, media_type: str, *, error: Exception) -> PhotoError:
    if _is_cut_short(content, media_type) or "truncated" in str(error).lower():
        return PhotoError("truncated", "it ends before its picture does")
    return PhotoError("damaged", f"it is damaged: {type(error).__name__}")


def _is_cut_short(content: bytes, media_type: str) -> bool:
    """Whether the end mark that the format asks for is missing."""
    if media_type == "image/png":
        return b"IEND" not in content[-4096:]
    if media_type == "image/jpeg":
        return b"\xff\xd9" not in content[-4096:]
    if media_type == "image/gif":
        return not content.rstrip(b"\0").endswith(b";")
    if media_type == "image/webp":
        return len(content) < int.from_bytes(content[4:8], "little") + 8
    if media_type in {"image/heic", "image/avif"}:
        return _has_cut_box(content)
    return False


def _has_cut_box(content: bytes) -> bool:
    """ISO 14496-12: boxes of a 32-bit size and a name follow each other; 0 is to the end."""
    position = 0
    while position < len(content):
        size = int.from_bytes(content[position : position + 4], "big")
        if size == 1:
            size = int.from_bytes(content[position + 8 : position + 16], "big")
        if size == 0:
            return False
        position += max(size, 8)
    return position != len(content)
