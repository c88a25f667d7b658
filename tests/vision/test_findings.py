"""Findings are read from maps, merged, moved and judged as the geometry says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien.vision.findings import Findings, join, keep_best, moved, parse_maps, to_face, unlikeness
from vision.doubles import empty_maps

UPRIGHT = np.array([-0.5, 0.5, 0.49j, -0.42 + 0.97j, 0.42 + 0.97j])
"""Eyes, nose and mouth of the mean face of mien.vision.quality."""


def test_maps_are_read_with_the_vertical_channel_first() -> None:
    maps = empty_maps(160, 160)
    row, column = 10, 20
    maps[0][0, 0, row, column] = 0.8
    maps[1][0, :, row, column] = np.log(12), np.log(8)
    maps[2][0, :, row, column] = 0.25, -0.25
    maps[3][0, :, row, column] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    (found,) = parse_maps(maps, least=0.5)
    x1, y1, width, height = 81.0 - 16, 43.0 - 24, 32.0, 48.0
    points = [(x1 + width * (0.2 + 0.2 * i), y1 + height * (0.1 + 0.2 * i)) for i in range(5)]
    expected = [0.8, x1, y1, x1 + width, y1 + height, *(v for point in points for v in point)]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_weak_findings_do_not_count() -> None:
    maps = empty_maps(64, 64)
    maps[0][0, 0, 3, 3] = 0.49
    assert parse_maps(maps, least=0.5).shape == (0, 15)


def finding(confidence: float, x: float, *, side: float = 10) -> Findings:
    return np.array([confidence, x, 0, x + side, side, *[0.0] * 10])


def test_of_overlapping_findings_the_most_confident_stays() -> None:
    found = np.stack([finding(0.6, 0), finding(0.9, 1), finding(0.7, 30), finding(0.8, 6)])
    kept = keep_best(found)
    # At x = 6 half of the box is shared with that at 1, a third of their union.
    assert kept[:, 0].tolist() == [0.9, 0.7]


def test_findings_that_share_little_all_stay() -> None:
    found = np.stack([finding(0.6, 0), finding(0.9, 6)])
    assert keep_best(found)[:, 0].tolist() == [0.9, 0.6]


@given(st.lists(st.tuples(st.floats(0.5, 1), st.floats(0, 100), st.floats(0.1, 50)), max_size=20))
def test_suppression_is_settled_after_one_round(rows: list[tuple[float, float, float]]) -> None:
    found = np.array([finding(c, x, side=s) for c, x, s in rows]).reshape(-1, 15)
    once = keep_best(found)
    np.testing.assert_array_equal(keep_best(once), once)
    assert len(once) <= len(found)


def test_joined_findings_are_each_there_once_and_none_are_no_error() -> None:
    joined = join([np.stack([finding(0.6, 0)]), np.stack([finding(0.9, 1), finding(0.5, 99)])])
    assert joined[:, 0].tolist() == [0.9, 0.5]
    assert join([]).shape == (0, 15)


def test_findings_are_shifted_and_then_scaled() -> None:
    (there,) = moved(np.stack([finding(0.7, 10)]), shift_px=(5, -2), factor=2)
    assert there[:5].tolist() == [0.7, 30, -4, 50, 16]
    assert there[5:7].tolist() == [10, -4]


def face_of(places: NDArray[np.complex128]) -> NDArray[np.float64]:
    row = np.zeros(15)
    row[5::2], row[6::2] = places.real, places.imag
    return row


@given(st.floats(1, 500), st.floats(-179, 179), st.complex_numbers(max_magnitude=1000))
def test_the_mean_face_is_like_itself_however_large_and_turned(
    size: float, lean_deg: float, place: complex
) -> None:
    turned = UPRIGHT * size * np.exp(1j * np.radians(lean_deg)) + place
    apart, leans = unlikeness(face_of(turned))
    assert apart == pytest.approx(0, abs=1e-6)
    assert leans == pytest.approx(lean_deg, abs=1e-4)


def test_landmarks_that_stand_on_their_head_within_the_face_are_unlike_one() -> None:
    # The eyes where the mouth is, the mouth where the eyes are, not turned.
    swapped = UPRIGHT[[3, 4, 2, 0, 1]]
    assert unlikeness(face_of(swapped))[0] > 0.3


def test_unlikeness_is_in_distances_between_the_eyes() -> None:
    moved_nose = UPRIGHT.copy()
    moved_nose[2] += 0.5
    apart = unlikeness(face_of(moved_nose * 80))[0]
    assert 0.5 * np.sqrt(1 / 5) * 0.7 < apart < 0.5 * np.sqrt(1 / 5)


def test_a_row_becomes_a_face() -> None:
    face = to_face(np.arange(15.0))
    assert (face.confidence, face.box.x1, face.box.y2) == (0, 1, 4)
    assert face.landmarks.as_array().tolist() == [[5, 6], [7, 8], [9, 10], [11, 12], [13, 14]]
