"""A view shows what lies where it looks, and its findings come back to where they were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mien.vision.view import GREY, View

RED = (250, 0, 0)


def draw_dot(x: int, y: int, *, size: tuple[int, int] = (400, 300), px: int = 12) -> Image.Image:
    picture = Image.new("RGB", size, (0, 0, 120))
    picture.paste(RED, (x - px // 2, y - px // 2, x + px // 2, y + px // 2))
    return picture


def find_dot(picture: Image.Image) -> complex:
    """Where the middle of what is red lies."""
    rgb = np.asarray(picture).astype(int)
    rows, columns = np.nonzero((rgb[..., 0] > 125) & (rgb[..., 2] < 60))
    return complex(columns.mean() + 0.5, rows.mean() + 0.5)


def finding_at(place: complex, *, width: float = 4, height: float = 4) -> np.ndarray:
    row = np.zeros((1, 15))
    row[0, 1:5] = (
        *(place.real - width / 2, place.imag - height / 2),
        *(place.real + width / 2, place.imag + height / 2),
    )
    row[0, 5::2], row[0, 6::2] = place.real, place.imag
    return row


def middle_of(row: np.ndarray) -> complex:
    return complex(row[1] + row[3], row[2] + row[4]) / 2


@settings(max_examples=40, deadline=None)
@given(
    st.integers(60, 340),
    st.integers(60, 240),
    st.floats(-180, 180),
    st.floats(70, 500),
)
def test_what_a_view_shows_comes_back_to_where_it_is(
    x: int, y: int, lean_deg: float, side_px: float
) -> None:
    view = View(complex(x + 9, y - 7), side_px, 160, lean_deg)
    seen = find_dot(view.cut(draw_dot(x, y)))
    (back,) = view.put_back(finding_at(seen))
    assert abs(middle_of(back) - complex(x, y)) < 1.5
    assert abs(complex(back[5], back[6]) - complex(x, y)) < 1.5


def test_what_leans_is_upright_in_a_view_that_leans_as_much() -> None:
    """To the right of the middle in the picture is above it, seen leaning to the right."""
    view = View(200 + 150j, 200, 100, lean_deg=90)
    assert find_dot(view.cut(draw_dot(250, 150))) == pytest.approx(50 + 25j, abs=1)


def test_a_view_is_grey_where_it_leaves_the_picture() -> None:
    shown = view_corner().cut(draw_dot(200, 150))
    assert shown.getpixel((2, 2)) == GREY
    assert shown.getpixel((70, 70)) == (0, 0, 120)


def view_corner() -> View:
    return View(0 + 0j, 200, 100)


@pytest.mark.parametrize("side_px", [50.0, 1000.0, 4000.0])
def test_views_are_of_one_size_whatever_they_show(side_px: float) -> None:
    picture = draw_dot(1000, 800, size=(2000, 1500), px=400)
    shown = View(1000 + 800j, side_px, 128).cut(picture)
    assert shown.size == (128, 128)
    assert shown.getpixel((64, 64)) == RED


def test_boxes_keep_their_middle_and_size_upright_and_swap_sides_lying() -> None:
    flat = finding_at(40 + 60j, width=20, height=10)
    (upright,) = View(50 + 50j, 200, 100).put_back(flat)
    (lying,) = View(50 + 50j, 200, 100, lean_deg=90).put_back(flat)
    assert (upright[3] - upright[1], upright[4] - upright[2]) == pytest.approx((40, 20))
    assert (lying[3] - lying[1], lying[4] - lying[2]) == pytest.approx((20, 40))
    assert upright[0] == flat[0, 0]


def test_a_box_that_is_turned_covers_what_it_covered() -> None:
    (there,) = View(50 + 50j, 100, 100, lean_deg=45).put_back(finding_at(50 + 50j))
    assert there[3] - there[1] == pytest.approx(4 * np.sqrt(2))
    assert middle_of(there) == pytest.approx(50 + 50j)


def test_a_view_far_outside_the_picture_is_all_grey() -> None:
    shown = View(-5000 - 5000j, 2000, 64).cut(draw_dot(200, 150))
    assert np.all(np.asarray(shown) == 128)
