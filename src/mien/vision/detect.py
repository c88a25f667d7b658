"""Finds faces and their five landmarks with CenterFace.

A photo is looked at up to three times: at 640 px; at 1280 px, in tiles, where it is large;
and small within a grey border where little or nothing was found, since faces
that fill the picture are lost otherwise. The findings are merged. What each pass is worth
is measured in docs/decisions/vision-detection.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mien.types import Box, Face, Landmarks, Point
from mien.vision.decode import Photo
from mien.vision.session import Session

__all__ = ["Detector", "Findings", "cut_side", "keep_best", "parse_maps"]

_STRIDE_PX = 4
_SIDE_MULTIPLE_PX = 32
_LEAST_CONFIDENCE = 0.5
_MOST_OVERLAP = 0.3
_FIRST_PASS_PX = 640
_LARGE_PASS_PX = 1280
_LARGE_PHOTO_PX = 1000
_LARGEST_TILE_PX = 704
_SHARED_PX = 128
_BORDERED_PASS_PX = 160
_GREY = 128
_CONVINCING_CONFIDENCE = 0.7

Maps = Sequence[NDArray[np.float32]]
"""Heat (1, 1, h, w), scale (1, 2, h, w), offset (1, 2, h, w), landmarks (1, 10, h, w)."""

Findings = NDArray[np.float64]
"""One a row: confidence, then x and y of the box's two corners and of five landmarks."""

_FINDING_SIZE = 15


