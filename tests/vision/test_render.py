from __future__ import annotations

import io

import pytest
from PIL import Image

from mien.types import Box
from mien.vision.render import render_crop, render_thumbnail


def open_jpeg(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    assert picture.format == "JPEG"
    return picture


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((900, 900), (320, 320)),
        ((4000, 1000), (320, 80)),
        ((100, 50), (100, 50)),
        ((1, 20_000), (1, 320)),
    ],
)
def test_a_thumbnail_is_at_most_320_px_and_never_enlarged(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert open_jpeg(render_thumbnail(Image.new("RGB", size))).size == expected


def test_a_crop_shows_the_face_in_its_middle_with_a_margin() -> None:
    picture = Image.new("RGB", (800, 800), (0, 0, 255))
    picture.paste((255, 0, 0), (300, 200, 500, 400))
    crop = open_jpeg(render_crop(picture, Box(300, 200, 500, 400)))
    assert crop.size == (160, 160)
    edge, middle = crop.getpixel((13, 80)), crop.getpixel((80, 80))
    assert isinstance(edge, tuple)
    assert isinstance(middle, tuple)
    assert edge[2] > 200 > edge[0]
    assert middle[0] > 200 > middle[2]


@pytest.mark.parametrize(
    "box", [Box(-50, -50, 60, 60), Box(90, 90, 300, 300), Box(500, 500, 600, 600)]
)
def test_a_crop_ends_where_the_photo_does(box: Box) -> None:
    crop = open_jpeg(render_crop(Image.new("RGB", (100, 100)), box))
    assert max(crop.size) <= 160
    assert min(crop.size) >= 1


def test_a_crop_of_a_reduced_picture_takes_boxes_of_the_full_photo() -> None:
    picture = Image.new("RGB", (200, 200), (0, 0, 255))
    picture.paste((255, 0, 0), (100, 100, 140, 140))
    crop = open_jpeg(render_crop(picture, Box(400, 400, 560, 560), scale=0.25))
    middle = crop.getpixel((crop.width // 2, crop.height // 2))
    assert isinstance(middle, tuple)
    assert middle[0] > 200 > middle[2]


def test_nothing_of_the_photos_own_metadata_travels_along() -> None:
    picture = Image.new("RGB", (400, 400))
    picture.info = {"exif": b"Exif\0\0secret", "icc_profile": b"secret", "comment": b"secret"}
    for content in (render_thumbnail(picture), render_crop(picture, Box(10, 10, 90, 90))):
        assert b"secret" not in content
    assert picture.info["comment"] == b"secret"
