from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from mien.types import Credit, Look
from mien.vision.decode import Photo
from mien.vision.detect import Detector, cut_side
from vision.doubles import FakeSession, empty_maps

MARK = (250, 20, 30)
"""What the fake network takes for a face: a square of this colour."""


def see_marks(values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Reports the square of marked pixels where there is one of 8 to 200 px."""
    maps = empty_maps(*values.shape[2:])
    is_marked = np.abs(values[0] - np.array(MARK)[:, None, None]).max(axis=0) < 60
    rows, columns = np.nonzero(is_marked)
    if not len(rows) or not 8 <= np.ptp(columns) + 1 <= 200:
        return maps
    width, height = np.ptp(columns) + 1.0, np.ptp(rows) + 1.0
    middle_x, middle_y = columns.min() + width / 2, rows.min() + height / 2
    row, column = int(middle_y // 4), int(middle_x // 4)
    heat, scale, offset, landmarks = (one[0, :, row, column] for one in maps)
    heat[0] = 0.9
    scale[:] = np.log(height / 4), np.log(width / 4)
    offset[:] = middle_y / 4 - row - 0.5, middle_x / 4 - column - 0.5
    landmarks[:] = (0.3, 0.2, 0.3, 0.8, 0.6, 0.5, 0.8, 0.3, 0.8, 0.7)
    return maps


def photo_of(size: tuple[int, int], mark: tuple[int, int, int, int], *, scale: int = 1) -> Photo:
    picture = Image.new("RGB", size, (128, 128, 128))
    picture.paste(MARK, mark)
    return Photo(picture, size[0] * scale, size[1] * scale, "image/png", Credit())


@pytest.mark.parametrize(
    ("size", "mark"),
    [
        ((640, 640), (100, 200, 180, 300)),
        ((900, 600), (300, 100, 420, 260)),
        ((300, 800), (20, 500, 90, 600)),
        ((100, 80), (40, 20, 60, 44)),
    ],
)
def test_faces_are_given_in_pixels_of_the_photo(
    size: tuple[int, int], mark: tuple[int, int, int, int]
) -> None:
    (face,) = Detector(FakeSession(see_marks)).detect(photo_of(size, mark))
    box = (face.box.x1, face.box.y1, face.box.x2, face.box.y2)
    np.testing.assert_allclose(box, mark, atol=2.5)
    width, height = mark[2] - mark[0], mark[3] - mark[1]
    nose = (face.landmarks.nose.x, face.landmarks.nose.y)
    np.testing.assert_allclose(nose, (mark[0] + width / 2, mark[1] + height * 0.6), atol=2.5)
    assert face.landmarks.left_eye.x < face.landmarks.right_eye.x
    assert face.landmarks.left_eye.y < face.landmarks.left_mouth.y


def test_a_reduced_picture_gives_faces_in_pixels_of_the_full_photo() -> None:
    photo = photo_of((640, 480), (100, 200, 180, 300), scale=4)
    (face,) = Detector(FakeSession(see_marks)).detect(photo)
    box = (face.box.x1, face.box.y1, face.box.x2, face.box.y2)
    np.testing.assert_allclose(box, (400, 800, 720, 1200), atol=10)


def test_inputs_are_padded_at_right_and_bottom_to_multiples_of_32() -> None:
    session = FakeSession(see_marks)
    Detector(session).detect(photo_of((900, 610), (300, 100, 420, 260)))
    seen = session.seen[0]
    assert seen.shape == (1, 3, 448, 640)
    assert seen[0, :, 0, 0].tolist() == [128, 128, 128]
    assert seen[0, :, 434:].max() == 0


def test_a_face_that_fills_the_photo_is_found_within_a_border() -> None:
    session = FakeSession(see_marks)
    (face,) = Detector(session).detect(photo_of((600, 600), (0, 0, 600, 600)))
    assert [seen.shape[2:] for seen in session.seen] == [(640, 640), (160, 160)]
    box = (face.box.x1, face.box.y1, face.box.x2, face.box.y2)
    np.testing.assert_allclose(box, (0, 0, 600, 600), atol=5)


def test_the_bordered_pass_is_left_out_where_a_face_was_found() -> None:
    session = FakeSession(see_marks)
    Detector(session).detect(photo_of((640, 640), (100, 200, 180, 300)))
    assert len(session.seen) == 1


@pytest.mark.parametrize("left", [10, 600, 640, 1200])
def test_a_small_face_of_a_large_photo_is_found_once_in_tiles(left: int) -> None:
    session = FakeSession(see_marks)
    photo = photo_of((1280, 960), (left, 430, left + 12, 442))
    (face,) = Detector(session).detect(photo)
    assert face.box.x1 == pytest.approx(left, abs=1)
    tiles = session.seen[1:5]
    assert [seen.shape[2:] for seen in tiles] == [(544, 704)] * 4


def test_a_large_probe_that_shows_a_face_plainly_is_looked_at_once() -> None:
    session = FakeSession(see_marks)
    (face,) = Detector(session).detect(photo_of((1280, 960), (400, 300, 600, 560)), look=Look.PROBE)
    assert [seen.shape[2:] for seen in session.seen] == [(480, 640)]
    box = (face.box.x1, face.box.y1, face.box.x2, face.box.y2)
    np.testing.assert_allclose(box, (400, 300, 600, 560), atol=4)


@pytest.mark.parametrize("mark", [(600, 430, 612, 442), (2, 2, 3, 3)], ids=["tiny", "none"])
def test_a_large_probe_that_shows_nobody_plainly_is_looked_at_as_every_photo(
    mark: tuple[int, int, int, int],
) -> None:
    as_photo, as_probe = FakeSession(see_marks), FakeSession(see_marks)
    expected = Detector(as_photo).detect(photo_of((1280, 960), mark))
    assert Detector(as_probe).detect(photo_of((1280, 960), mark), look=Look.PROBE) == expected
    assert [s.shape for s in as_probe.seen] == [s.shape for s in as_photo.seen]
    assert len(as_probe.seen) >= 5


def test_a_face_that_a_tile_cuts_is_left_to_the_pass_that_sees_it_whole() -> None:
    session = FakeSession(see_marks)
    found = Detector(session).look_in_tiles(photo_of((1280, 640), (560, 200, 720, 380)).picture)
    assert len(found) == 0


def test_no_face_is_no_error() -> None:
    photo = Photo(Image.new("RGB", (1, 1)), 1, 1, "image/png", Credit())
    assert Detector(FakeSession(see_marks)).detect(photo) == ()


@given(st.integers(1, 4000))
def test_tiles_cover_a_side_and_share_enough(side_px: int) -> None:
    tiles = cut_side(side_px)
    assert (tiles[0][0], tiles[-1][1]) == (0, side_px)
    assert all(end - start <= 704 for start, end in tiles)
    shared = [before[1] - after[0] for before, after in pairwise(tiles)]
    assert all(px >= 127 for px in shared)
