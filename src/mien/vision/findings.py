"""What a detector finds, as rows of numbers: reading, moving, turning and merging them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mien.types import Box, Face, Landmarks, Point
from mien.vision.align import fit_similarity

__all__ = [
    "Findings",
    "join",
    "keep_best",
    "moved",
    "parse_maps",
    "to_face",
    "turned_back",
    "unlikeness",
]

Maps = Sequence[NDArray[np.float32]]
"""Heat (n, 1, h, w), scale (n, 2, h, w), offset (n, 2, h, w), landmarks (n, 10, h, w)."""

Findings = NDArray[np.float64]
"""One a row: confidence, then x and y of the box's two corners and of five landmarks."""

_FINDING_SIZE = 15
_STRIDE_PX = 4
_MOST_OVERLAP = 0.3
_UPRIGHT = np.array([-0.5, 0.5, 0.49j, -0.42 + 0.97j, 0.42 + 0.97j])
"""Eyes, nose and mouth of a mean face that looks at the viewer, an eye's distance as unit."""


def parse_maps(maps: Maps, *, least: float) -> Findings:
    """What a network's maps show of one picture, many times over for each face.

    In pixels of its input, from a confidence of `least` on. Where there are two channels the
    first is vertical. Decoding as in Xu et al., CenterFace (2019), section 3.
    """
    heat, scale, offset, landmarks = (one[0].astype(np.float64) for one in maps)
    rows, columns = np.nonzero(heat[0] >= least)
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


def join(parts: Sequence[Findings]) -> Findings:
    """All of them, each face once; none where there are no parts."""
    return keep_best(np.concatenate([np.empty((0, _FINDING_SIZE)), *parts]))


def keep_best(found: Findings) -> Findings:
    """Non-maximum suppression: of findings that overlap only the most confident stays."""
    left = found[np.argsort(-found[:, 0], kind="stable")]
    kept = []
    while len(left):
        kept.append(left[0])
        left = left[_overlaps(left[0, 1:5], left[:, 1:5]) <= _MOST_OVERLAP]
    return np.array(kept).reshape(-1, _FINDING_SIZE)


def moved(
    found: Findings, *, shift_px: tuple[float, float] = (0.0, 0.0), factor: float = 1.0
) -> Findings:
    """The same findings in pixels of another picture: shifted first, then scaled."""
    there = found.copy()
    there[:, 1::2] += shift_px[0]
    there[:, 2::2] += shift_px[1]
    there[:, 1:] *= factor
    return there


def turned_back(found: Findings, quarters: int, *, size_px: tuple[float, float]) -> Findings:
    """Findings of a picture that was turned, in pixels of the picture as it was before.

    `quarters` is how many times it was turned left, `size_px` its width and height before.
    """
    width, height = size_px
    places = found[:, 1::2] + 1j * found[:, 2::2]
    back = {
        0: places,
        1: 1j * places + width,
        2: -places + complex(width, height),
        3: -1j * places + 1j * height,
    }[quarters % 4]
    there = np.empty_like(found)
    there[:, 0] = found[:, 0]
    there[:, 1::2], there[:, 2::2] = back.real, back.imag
    boxes = there[:, 1:5].reshape(-1, 2, 2)
    there[:, 1:3], there[:, 3:5] = boxes.min(axis=1), boxes.max(axis=1)
    return there


def unlikeness(row: NDArray[np.float64]) -> tuple[float, float]:
    """How far five landmarks are from an upright face's, and how far they lean, in degrees.

    The first is the root mean square distance from the mean face's, laid over them as well
    as it can be, in distances between its eyes.
    """
    points = row[5::2] + 1j * row[6::2]
    factor, shift = fit_similarity(points, _UPRIGHT)
    apart = np.abs(factor * points + shift - _UPRIGHT)
    return float(np.sqrt((apart**2).mean())), float(-np.degrees(np.angle(factor)))


def to_face(row: NDArray[np.float64]) -> Face:
    confidence, x1, y1, x2, y2, *points = row.tolist()
    places = zip(points[::2], points[1::2], strict=True)
    return Face(Box(x1, y1, x2, y2), Landmarks(*(Point(x, y) for x, y in places)), confidence)


def _overlaps(box: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of one box with each of many; 1 for the box itself."""
    widths = np.minimum(boxes[:, 2], box[2]) - np.maximum(boxes[:, 0], box[0])
    heights = np.minimum(boxes[:, 3], box[3]) - np.maximum(boxes[:, 1], box[1])
    shared = np.maximum(widths, 0) * np.maximum(heights, 0)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    overlaps: NDArray[np.float64] = shared / (areas + areas[0] - shared)
    return overlaps
