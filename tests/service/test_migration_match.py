from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.catalog.reembed import HeldFace
from mien.service.migration_match import LEAST_OVERLAP, match_faces, measure_overlap
from mien.testing import GOOD
from mien.types import Box, EmbeddedFace, Face, Landmarks, Point

Corners = tuple[float, float, float, float]
MIDDLE = Landmarks(*[Point(0, 0)] * 5)


def held(name: str, *corners: float) -> HeldFace:
    return HeldFace(name, Box(*corners), None)


def found(*corners: float) -> EmbeddedFace:
    return EmbeddedFace(Face(Box(*corners), MIDDLE, 1.0), np.zeros(2, np.float32), b"", GOOD)


def places(pairs: list[tuple[HeldFace, EmbeddedFace]]) -> dict[str, float]:
    """Each held face with the left edge of the one it is."""
    return {one.uuid: other.face.box.x1 for one, other in pairs}


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
        ((0, 0, 10, 10), (5, 0, 15, 10), 1 / 3),
        ((0, 0, 10, 10), (0, 0, 10, 5), 0.5),
        ((0, 0, 10, 10), (2, 2, 8, 8), 0.36),
        ((0, 0, 10, 10), (10, 0, 20, 10), 0.0),
        ((0, 0, 0, 0), (0, 0, 0, 0), 0.0),
    ],
)
def test_overlap_is_intersection_over_union(one: Corners, other: Corners, overlap: float) -> None:
    assert measure_overlap(Box(*one), Box(*other)) == pytest.approx(overlap)
    assert measure_overlap(Box(*other), Box(*one)) == pytest.approx(overlap)


def test_neighbours_in_a_crowd_are_not_mixed_up() -> None:
    row = [held(str(i), i * 10, 0, i * 10 + 12, 12) for i in range(5)]
    seen = [found(i * 10 + 1, 0, i * 10 + 13, 13) for i in (3, 0, 4, 2)]
    assert places(match_faces(row, seen)) == {"0": 1, "2": 21, "3": 31, "4": 41}


def test_of_two_that_claim_a_face_the_nearer_has_it() -> None:
    one, other = held("near", 0, 0, 10, 10), held("far", 3, 0, 13, 10)
    (pair,) = match_faces([other, one], [found(1, 0, 11, 10)])
    assert pair[0].uuid == "near"


@pytest.mark.parametrize(("right", "is_same"), [(20, True), (28, True), (29, False), (60, False)])
def test_a_box_drawn_too_differently_is_another_face(right: float, *, is_same: bool) -> None:
    pairs = match_faces([held("a", 0, 0, 10, 10)], [found(0, 0, right, 10)])
    assert bool(pairs) == is_same
    assert (10 / right >= LEAST_OVERLAP) == is_same


def test_nothing_matches_nothing() -> None:
    assert match_faces([], [found(0, 0, 1, 1)]) == match_faces([held("a", 0, 0, 1, 1)], []) == []


boxes = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(1, 20), st.integers(1, 20)),
    max_size=8,
)


@given(boxes, boxes)
def test_no_face_is_taken_twice(
    some: list[tuple[int, int, int, int]], others: list[tuple[int, int, int, int]]
) -> None:
    ones = [held(str(i), x, y, x + w, y + h) for i, (x, y, w, h) in enumerate(some)]
    seen = [found(x, y, x + w, y + h) for x, y, w, h in others]
    pairs = match_faces(ones, seen)
    assert len({one.uuid for one, _ in pairs}) == len({id(face) for _, face in pairs}) == len(pairs)
    assert all(measure_overlap(a.box, b.face.box) >= LEAST_OVERLAP for a, b in pairs)
