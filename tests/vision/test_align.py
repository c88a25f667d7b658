from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mien.types import Landmarks, Point, Rgb
from mien.vision.align import Aligner, fit_similarity
from mien.vision.cards import Alignment, get_card


def get_alignment() -> Alignment:
    alignment = get_card("dlib-resnet-v1").alignment
    assert alignment is not None
    return alignment


ALIGNMENT = get_alignment()
TEMPLATE, CLOSER = ALIGNMENT.templates()


def place(factor: complex, shift: complex) -> Landmarks:
    """The template's points somewhere in a photo, as the viewer sees them."""
    points = (TEMPLATE[:, 0] + 1j * TEMPLATE[:, 1] + 0.5 + 0.5j) * factor + shift
    return Landmarks(*(Point(point.real, point.imag) for point in points))


def draw(point: Point, size: tuple[int, int], radius: float) -> Image.Image:
    """A soft white spot on black; pixel 0 spans 0 to 1, so its middle is at 0.5."""
    columns, rows = np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5
    squares = (columns[None, :] - point.x) ** 2 + (rows[:, None] - point.y) ** 2
    spot = np.rint(255 * np.exp(-squares / (2 * radius**2))).astype(np.uint8)
    return Image.fromarray(np.repeat(spot[:, :, None], 3, axis=2))


def centre_of(chip: Rgb) -> tuple[float, float]:
    weights = chip[:, :, 0].astype(float)
    rows, columns = np.indices(weights.shape)
    total = weights.sum()
    return float((weights * columns).sum() / total), float((weights * rows).sum() / total)


def test_the_templates_are_that_of_dlib_and_a_closer_one_about_the_centre() -> None:
    np.testing.assert_allclose(TEMPLATE[0], (47.5, 46.6))
    np.testing.assert_allclose(CLOSER[0], (75 - 27.5 * 1.08, 75 - 28.4 * 1.08))
    np.testing.assert_allclose(CLOSER[4], (75 + 22.6 * 1.08, 75 + 28.0 * 1.08))


def test_a_face_gives_a_chip_for_each_scale_and_the_closer_one_shows_less() -> None:
    # A white ring far from the middle is in the wide chip and beyond the edge of the close one.
    ring = np.zeros((150, 150, 3), np.uint8)
    ring[2:4, :] = 255
    wide, close = Aligner(ALIGNMENT, side_px=150).cut_chips(Image.fromarray(ring), place(1.0, 0j))
    assert wide.max() > 200
    assert close.max() == 0


@pytest.mark.parametrize(
    ("factor", "shift"),
    [
        (1.0, 40 + 30j),
        (0.6, 100 + 80j),
        (2.0 * np.exp(0.5j), 200 + 20j),
        (4.3 * np.exp(-0.3j), 60 + 280j),
        (3.0 * np.exp(2.5j), 600 + 400j),
    ],
)
def test_landmarks_come_to_stand_on_the_template(factor: complex, shift: complex) -> None:
    landmarks = place(factor, shift)
    aligner = Aligner(ALIGNMENT, side_px=150)
    points = (Point(x, y) for x, y in landmarks.as_array().tolist())
    for point, goal in zip(points, TEMPLATE, strict=True):
        picture = draw(point, (1100, 1000), radius=6 * abs(factor))
        found = centre_of(aligner.cut_chips(picture, landmarks)[0])
        np.testing.assert_allclose(found, goal, atol=0.1)


def test_a_chip_is_the_photo_itself_where_the_face_already_fits(noise: Rgb) -> None:
    landmarks = place(1.0, 0.0)
    chip = Aligner(ALIGNMENT, side_px=150).cut_chips(Image.fromarray(noise), landmarks)[0]
    np.testing.assert_array_equal(chip, noise)


def test_a_reduced_picture_gives_the_same_chip() -> None:
    landmarks = place(4.0, 30 + 20j)
    picture = draw(landmarks.nose, (700, 680), radius=60)
    aligner = Aligner(ALIGNMENT, side_px=150)
    full = np.array(aligner.cut_chips(picture, landmarks)).astype(int)
    reduced = np.array(aligner.cut_chips(picture.reduce(2), landmarks, scale=0.5)).astype(int)
    assert np.abs(full - reduced).mean() < 0.5


def test_fine_detail_is_averaged_and_not_sampled() -> None:
    stripes = np.zeros((900, 900, 3), np.uint8)
    stripes[:, ::2] = 255
    photo = Image.fromarray(stripes)
    chip = Aligner(ALIGNMENT, side_px=150).cut_chips(photo, place(5.0, 20 + 20j))[0]
    assert np.abs(chip[10:140, 10:140].astype(int) - 127).max() <= 30


def test_what_lies_outside_the_photo_is_black() -> None:
    white = Image.new("RGB", (150, 150), (255, 255, 255))
    chip = Aligner(ALIGNMENT, side_px=150).cut_chips(white, place(1.0, 75 + 0j))[0]
    assert chip[:, 80:].max() == 0
    assert chip[:, :70].min() == 255


def test_a_face_outside_the_photo_gives_a_black_chip() -> None:
    white = Image.new("RGB", (40, 40), (255, 255, 255))
    chip = Aligner(ALIGNMENT, side_px=150).cut_chips(white, place(3.0, 5000 + 5000j))[0]
    assert (chip.shape, chip.max()) == ((150, 150, 3), 0)


@pytest.mark.parametrize("factor", [0.25, 1.0, 7.5])
def test_enlargement_is_pixels_of_the_closest_chip_per_photo_pixel(factor: float) -> None:
    aligner = Aligner(ALIGNMENT, side_px=150)
    assert aligner.enlargement(place(factor, 3 + 4j)) == pytest.approx(1.08 / factor)


@given(
    seed=st.integers(0, 1000),
    scale=st.floats(0.1, 10),
    turn=st.floats(-3, 3),
    shift=st.complex_numbers(max_magnitude=100),
)
def test_a_similarity_is_recovered_and_beats_its_neighbours(
    seed: int, scale: float, turn: float, shift: complex
) -> None:
    random = np.random.default_rng(seed)
    sources = random.normal(size=5) + 1j * random.normal(size=5)
    true = scale * np.exp(1j * turn)
    factor, moved = fit_similarity(sources, true * sources + shift)
    assert factor == pytest.approx(true, abs=1e-9 * scale)
    assert moved == pytest.approx(shift, abs=1e-7)

    targets = true * sources + shift + random.normal(size=5)
    factor, moved = fit_similarity(sources, targets)

    def error(a: complex, b: complex) -> float:
        return float((np.abs(a * sources + b - targets) ** 2).sum())

    best = error(factor, moved)
    for step in (0.01, -0.01, 0.01j, -0.01j):
        assert error(factor + step, moved) >= best
        assert error(factor, moved + step) >= best
