from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from mien.evaluation.acquisition import (
    match_boxes,
    measure_acquisition,
    measure_detection,
    overlap,
    state_share,
)
from mien.evaluation.figures import Standing
from mien.types import Box

SQUARE = Box(0, 0, 10, 10)


@given(cases=st.integers(0, 50), more=st.integers(1, 500))
def test_a_share_has_the_exact_interval_of_scipy(cases: int, more: int) -> None:
    figure = state_share(cases, cases + more, what="photos")
    exact = binomtest(cases, cases + more).proportion_ci(method="exact")
    assert figure.value == cases / (cases + more)
    assert figure.low == pytest.approx(exact.low, abs=1e-9)
    assert figure.high == pytest.approx(exact.high, abs=1e-9)


def test_the_rarer_kind_decides_how_far_a_share_is_carried() -> None:
    assert state_share(40, 100, what="faces").standing is Standing.CARRIED
    few = state_share(95, 100, what="faces found")
    assert (few.standing, few.note) == (Standing.WEAK, "rests on 5 others")
    assert state_share(5, 100, what="faces found").note == "rests on 5 faces found"


def test_a_share_of_nothing_is_no_share() -> None:
    assert state_share(0, 0, what="faces").standing is Standing.NOT_CARRIED


def test_photos_without_a_face_are_counted() -> None:
    acquisition = measure_acquisition(200, faceless=7, unreadable=2)
    assert (acquisition.photos, acquisition.faceless, acquisition.unreadable) == (200, 7, 2)
    assert acquisition.share.value == 0.035
    assert acquisition.share.note == "rests on 7 such photos"


@pytest.mark.parametrize(
    ("other", "share"),
    [
        (SQUARE, 1.0),
        (Box(5, 0, 15, 10), 1 / 3),
        (Box(0, 0, 10, 5), 0.5),
        (Box(20, 0, 30, 10), 0.0),
        (Box(10, 0, 20, 10), 0.0),
    ],
)
def test_overlap_is_intersection_over_union(other: Box, share: float) -> None:
    assert overlap(SQUARE, other) == pytest.approx(share)
    assert overlap(other, SQUARE) == pytest.approx(share)


def test_boxes_without_area_overlap_nothing() -> None:
    assert overlap(Box(1, 1, 1, 1), Box(1, 1, 1, 1)) == 0.0


def test_a_detection_finds_one_face_and_the_best_one() -> None:
    near, nearer = Box(2, 0, 12, 10), Box(1, 0, 11, 10)
    assert match_boxes([SQUARE], [near, nearer]) == {0: 1}
    assert match_boxes([SQUARE, Box(2, 0, 12, 10)], [nearer]) in ({0: 0}, {1: 0})
    assert match_boxes([SQUARE], [Box(8, 8, 18, 18)]) == {}


def test_found_missed_and_false_detections_are_told_apart() -> None:
    truth = {
        "two.jpg": [SQUARE, Box(100, 0, 200, 100)],
        "none.jpg": [],
        "missed.jpg": [Box(0, 0, 30, 30)],
    }
    detected = {
        "two.jpg": [Box(1, 1, 11, 11), Box(100, 0, 200, 90), Box(300, 0, 310, 10)],
        "none.jpg": [SQUARE],
        "unlisted.jpg": [SQUARE],
    }
    detection = measure_detection(truth, detected)
    assert (detection.photos, detection.found, detection.missed, detection.false) == (3, 2, 1, 2)
    assert detection.recall.value == pytest.approx(2 / 3)
    assert detection.precision.value == pytest.approx(2 / 4)
    by_size = {row.from_px: (row.faces, row.recall.value) for row in detection.by_size}
    assert by_size == {0: (1, 1.0), 20: (1, 0.0), 80: (1, 1.0)}


def test_photos_without_faces_tell_of_false_alarms_alone() -> None:
    detection = measure_detection({"wall.jpg": []}, {"wall.jpg": [SQUARE]})
    assert detection.recall.value is None
    assert detection.false == 1
    assert detection.by_size == ()
