"""Which face that is held is which that another detector found: by how their boxes overlap."""

from __future__ import annotations

from collections.abc import Sequence

from mien.catalog.reembed import HeldFace
from mien.types import Box, EmbeddedFace

LEAST_OVERLAP = 0.35
"""Of two boxes of one face, intersection over union: detectors draw them more or less narrowly."""


def match_faces(
    held: Sequence[HeldFace], found: Sequence[EmbeddedFace]
) -> list[tuple[HeldFace, EmbeddedFace]]:
    """Pairs of one face each, those that overlap most first; no face is in two of them."""
    overlaps = sorted(
        (
            (measure_overlap(one.box, other.face.box), i, j)
            for i, one in enumerate(held)
            for j, other in enumerate(found)
        ),
        key=lambda entry: (-entry[0], entry[1:]),
    )
    pairs, taken_held, taken_found = [], set[int](), set[int]()
    for overlap, i, j in overlaps:
        if overlap >= LEAST_OVERLAP and i not in taken_held and j not in taken_found:
            taken_held.add(i)
            taken_found.add(j)
            pairs.append((held[i], found[j]))
    return pairs


def measure_overlap(one: Box, other: Box) -> float:
    """Intersection over union, from 0 to 1."""
    width = min(one.x2, other.x2) - max(one.x1, other.x1)
    height = min(one.y2, other.y2) - max(one.y1, other.y1)
    shared = max(width, 0.0) * max(height, 0.0)
    union = one.area + other.area - shared
    return shared / union if union > 0 else 0.0
