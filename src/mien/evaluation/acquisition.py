"""Photos that give no face at all, and faces that were found, missed and imagined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mien.evaluation.figures import ENOUGH_ERRORS, Figure, Standing
from mien.types import Box

_OVERLAP = 0.5
_CONFIDENCE = 0.95
_SIZES_PX = (0, 20, 40, 80, 160)


@dataclass(frozen=True, slots=True)
class Acquisition:
    """Photos looked at, those that give no face, unreadable ones among them, and their share."""

    photos: int
    faceless: int
    unreadable: int
    share: Figure


@dataclass(frozen=True, slots=True)
class SizeRecall:
    """The share of faces found whose shorter side is at least so many pixels, to the next size."""

    from_px: int
    faces: int
    recall: Figure


@dataclass(frozen=True, slots=True)
class Detection:
    """Faces that a list of boxes names, against those that the detector gives."""

    photos: int
    found: int
    missed: int
    false: int
    recall: Figure
    precision: Figure
    by_size: tuple[SizeRecall, ...]


def measure_acquisition(photos: int, *, faceless: int, unreadable: int) -> Acquisition:
    """`unreadable` photos count among the faceless ones."""
    return Acquisition(
        photos, faceless, unreadable, state_share(faceless, photos, what="such photos")
    )


def measure_detection(
    truth: Mapping[str, Sequence[Box]], detected: Mapping[str, Sequence[Box]]
) -> Detection:
    """Compares boxes by photo; a face is found where a detection overlaps it by half (IoU)."""
    widths: list[float] = []
    is_found: list[bool] = []
    false = 0
    for photo, boxes in truth.items():
        found = match_boxes(boxes, detected.get(photo, ()))
        widths += [min(box.width, box.height) for box in boxes]
        is_found += [i in found for i in range(len(boxes))]
        false += len(detected.get(photo, ())) - len(found)
    hits = sum(is_found)
    return Detection(
        photos=len(truth),
        found=hits,
        missed=len(is_found) - hits,
        false=false,
        recall=state_share(hits, len(is_found), what="faces found"),
        precision=state_share(hits, hits + false, what="true detections"),
        by_size=tuple(_recall_by_size(np.array(widths), np.array(is_found, bool))),
    )


def match_boxes(truth: Sequence[Box], detected: Sequence[Box]) -> dict[int, int]:
    """Which true box each detection is of, the best overlaps first, each used once."""
    pairs = [
        (overlap(one, other), i, j)
        for i, one in enumerate(truth)
        for j, other in enumerate(detected)
    ]
    matched: dict[int, int] = {}
    for share, i, j in sorted(pairs, key=lambda pair: -pair[0]):
        if share >= _OVERLAP and i not in matched and j not in matched.values():
            matched[i] = j
    return matched


def overlap(one: Box, other: Box) -> float:
    """The intersection of two boxes over their union."""
    across = min(one.x2, other.x2) - max(one.x1, other.x1)
    down = min(one.y2, other.y2) - max(one.y1, other.y1)
    shared = max(across, 0.0) * max(down, 0.0)
    union = one.area + other.area - shared
    return shared / union if union > 0 else 0.0


def state_share(cases: int, number: int, *, what: str) -> Figure:
    """A share of independent things, with the exact interval of Clopper and Pearson (1934)."""
    from scipy.stats import beta

    if number == 0:
        return Figure(None, standing=Standing.NOT_CARRIED, note="there is nothing to count")
    tail = (1 - _CONFIDENCE) / 2
    low = float(beta.ppf(tail, cases, number - cases + 1)) if cases else 0.0
    high = float(beta.ppf(1 - tail, cases + 1, number - cases)) if cases < number else 1.0
    rarer = min(cases, number - cases)
    if rarer < ENOUGH_ERRORS:
        kind = what if rarer == cases else "others"
        return Figure(cases / number, low, high, Standing.WEAK, f"rests on {rarer} {kind}")
    return Figure(cases / number, low, high)


def _recall_by_size(
    widths: np.ndarray[tuple[int], np.dtype[np.float64]],
    is_found: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> list[SizeRecall]:
    rows = []
    for low, high in zip(_SIZES_PX, (*_SIZES_PX[1:], np.inf), strict=True):
        is_such = (widths >= low) & (widths < high)
        if is_such.any():
            recall = state_share(int(is_found[is_such].sum()), int(is_such.sum()), what="found")
            rows.append(SizeRecall(low, int(is_such.sum()), recall))
    return rows
