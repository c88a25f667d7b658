"""Quality follows what was done to a picture, and pose follows geometry."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from mien.testing import GOOD
from mien.types import Box, Credit, Face, Flaw, Landmarks, Point, Quality
from mien.vision.decode import Photo
from mien.vision.quality import Assessor, estimate_pose, measure_noise, measure_sharpness
from mien.vision.utility import find_flaws, unify

SOLID = np.array(
    [(-0.5, 0, 0), (0.5, 0, 0), (0, 0.49, -0.42), (-0.42, 0.97, 0.02), (0.42, 0.97, 0.02)]
)
"""The mean face: x to the viewer's right, y down, z away from the viewer."""
EYE_PX = 40.0


def project(
    yaw_deg: float, pitch_deg: float, roll_deg: float, *, at: tuple[float, float] = (150, 120)
) -> Landmarks:
    """The mean face turned about its own axis, then nodded, then leant, as seen from far away."""
    yaw, pitch, roll = np.radians([yaw_deg, pitch_deg, roll_deg])
    turn = [[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]]
    nod = [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    lean = [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    seen = SOLID @ np.transpose(np.array(lean) @ np.array(nod) @ np.array(turn))
    places = seen[:, :2] * EYE_PX + at
    return Landmarks(*(Point(float(x), float(y)) for x, y in places))


@given(st.floats(-80, 80), st.floats(-60, 60), st.floats(-179, 179))
def test_the_pose_of_a_projected_face_is_found_again(
    yaw_deg: float, pitch_deg: float, roll_deg: float
) -> None:
    found = estimate_pose(project(yaw_deg, pitch_deg, roll_deg))
    np.testing.assert_allclose(found, (yaw_deg, pitch_deg, roll_deg), atol=1e-6)


def test_signs_of_pose_are_those_of_the_viewer() -> None:
    """A nose to the right of the eyes' middle looks right, one that sinks looks down."""
    right, down = project(30, 0, 0), project(0, 25, 0)
    middle = (right.left_eye.x + right.right_eye.x) / 2
    assert right.nose.x > middle
    assert down.nose.y - down.left_eye.y > project(0, 0, 0).nose.y - project(0, 0, 0).left_eye.y
    leaning = project(0, 0, 20)
    assert leaning.right_eye.y > leaning.left_eye.y


@given(st.lists(st.floats(-0.02, 0.02), min_size=10, max_size=10), st.floats(-30, 30))
def test_landmarks_a_fiftieth_off_change_a_pose_by_no_more_than_ten_degrees(
    errors: list[float], yaw_deg: float
) -> None:
    exact = project(yaw_deg, 0, 0).as_array()
    off = exact + np.array(errors).reshape(5, 2) * EYE_PX
    found = estimate_pose(Landmarks(*(Point(float(x), float(y)) for x, y in off)))
    np.testing.assert_allclose(found, (yaw_deg, 0, 0), atol=10)


def draw_grating(period_px: float, *, contrast: float = 100) -> NDArray[np.float32]:
    x = np.arange(88)
    wave = np.sin(2 * np.pi * x / period_px)
    return (128 + contrast * np.outer(np.ones(88), wave)).astype(np.float32)


def test_sharpness_of_a_grating_is_what_the_laplacian_says() -> None:
    """Mean |2 - 2 cos w| |sin| over its deviation, w in radians a coarse pixel."""
    for period_px in (16.0, 22.0, 44.0):
        w = 2 * np.pi * 2 / period_px
        expected = (2 - 2 * np.cos(w)) * (2 / np.pi) / np.sqrt(0.5) * np.cos(w / 4)
        assert measure_sharpness(draw_grating(period_px)) == pytest.approx(expected, rel=0.06)


def test_sharpness_does_not_depend_on_contrast() -> None:
    strong, weak = (measure_sharpness(draw_grating(11, contrast=c)) for c in (100, 50))
    assert weak == pytest.approx(strong, rel=0.02)


def test_noise_is_found_at_its_strength() -> None:
    smooth = draw_grating(44)
    random = np.random.default_rng(1)
    found = [
        measure_noise(smooth + random.normal(0, sigma, smooth.shape).astype(np.float32))
        for sigma in (0, 5, 15, 40)
    ]
    assert found == sorted(found)
    # The Laplacian of white noise deviates by sqrt(20) times as much; its mean size is 0.8 of it.
    pure = random.normal(0, 30, (88, 88)).astype(np.float32)
    assert measure_noise(pure) == pytest.approx(np.sqrt(20) * np.sqrt(2 / np.pi), rel=0.06)


def test_a_flat_face_has_no_detail_and_is_no_error() -> None:
    flat = np.full((88, 88), 7, np.float32)
    assert (measure_sharpness(flat), measure_noise(flat)) == (0, 0)


def draw_face(level: float = 1.0) -> Image.Image:
    """Something with detail of every size, 300 x 300."""
    random = np.random.default_rng(4)
    rgb = np.zeros((300, 300, 3))
    for step in (60, 20, 6):
        coarse = random.uniform(0, 90, (300 // step, 300 // step, 3))
        rgb += np.kron(coarse, np.ones((step, step, 1)))
    return Image.fromarray(np.clip(rgb * level, 0, 255).astype(np.uint8))


def assess(
    picture: Image.Image,
    *,
    landmarks: Landmarks | None = None,
    confidence: float = 0.9,
    width_px: int = 0,
) -> Quality:
    face = Face(Box(100, 80, 200, 220), landmarks or project(0, 0, 0), confidence)
    full = width_px or picture.width
    photo = Photo(picture, full, full * picture.height // picture.width, "image/png", Credit())
    return Assessor().assess(photo, face, consistency=0.997)


def test_blur_lowers_sharpness_and_value_step_by_step() -> None:
    blurred = [assess(draw_face().filter(ImageFilter.GaussianBlur(s))) for s in (1, 2, 3, 5, 8)]
    for name in ("sharpness", "value"):
        steps = [getattr(quality, name) for quality in blurred]
        assert steps == sorted(steps, reverse=True)
        assert steps[0] > 2 * steps[-1]
    assert Flaw.BLURRED in blurred[-1].flaws
    assert Flaw.BLURRED not in blurred[0].flaws


def test_light_is_told_as_it_is() -> None:
    even = assess(Image.new("RGB", (300, 300), (128, 128, 128)))
    assert even.luminance == pytest.approx(128 / 255, abs=0.003)
    assert even.dynamic_range == 0
    black, white = (assess(Image.new("RGB", (300, 300), (v, v, v))) for v in (5, 255))
    assert (black.under_exposed, black.over_exposed) == (1, 0)
    assert (white.under_exposed, white.over_exposed) == (0, 1)
    assert Flaw.TOO_DARK in black.flaws
    assert Flaw.TOO_BRIGHT in white.flaws


def test_luminance_weighs_colours_as_the_eye_does() -> None:
    weights = [
        assess(Image.new("RGB", (300, 300), colour)).luminance
        for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255))
    ]
    np.testing.assert_allclose(weights, (0.299, 0.587, 0.114), atol=0.003)


def test_two_shades_are_one_bit_and_darkening_takes_range_and_value() -> None:
    stripes = Image.fromarray(np.kron(np.tile([[0, 200]], (300, 30)), np.ones((1, 5))).astype("u1"))
    assert assess(stripes.convert("RGB")).dynamic_range == pytest.approx(1, abs=1.2)
    darker = [assess(draw_face(level)) for level in (1, 0.4, 0.15, 0.06, 0.02)]
    for name in ("luminance", "dynamic_range"):
        steps = [getattr(quality, name) for quality in darker]
        assert steps == sorted(steps, reverse=True)
    assert darker[-1].value < darker[0].value / 2


@pytest.mark.parametrize(
    ("at", "inside"), [((150, 120), 1.0), ((0, 120), 0.5), ((300, 120), 0.5), ((0, 302), 0.08)]
)
def test_a_face_at_the_edge_is_inside_by_so_much(at: tuple[float, float], inside: float) -> None:
    found = assess(draw_face(), landmarks=project(0, 0, 0, at=at))
    assert found.inside == pytest.approx(inside, abs=0.08)
    assert (Flaw.CUT_OFF in found.flaws) == (inside < 0.65)


def test_sizes_are_in_pixels_of_the_full_photo() -> None:
    whole = assess(draw_face())
    assert whole.inter_eye_px == pytest.approx(EYE_PX)
    doubled = [Point(2 * p.x, 2 * p.y) for p in _points(project(0, 0, 0))]
    reduced = assess(draw_face(), landmarks=Landmarks(*doubled), width_px=600)
    assert reduced.inter_eye_px == pytest.approx(2 * EYE_PX)
    assert reduced.sharpness == pytest.approx(whole.sharpness, rel=0.02)


def _points(landmarks: Landmarks) -> list[Point]:
    return [Point(float(x), float(y)) for x, y in landmarks.as_array()]


ORDINARY = replace(GOOD, sharpness=0.4, consistency=0.997)


def test_an_ordinary_face_has_the_value_that_press_photos_have() -> None:
    assert 75 < unify(ORDINARY, confidence=0.87) < 95


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("sharpness", (0.01, 0.05, 0.1, 0.2, 0.3)),
        ("inter_eye_px", (2, 5, 9, 15, 30)),
        ("dynamic_range", (0, 2, 4, 6, 6.5)),
        ("inside", (0.1, 0.4, 0.7, 0.9, 0.95)),
        ("consistency", (0.9, 0.98, 0.99, 0.995, 0.999)),
        ("noise", (2.0, 1.2, 0.8, 0.4, 0.25)),
        ("over_exposed", (1.0, 0.7, 0.4, 0.1, 0.0)),
    ],
)
def test_the_value_rises_with_every_step_for_the_better(
    name: str, steps: tuple[float, ...]
) -> None:
    changes: list[dict[str, Any]] = [{name: step} for step in steps]
    values = [unify(replace(ORDINARY, **change), confidence=0.87) for change in changes]
    assert values == sorted(set(values))
    assert 0 <= values[0] <= values[-1] <= 100


def test_the_value_rises_with_confidence_and_knows_no_extremes() -> None:
    sure = [unify(ORDINARY, confidence=c) for c in (0.5, 0.7, 0.9)]
    assert sure == sorted(set(sure))
    worst = replace(
        GOOD, sharpness=0, noise=9, inter_eye_px=0, dynamic_range=0, inside=0, consistency=0
    )
    assert unify(replace(worst, over_exposed=1), confidence=0) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("flaw", "change"),
    [
        (Flaw.TOO_SMALL, {"inter_eye_px": 8.9}),
        (Flaw.BLURRED, {"sharpness": 0.149}),
        (Flaw.NOISY, {"noise": 0.81}),
        (Flaw.EXTREME_POSE, {"yaw_deg": -46}),
        (Flaw.EXTREME_POSE, {"pitch_deg": 21}),
        (Flaw.TOO_DARK, {"luminance": 0.039}),
        (Flaw.TOO_BRIGHT, {"over_exposed": 0.46}),
        (Flaw.CUT_OFF, {"inside": 0.64}),
    ],
)
def test_each_flaw_has_its_bar(flaw: Flaw, change: dict[str, Any]) -> None:
    assert find_flaws(replace(ORDINARY, **change), confidence=0.87) == (flaw,)


def test_an_unsure_detector_is_a_flaw_and_an_ordinary_face_has_none() -> None:
    assert find_flaws(ORDINARY, confidence=0.64) == (Flaw.LOW_CONFIDENCE,)
    assert find_flaws(ORDINARY, confidence=0.66) == ()
    assert find_flaws(replace(ORDINARY, roll_deg=170), confidence=0.87) == ()
