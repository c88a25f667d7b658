"""Finds faces and their five landmarks with CenterFace.

A photo is looked at up to three times: at 640 px; at 1280 px where it has more pixels than
640 px shows; and small within a grey border where little or nothing was found, since faces
that fill the picture are lost otherwise. The findings are merged. What each pass is worth
is measured in docs/decisions/vision-detection.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mien.types import Box, Face, Landmarks, Point
from mien.vision.decode import Photo
from mien.vision.session import Session

__all__ = ["Detector", "keep_best"]

_STRIDE_PX = 4
_SIDE_MULTIPLE_PX = 32
_LEAST_SCORE = 0.5
_MOST_OVERLAP = 0.3
_FIRST_PASS_PX = 640
_LARGE_PASS_PX = 1280
_LARGE_PHOTO_PX = 1000
_BORDERED_PASS_PX = 160
_GREY = 128
_CONVINCING_SCORE = 0.7

Maps = Sequence[NDArray[np.float32]]
"""Heat (1, 1, h, w), scale (1, 2, h, w), offset (1, 2, h, w), landmarks (1, 10, h, w)."""


class Detector:
    """May be used from several threads."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def detect(self, photo: Photo) -> tuple[Face, ...]:
        """Every face found, in pixels of the full photo, most confident first."""
        picture = photo.picture
        faces = self._look(picture, side_px=_FIRST_PASS_PX)
        if max(picture.size) >= _LARGE_PHOTO_PX:
            faces += self._look(picture, side_px=_LARGE_PASS_PX)
        if not any(face.confidence >= _CONVINCING_SCORE for face in faces):
            faces += self._look_within_border(picture)
        return tuple(_scale(face, 1 / photo.scale) for face in keep_best(faces))

    def _look(self, picture: Image.Image, *, side_px: int) -> list[Face]:
        """One pass with the longer side at `side_px`, never enlarged beyond it."""
        scale = side_px / max(picture.size)
        maps = self._session.run(_prepare(_resize(picture, scale)))
        return [_scale(face, 1 / scale) for face in parse_maps(maps)]

    def _look_within_border(self, picture: Image.Image) -> list[Face]:
        inner_px = _BORDERED_PASS_PX // 2
        scale = inner_px / max(picture.size)
        small = _resize(picture, scale)
        ground = Image.new("RGB", (_BORDERED_PASS_PX, _BORDERED_PASS_PX), (_GREY,) * 3)
        left, top = ((_BORDERED_PASS_PX - side) // 2 for side in small.size)
        ground.paste(small, (left, top))
        found = parse_maps(self._session.run(_prepare(ground)))
        return [_scale(_shift(face, -left, -top), 1 / scale) for face in found]


def parse_maps(maps: Maps) -> list[Face]:
    """The faces that a network's maps show, in pixels of its input, before merging.

    Where there are two channels the first is vertical. Decoding as in Xu et al., CenterFace
    (2019), section 3.
    """
    heat, scale, offset, landmarks = (np.asarray(one)[0] for one in maps)
    rows, columns = np.nonzero(heat[0] >= _LEAST_SCORE)
    heights, widths = np.exp(scale[:, rows, columns]) * _STRIDE_PX
    tops = (rows + offset[0, rows, columns] + 0.5) * _STRIDE_PX - heights / 2
    lefts = (columns + offset[1, rows, columns] + 0.5) * _STRIDE_PX - widths / 2
    points = landmarks[:, rows, columns].reshape(5, 2, -1)
    xs = points[:, 1] * widths + lefts
    ys = points[:, 0] * heights + tops
    return [
        Face(
            Box(float(lefts[i]), float(tops[i]), float(right), float(bottom)),
            Landmarks(*(Point(float(xs[j, i]), float(ys[j, i])) for j in range(5))),
            float(heat[0, rows[i], columns[i]]),
        )
        for i, (right, bottom) in enumerate(zip(lefts + widths, tops + heights, strict=True))
    ]


def keep_best(faces: Iterable[Face]) -> list[Face]:
    """Non-maximum suppression: of faces that overlap only the most confident stays."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.confidence):
        if all(_overlap(face.box, other.box) <= _MOST_OVERLAP for other in kept):
            kept.append(face)
    return kept


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one.x2, other.x2) - max(one.x1, other.x1)
    height = min(one.y2, other.y2) - max(one.y1, other.y1)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (one.area + other.area - shared)


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


def _scale(face: Face, factor: float) -> Face:
    box = face.box
    points = face.landmarks.as_array() * factor
    return Face(
        Box(box.x1 * factor, box.y1 * factor, box.x2 * factor, box.y2 * factor),
        Landmarks(*(Point(float(x), float(y)) for x, y in points)),
        face.confidence,
    )


def _shift(face: Face, right_px: float, down_px: float) -> Face:
    box = face.box
    points = face.landmarks.as_array() + np.array([right_px, down_px])
    return Face(
        Box(box.x1 + right_px, box.y1 + down_px, box.x2 + right_px, box.y2 + down_px),
        Landmarks(*(Point(float(x), float(y)) for x, y in points)),
        face.confidence,
    )
