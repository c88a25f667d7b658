"""Small JPEGs: a thumbnail of a photo, a crop of a face, a portrait to find the face in again."""

from __future__ import annotations

import io
import math

from PIL import Image

from mien.types import Box, Point

__all__ = ["render_crop", "render_photo", "render_portrait", "render_thumbnail"]

_THUMBNAIL_PX = 320
_CROP_PX = 160
_MARGIN = 0.25
_QUALITY = 85
_PORTRAIT_PX = 320
_PORTRAIT_QUALITY = 92


def render_thumbnail(picture: Image.Image) -> bytes:
    """The picture with its longer side at most 320 px."""
    return render_photo(picture, longest_px=_THUMBNAIL_PX)


def render_photo(picture: Image.Image, *, longest_px: int) -> bytes:
    """The picture with its longer side at most so long; never enlarged."""
    scale = min(1.0, longest_px / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return _to_jpeg(picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.0))


def render_crop(picture: Image.Image, box: Box, *, scale: float = 1.0) -> bytes:
    """A square around a face, at most 160 px, cut off where the picture ends.

    The box is in pixels of the full photo, of which the picture has `scale` as many.
    """
    around = _square(picture, box, scale=scale, margin=_MARGIN)
    return _to_jpeg(_cut(picture, around, most_px=_CROP_PX))


def render_portrait(picture: Image.Image, box: Box, *, margin: float) -> tuple[bytes, Point]:
    """A square around a face for a model to find it in, and where in it the face's middle is.

    At most 320 px. The margin is in sides of the face, the place in sides of the portrait.
    """
    left, top, right, bottom = around = _square(picture, box, scale=1.0, margin=margin)
    middle = Point(
        ((box.x1 + box.x2) / 2 - left) / (right - left),
        ((box.y1 + box.y2) / 2 - top) / (bottom - top),
    )
    cut = _cut(picture, around, most_px=_PORTRAIT_PX)
    return _to_jpeg(cut, quality=_PORTRAIT_QUALITY), middle


def _square(
    picture: Image.Image, box: Box, *, scale: float, margin: float
) -> tuple[int, int, int, int]:
    """Around the middle of a box, as far as the picture goes."""
    half = max(box.width, box.height) * scale * (0.5 + margin)
    centre_x, centre_y = (box.x1 + box.x2) / 2 * scale, (box.y1 + box.y2) / 2 * scale
    left, right = _clip(centre_x, half, side_px=picture.width)
    top, bottom = _clip(centre_y, half, side_px=picture.height)
    return left, top, right, bottom


def _cut(picture: Image.Image, around: tuple[int, int, int, int], *, most_px: int) -> Image.Image:
    left, top, right, bottom = around
    fit = min(1.0, most_px / max(right - left, bottom - top))
    size = (max(1, round((right - left) * fit)), max(1, round((bottom - top) * fit)))
    return picture.resize(size, Image.Resampling.BILINEAR, box=around, reducing_gap=1.0)


def _clip(centre: float, half: float, *, side_px: int) -> tuple[int, int]:
    first = min(max(0, math.floor(centre - half)), side_px - 1)
    last = min(max(first + 1, math.ceil(centre + half)), side_px)
    return first, last


def _to_jpeg(picture: Image.Image, *, quality: int = _QUALITY) -> bytes:
    # Nothing of the photo's own metadata may travel with a derived picture.
    picture.info = {}
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
