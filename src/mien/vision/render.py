"""Small JPEGs for people to look at: a thumbnail of a photo, a crop of a face."""

from __future__ import annotations

import io
import math

from PIL import Image

from mien.types import Box

__all__ = ["render_crop", "render_thumbnail"]

_THUMBNAIL_PX = 320
_CROP_PX = 160
_MARGIN = 0.25
_QUALITY = 85


def render_thumbnail(picture: Image.Image) -> bytes:
    """The picture with its longer side at most 320 px."""
    scale = min(1.0, _THUMBNAIL_PX / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return _to_jpeg(picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.0))


def render_crop(picture: Image.Image, box: Box, *, scale: float = 1.0) -> bytes:
    """A square around a face, at most 160 px, cut off where the picture ends.

    The box is in pixels of the full photo, of which the picture has `scale` as many.
    """
    half = max(box.width, box.height) * scale * (0.5 + _MARGIN)
    centre_x, centre_y = (box.x1 + box.x2) / 2 * scale, (box.y1 + box.y2) / 2 * scale
    left, right = _clip(centre_x, half, side_px=picture.width)
    top, bottom = _clip(centre_y, half, side_px=picture.height)
    fit = min(1.0, _CROP_PX / max(right - left, bottom - top))
    size = (max(1, round((right - left) * fit)), max(1, round((bottom - top) * fit)))
    cut = picture.resize(
        size, Image.Resampling.BILINEAR, box=(left, top, right, bottom), reducing_gap=1.0
    )
    return _to_jpeg(cut)


def _clip(centre: float, half: float, *, side_px: int) -> tuple[int, int]:
    first = min(max(0, math.floor(centre - half)), side_px - 1)
    last = min(max(first + 1, math.ceil(centre + half)), side_px)
    return first, last


def _to_jpeg(picture: Image.Image) -> bytes:
    # Nothing of the photo's own metadata may travel with a derived picture.
    picture.info = {}
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