class Detector:
    """May be used from several threads."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def detect(self, photo: Photo) -> tuple[Face, ...]:
        """Every face found, in pixels of the full photo, most confident first."""
        picture = photo.picture
        found = self.look(picture)
        if max(picture.size) >= _LARGE_PHOTO_PX:
            found = keep_best(np.concatenate([found, self.look_in_tiles(picture)]))
        if not (found[:, 0] >= _CONVINCING_CONFIDENCE).any():
            found = keep_best(np.concatenate([found, self.look_within_border(picture)]))
        return tuple(_to_face(row) for row in _moved(found, factor=1 / photo.scale))

    def look(self, picture: Image.Image, *, side_px: int = _FIRST_PASS_PX) -> Findings:
        """One pass over the whole picture with its longer side at `side_px`."""
        scale = side_px / max(picture.size)
        return _moved(self._run(_resize(picture, scale)), factor=1 / scale)

    def look_in_tiles(self, picture: Image.Image) -> Findings:
        """One pass at up to twice the first one's scale, in tiles so that memory stays flat."""
        scale = min(1.0, _LARGE_PASS_PX / max(picture.size))
        large = _resize(picture, scale)
        found = [
            self._look_at_tile(large, (left, top, right, bottom))
            for left, right in cut_side(large.width)
            for top, bottom in cut_side(large.height)
        ]
        return _moved(np.concatenate(found), factor=1 / scale)

    def look_within_border(self, picture: Image.Image) -> Findings:
        """One pass over the picture made small, with half a side of grey all around."""
        scale = _BORDERED_PASS_PX / 2 / max(picture.size)
        small = _resize(picture, scale)
        ground = Image.new("RGB", (_BORDERED_PASS_PX, _BORDERED_PASS_PX), (_GREY,) * 3)
        left, top = ((_BORDERED_PASS_PX - side) // 2 for side in small.size)
        ground.paste(small, (left, top))
        return _moved(self._run(ground), shift_px=(-left, -top), factor=1 / scale)

    def _look_at_tile(self, large: Image.Image, tile: tuple[int, int, int, int]) -> Findings:
        """What a tile cuts is whole in its neighbour, or large enough for the first pass."""
        left, top, right, bottom = tile
        found = _moved(self._run(large.crop(tile)), shift_px=(left, top))
        is_whole = (found[:, 1] > left) | (left == 0)
        is_whole &= (found[:, 2] > top) | (top == 0)
        is_whole &= (found[:, 3] < right) | (right == large.width)
        is_whole &= (found[:, 4] < bottom) | (bottom == large.height)
        return found[is_whole]

    def _run(self, picture: Image.Image) -> Findings:
        return keep_best(parse_maps(self._session.run(_prepare(picture))))


def parse_maps(maps: Maps) -> Findings:
    """What a network's maps show, in pixels of its input, many times over for each face.

    Where there are two channels the first is vertical. Decoding as in Xu et al., CenterFace
    (2019), section 3.
    """
    heat, scale, offset, landmarks = (one[0].astype(np.float64) for one in maps)
    rows, columns = np.nonzero(heat[0] >= _LEAST_CONFIDENCE)
    heights, widths = np.exp(scale[:, rows, columns]) * _STRIDE_PX
    tops = (rows + offset[0, rows, columns] + 0.5) * _STRIDE_PX - heights / 2
    lefts = (columns + offset[1, rows, columns] + 0.5) * _STRIDE_PX - widths / 2
    found = np.empty((len(rows), _FINDING_SIZE))
    found[:, 0] = heat[0, rows, columns]
    found[:, 1:5] = np.stack([lefts, tops, lefts + widths, tops + heights], axis=1)
    points = landmarks[:, rows, columns].T
    found[:, 5::2] = points[:, 1::2] * widths[:, None] + lefts[:, None]
    found[:, 6::2] = points[:, 0::2] * heights[:, None] + tops[:, None]
    return found


def keep_best(found: Findings) -> Findings:
    """Non-maximum suppression: of findings that overlap only the most confident stays."""
    left = found[np.argsort(-found[:, 0], kind="stable")]
    kept = []
    while len(left):
        kept.append(left[0])
        left = left[_overlaps(left[0, 1:5], left[:, 1:5]) <= _MOST_OVERLAP]
    return np.array(kept).reshape(-1, _FINDING_SIZE)


def _overlaps(box: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of one box with each of many; 1 for the box itself."""
    widths = np.minimum(boxes[:, 2], box[2]) - np.maximum(boxes[:, 0], box[0])
    heights = np.minimum(boxes[:, 3], box[3]) - np.maximum(boxes[:, 1], box[1])
    shared = np.maximum(widths, 0) * np.maximum(heights, 0)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    overlaps: NDArray[np.float64] = shared / (areas + areas[0] - shared)
    return overlaps


def cut_side(side_px: int) -> list[tuple[int, int]]:
    """Where tiles along one side begin and end; neighbours share at least 128 px."""
    count = max(1, -(-(side_px - _SHARED_PX) // (_LARGEST_TILE_PX - _SHARED_PX)))
    tile_px = -(-(side_px + (count - 1) * _SHARED_PX) // count)
    starts = [index * (side_px - tile_px) // max(1, count - 1) for index in range(count)]
    return [(start, start + tile_px) for start in starts]


def _moved(
    found: Findings, *, shift_px: tuple[float, float] = (0.0, 0.0), factor: float = 1.0
) -> Findings:
    """The same findings in pixels of another picture: shifted first, then scaled."""
    moved = found.copy()
    moved[:, 1::2] += shift_px[0]
    moved[:, 2::2] += shift_px[1]
    moved[:, 1:] *= factor
    return moved


def _to_face(row: Findings) -> Face:
    confidence, x1, y1, x2, y2, *points = row.tolist()
    places = zip(points[::2], points[1::2], strict=True)
    return Face(Box(x1, y1, x2, y2), Landmarks(*(Point(x, y) for x, y in places)), confidence)


def _resize(picture: Image.Image, scale: float) -> Image.Image:
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    if size == picture.size:
        return picture
    return picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _prepare(picture: Image.Image) -> NDArray[np.float32]:
    """Shape (1, 3, height, width), padded with zeros at right and bottom."""
    width, height = (-(-side // _SIDE_MULTIPLE_PX) * _SIDE_MULTIPLE_PX for side in picture.size)
    values = np.zeros((1, 3, height, width), np.float32)
    values[0, :, : picture.height, : picture.width] = np.asarray(picture).transpose(2, 0, 1)
    return values
