"""Finds faces and their five landmarks with YuNet.

The published file takes pictures of one size, so every look is at a square of that size, padded
with black. A photo is looked at whole; in squares at up to twice that scale where it is large;
and small within a border where nothing convincing was found, since the network was trained on
faces of about 10 to 300 px. The findings are merged. What each look is worth was not measured
here: weights cannot be had everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mien.errors import ModelError
from mien.types import Box, Face, Landmarks, Look, Point
from mien.vision.decode import Photo
from mien.vision.findings import Findings, keep_best
from mien.vision.session import Session

__all__ = ["YuNet", "parse_outputs"]

_STRIDES_PX = (8, 16, 32)
_PARTS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
_LEAST_CONFIDENCE = 0.6
_CONVINCING_CONFIDENCE = 0.8
_LARGE_PHOTO_PX = 1000
_SHARED_PX = 128
_SMALL_SHARE = 0.375
_FINDING_SIZE = 15


class YuNet:
    """May be used from several threads."""

    def __init__(self, session: Session, *, side_px: int) -> None:
        """Raises `ModelError` for a network that lacks what YuNet gives."""
        lacking = set(_names()) - set(session.output_names)
        if lacking:
            raise ModelError(f"The YuNet file lacks its outputs {', '.join(sorted(lacking))}.")
        self._session = session
        self._side_px = side_px

    def detect(self, photo: Photo, *, look: Look = Look.PHOTO) -> tuple[Face, ...]:
        """Every face found, in pixels of the full photo, most confident first."""
        picture = photo.picture
        found = self._look(picture, scale=self._side_px / max(picture.size))
        is_enough = look is Look.PROBE and _is_convincing(found)
        if max(picture.size) >= _LARGE_PHOTO_PX and not is_enough:
            found = _merge(found, self._look_in_squares(picture))
        if not _is_convincing(found):
            found = _merge(found, self._look_at_small(picture))
        found[:, 1:] /= photo.scale
        return tuple(_to_face(row) for row in found)

    def _look(self, picture: Image.Image, *, scale: float) -> Findings:
        """One look at a picture that fits into the square at that scale."""
        found = self._run(_resize(picture, scale))
        found[:, 1:] /= scale
        return found

    def _look_in_squares(self, picture: Image.Image) -> Findings:
        scale = min(1.0, 2 * self._side_px / max(picture.size))
        large = _resize(picture, scale)
        found = [
            self._look_at_square(large, left=left, top=top)
            for left in _starts(large.width, self._side_px)
            for top in _starts(large.height, self._side_px)
        ]
        merged = np.concatenate(found)
        merged[:, 1:] /= scale
        return merged

    def _look_at_square(self, large: Image.Image, *, left: int, top: int) -> Findings:
        """What a square cuts is whole in its neighbour, or large enough for the first look."""
        right = min(left + self._side_px, large.width)
        bottom = min(top + self._side_px, large.height)
        found = self._run(large.crop((left, top, right, bottom)))
        found[:, 1::2] += left
        found[:, 2::2] += top
        is_whole = (found[:, 1] > left) | (left == 0)
        is_whole &= (found[:, 2] > top) | (top == 0)
        is_whole &= (found[:, 3] < right) | (right == large.width)
        is_whole &= (found[:, 4] < bottom) | (bottom == large.height)
        return found[is_whole]

    def _look_at_small(self, picture: Image.Image) -> Findings:
        """The whole picture in the middle of the square, with room all around it."""
        scale = _SMALL_SHARE * self._side_px / max(picture.size)
        small = _resize(picture, scale)
        ground = Image.new("RGB", (self._side_px, self._side_px))
        left, top = ((self._side_px - side) // 2 for side in small.size)
        ground.paste(small, (left, top))
        found = self._run(ground)
        found[:, 1::2] -= left
        found[:, 2::2] -= top
        found[:, 1:] /= scale
        return found

    def _run(self, picture: Image.Image) -> Findings:
        values = np.zeros((1, 3, self._side_px, self._side_px), np.float32)
        values[0, :, : picture.height, : picture.width] = np.asarray(picture).transpose(2, 0, 1)
        outputs = dict(zip(self._session.output_names, self._session.run(values), strict=True))
        return keep_best(parse_outputs(outputs, side_px=self._side_px))


def _is_convincing(found: Findings) -> bool:
    return bool((found[:, 0] >= _CONVINCING_CONFIDENCE).any())


def parse_outputs(outputs: Mapping[str, NDArray[np.float32]], *, side_px: int) -> Findings:
    """What a network's outputs show, in pixels of its input, many times over for each face.

    For each stride the outputs are cells in rows, (1, cells, n): how sure it is that something
    is a face and that it is an object, whose geometric mean counts; the box's middle from the
    cell's corner, and the logarithms of its sides; five points from the cell's corner; all in
    strides. The points begin with the person's right eye, which is left as seen in the photo.
    As OpenCV's FaceDetectorYN reads them (modules/objdetect/src/face_detect.cpp).
    """
    found = [_parse_stride(outputs, stride_px=stride, side_px=side_px) for stride in _STRIDES_PX]
    return np.concatenate(found)


def _parse_stride(
    outputs: Mapping[str, NDArray[np.float32]], *, stride_px: int, side_px: int
) -> Findings:
    cells = side_px // stride_px
    sure, there, boxes, points = (
        outputs[f"{part}_{stride_px}"].astype(np.float64).reshape(cells * cells, width)
        for part, width in _PARTS.items()
    )
    confidence = np.sqrt(np.clip(sure[:, 0], 0, 1) * np.clip(there[:, 0], 0, 1))
    chosen = np.nonzero(confidence >= _LEAST_CONFIDENCE)[0]
    corners = np.stack([chosen % cells, chosen // cells], axis=1)
    middles = (corners + boxes[chosen, :2]) * stride_px
    halves = np.exp(boxes[chosen, 2:]) * stride_px / 2
    found = np.empty((len(chosen), _FINDING_SIZE))
    found[:, 0] = confidence[chosen]
    found[:, 1:3] = middles - halves
    found[:, 3:5] = middles + halves
    places = points[chosen].reshape(-1, 5, 2) + corners[:, np.newaxis]
    found[:, 5:] = places.reshape(-1, 10) * stride_px
    return found


def _names() -> list[str]:
    return [f"{part}_{stride}" for part in _PARTS for stride in _STRIDES_PX]


def _merge(found: Findings, more: Findings) -> Findings:
    return keep_best(np.concatenate([found, more]))


def _starts(side_px: int, square_px: int) -> list[int]:
    """Where squares along one side begin; neighbours share at least 128 px."""
    count = -(-(side_px - _SHARED_PX) // (square_px - _SHARED_PX))
    return [index * (side_px - square_px) // max(1, count - 1) for index in range(max(1, count))]


def _resize(picture: Image.Image, scale: float) -> Image.Image:
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    if size == picture.size:
        return picture
    return picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _to_face(row: Findings) -> Face:
    confidence, x1, y1, x2, y2, *points = row.tolist()
    places = zip(points[::2], points[1::2], strict=True)
    return Face(Box(x1, y1, x2, y2), Landmarks(*(Point(x, y) for x, y in places)), confidence)
