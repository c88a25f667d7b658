"""Faint faces are looked at again, larger; faces that lie or stand on their head, turned."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mien.types import Credit, Face
from mien.vision.decode import Photo
from mien.vision.detect import Detector
from mien.vision.findings import unlikeness
from vision.doubles import FakeSession, empty_maps

SKIN, HAIR = (250, 20, 30), (20, 240, 30)
"""What the fake network takes for a face: a square of skin whose upper third is hair."""

UPRIGHT = (0.42, 0.29, 0.42, 0.71, 0.63, 0.5, 0.83, 0.32, 0.83, 0.68)
"""Landmarks of the mean face within its box, each as y and x."""
WRONG = (0.4, 0.3, 0.4, 0.7, 0.5, 0.5, 0.5, 0.32, 0.5, 0.68)
"""The same with the mouth at the nose: what is said of a face that is not upright."""


def see_heads(values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """One head in each picture: sure of itself where it is large and upright."""
    parts = [_see_head(one) for one in values]
    return [np.concatenate(maps) for maps in zip(*parts, strict=True)]


def _see_head(rgb: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    maps = empty_maps(*rgb.shape[1:])
    skin, hair = (np.abs(rgb - np.array(c)[:, None, None]).max(axis=0) < 70 for c in (SKIN, HAIR))
    if not skin.any() or not hair.any():
        return maps
    rows, columns = np.nonzero(skin | hair)
    width, height = np.ptp(columns) + 1.0, np.ptp(rows) + 1.0
    if not 4 <= width <= 300:
        return maps
    (skin_y, skin_x), (hair_y, hair_x) = (np.argwhere(one).mean(axis=0) for one in (skin, hair))
    is_upright = skin_y - hair_y > 1.5 * abs(skin_x - hair_x)
    middle_x, middle_y = columns.min() + width / 2, rows.min() + height / 2
    row, column = int(middle_y // 4), int(middle_x // 4)
    heat, scale, offset, landmarks = (one[0, :, row, column] for one in maps)
    heat[0] = 0.3 if width < 24 else 0.9 if is_upright else 0.6
    scale[:] = np.log(height / 4), np.log(width / 4)
    offset[:] = middle_y / 4 - row - 0.5, middle_x / 4 - column - 0.5
    landmarks[:] = UPRIGHT if is_upright else WRONG
    return maps


def draw_head(
    side_px: int, *, size: tuple[int, int] = (640, 640), turn_deg: int = 0, scale: int = 1
) -> Photo:
    """A head in the middle of a photo, turned clockwise."""
    picture = Image.new("RGB", size, (128, 128, 128))
    left, top = (size[0] - side_px) // 2, (size[1] - side_px) // 2
    picture.paste(SKIN, (left, top, left + side_px, top + side_px))
    picture.paste(HAIR, (left, top, left + side_px, top + side_px // 3))
    turned = picture.rotate(-turn_deg, fillcolor=(128, 128, 128))
    return Photo(turned, size[0] * scale, size[1] * scale, "image/png", Credit())


def detect(photo: Photo) -> tuple[tuple[Face, ...], FakeSession]:
    session = FakeSession(see_heads)
    return Detector(session).detect(photo), session


def looks_of(session: FakeSession) -> list[tuple[int, ...]]:
    return [(len(seen), *seen.shape[2:]) for seen in session.seen]


def test_a_sure_face_that_stands_upright_is_looked_at_once() -> None:
    (face,), session = detect(draw_head(120))
    assert looks_of(session) == [(1, 640, 640)]
    assert face.confidence == pytest.approx(0.9)


def test_a_faint_face_is_looked_at_again_and_larger() -> None:
    (face,), session = detect(draw_head(16))
    assert looks_of(session) == [(1, 640, 640), (1, 128, 128)]
    assert (face.box.x1, face.box.y1) == pytest.approx((312, 312), abs=1)
    assert face.box.width == pytest.approx(16, abs=1)


@pytest.mark.parametrize(("side_px", "scale", "count"), [(10, 1, 0), (13, 1, 1), (10, 2, 1)])
def test_what_has_too_few_pixels_in_the_photo_stays_a_trace(
    side_px: int, scale: int, count: int
) -> None:
    found, session = detect(draw_head(side_px, scale=scale))
    assert len(found) == count
    assert (1, 128, 128) in looks_of(session) or not count


@pytest.mark.parametrize("turn_deg", [90, 180, 270])
def test_a_face_that_lies_is_seen_from_where_it_stands(turn_deg: int) -> None:
    (face,), session = detect(draw_head(120, turn_deg=turn_deg))
    assert looks_of(session) == [
        *((1, 640, 640), (1, 160, 160)),  # within a border, since nothing was convincing
        *((4, 160, 160), (1, 160, 160)),
    ]
    assert face.confidence == pytest.approx(0.9)
    points = face.landmarks.as_array()
    apart, lean_deg = unlikeness(np.array([0, 0, 0, 0, 0, *points.ravel()]))
    assert apart < 0.13
    assert (lean_deg - turn_deg + 180) % 360 - 180 == pytest.approx(0, abs=2)
    assert points.mean(axis=0) == pytest.approx((320, 320), abs=25)


def test_a_faint_face_that_lies_is_found_too() -> None:
    (face,), _ = detect(draw_head(22, turn_deg=180))
    assert face.landmarks.left_eye.x > face.landmarks.right_eye.x
    assert face.landmarks.left_eye.y > face.landmarks.left_mouth.y
    assert face.box.width == pytest.approx(22, abs=2)


def test_a_face_that_is_upright_from_no_side_stays_as_it_was_found() -> None:
    def see_sideways(values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        maps = see_heads(values)
        maps[3][:] = np.where(maps[3] != 0, np.array(WRONG)[None, :, None, None], 0)
        return maps

    session = FakeSession(see_sideways)
    (face,) = Detector(session).detect(draw_head(120))
    assert face.landmarks.left_mouth.y == pytest.approx(260 + 0.5 * 120, abs=2)


def test_at_most_so_many_traces_are_looked_at_in_runs_of_sixteen() -> None:
    def see_specks(values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        parts = [empty_maps(*values.shape[2:]) for _ in values]
        for maps in parts:
            if values.shape[2] == 640:
                maps[0][0, 0, 4:-4:8, 4:-4:8] = 0.2
                maps[1][:] = np.log(16 / 4)
        return [np.concatenate(one) for one in zip(*parts, strict=True)]

    session = FakeSession(see_specks)
    assert Detector(session).detect(draw_head(120)) == ()
    assert looks_of(session)[1:5] == [(16, 128, 128)] * 4
