"""A photo made small: as large as a face needs, upright, and freed of what its file says."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from mien.errors import PhotoError
from mien.vision.render import render_photo
from mien.vision.shrink import shrink_photo

SECRET = b"taken at home"
RED, BLUE = (250, 10, 10), (10, 10, 250)


def save(picture: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def halves(size: tuple[int, int]) -> Image.Image:
    """Red above, blue below."""
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (0, size[1] // 2, *size))
    return picture


def read(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    assert picture.format == "JPEG"
    assert picture.mode == "RGB"
    return picture


def is_red(picture: Image.Image, x: float, y: float) -> bool:
    pixel = picture.getpixel((int(x * picture.width), int(y * picture.height)))
    assert isinstance(pixel, tuple)
    return pixel[0] > pixel[2]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1280, 1280), (1280, 1280)),
        ((1281, 1281), (1280, 1280)),
        ((2560, 640), (1280, 320)),
        ((640, 2560), (320, 1280)),
        ((1279, 3), (1279, 3)),
        ((1, 1), (1, 1)),
        ((3000, 1), (1280, 1)),
        ((2000, 1999), (1280, 1279)),
    ],
)
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_the_longer_side_is_at_most_1280_px_and_none_is_enlarged(
    size: tuple[int, int], expected: tuple[int, int], form: str
) -> None:
    assert read(shrink_photo(save(halves(size), form))).size == expected


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF"])
def test_it_shows_the_same_in_every_format(form: str) -> None:
    small = read(shrink_photo(save(halves((1400, 1050)), form)))
    assert small.size == (1280, 960)
    assert is_red(small, 0.5, 0.25)
    assert not is_red(small, 0.5, 0.75)


@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [
        (1, (1280, 640), (0.5, 0.1)),
        (3, (1280, 640), (0.5, 0.9)),
        (6, (640, 1280), (0.9, 0.5)),
        (8, (640, 1280), (0.1, 0.5)),
    ],
)
def test_it_stands_upright_and_says_nothing_of_having_been_turned(
    orientation: int, size: tuple[int, int], red_at: tuple[float, float]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    small = read(shrink_photo(save(halves((1600, 800)), exif=exif)))
    assert small.size == size
    assert is_red(small, *red_at)
    assert not small.getexif()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_nothing_that_the_file_says_goes_along(form: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x013B] = "Ann"
    content = save(halves((64, 64)), form, exif=exif)
    assert SECRET in content
    small = shrink_photo(content)
    assert SECRET not in small
    assert not read(small).getexif()
    assert not {"exif", "comment", "icc_profile", "xmp"} & set(read(small).info)


def test_what_is_hidden_behind_the_end_of_the_file_stays_behind() -> None:
    assert SECRET not in shrink_photo(save(halves((64, 64))) + SECRET * 10)


def test_a_comment_stays_behind() -> None:
    content = save(halves((64, 64)), comment=SECRET)
    assert SECRET in content
    assert SECRET not in shrink_photo(content)


def test_what_was_made_small_stays_as_it_is_in_size() -> None:
    once = shrink_photo(save(halves((3000, 2000))))
    twice = shrink_photo(once)
    assert read(once).size == read(twice).size == (1280, 853)
    assert len(once) < len(save(halves((3000, 2000)), "BMP")) / 10


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-file"),
        (b"no photo", "not-a-photo"),
        (b"%PDF-1.7", "not-a-photo"),
        (b"\xff\xd8\xff", "truncated"),
        (save(Image.effect_noise((200, 200), 90))[:3000], "truncated"),
    ],
)
def test_what_is_no_photo_is_told_by_its_code(content: bytes, code: str) -> None:
    with pytest.raises(PhotoError) as told:
        shrink_photo(content)
    assert told.value.reason == code


@pytest.mark.parametrize("longest_px", [1, 2, 16, 320, 640])
@pytest.mark.parametrize("size", [(640, 480), (480, 640), (640, 1), (7, 5)])
def test_a_photo_is_rendered_no_longer_than_asked_and_keeps_its_shape(
    size: tuple[int, int], longest_px: int
) -> None:
    rendered = read(render_photo(halves(size), longest_px=longest_px)).size
    assert max(rendered) == min(max(size), longest_px)
    for side, full in zip(rendered, size, strict=True):
        assert abs(side - full * max(rendered) / max(size)) <= 1
        assert side >= 1


def test_the_picture_itself_is_left_as_it_was() -> None:
    picture = halves((640, 480))
    picture.info["comment"] = SECRET
    before = picture.tobytes()
    render_photo(picture, longest_px=32)
    assert picture.size == (640, 480)
    assert picture.tobytes() == before
    assert picture.info["comment"] == SECRET
