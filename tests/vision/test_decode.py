from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile

from mien.errors import PhotoError
from mien.types import Rgb
from mien.vision.decode import DecodeLimits, decode_photo

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
NEAR = 12
"""Lossy formats move a channel by less than this in the middle of a flat area."""

Encode = Callable[..., bytes]


def encode(picture: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    if form == "HEIF":
        pillow_heif.from_pillow(picture).save(buffer, quality=95, **options)
    else:
        picture.save(buffer, form, **options)
    return buffer.getvalue()


def rgb(content: bytes) -> Rgb:
    return np.asarray(decode_photo(content).picture)


def corners(pixels: Rgb) -> list[tuple[int, ...]]:
    """Colours in the middle of the quarters: top left, top right, bottom left, bottom right."""
    height, width = pixels.shape[:2]
    rows, columns = (height // 4, height * 3 // 4), (width // 4, width * 3 // 4)
    return [tuple(int(v) for v in pixels[row, column]) for row in rows for column in columns]


def assert_near(found: list[tuple[int, ...]], expected: list[tuple[int, ...]]) -> None:
    assert np.abs(np.array(found) - np.array(expected)).max() <= NEAR, found


def reason_of(content: bytes, limits: DecodeLimits | None = None) -> str:
    with pytest.raises(PhotoError) as raised:
        decode_photo(content, limits=limits)
    return raised.value.reason


def outcome_of(content: bytes) -> str:
    """The mode of the picture, or the reason why there is none."""
    try:
        return decode_photo(content, limits=DecodeLimits(pixels=1_000_000)).picture.mode
    except PhotoError as error:
        return error.reason


def png_chunk(name: bytes, body: bytes) -> bytes:
    check = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)


def declare_png(width: int, height: int) -> bytes:
    """A PNG whose header declares a size and whose pixels are missing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"")


@pytest.mark.parametrize(
    ("form", "options", "media_type"),
    [
        ("JPEG", {"quality": 95, "subsampling": 0}, "image/jpeg"),
        ("PNG", {}, "image/png"),
        ("WEBP", {"lossless": True}, "image/webp"),
        ("GIF", {}, "image/gif"),
        ("TIFF", {}, "image/tiff"),
        ("TIFF", {"compression": "tiff_lzw"}, "image/tiff"),
        ("AVIF", {"quality": 95}, "image/avif"),
        ("HEIF", {}, "image/heic"),
    ],
)
def test_every_format_gives_the_same_upright_picture(
    quadrants: Image.Image, form: str, options: dict[str, Any], media_type: str
) -> None:
    photo = decode_photo(encode(quadrants, form, **options))
    assert (photo.width_px, photo.height_px, photo.media_type) == (48, 32, media_type)
    assert photo.scale == 1.0
    assert_near(corners(np.asarray(photo.picture)), [RED, GREEN, BLUE, WHITE])


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, [RED, GREEN, BLUE, WHITE]),
        (2, [GREEN, RED, WHITE, BLUE]),
        (3, [WHITE, BLUE, GREEN, RED]),
        (4, [BLUE, WHITE, RED, GREEN]),
        (5, [RED, BLUE, GREEN, WHITE]),
        (6, [BLUE, RED, WHITE, GREEN]),
        (7, [WHITE, GREEN, BLUE, RED]),
        (8, [GREEN, WHITE, RED, BLUE]),
    ],
)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_photos_are_turned_upright_by_every_exif_orientation(
    quadrants: Image.Image, form: str, orientation: int, expected: list[tuple[int, ...]]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95, "subsampling": 0} if form == "JPEG" else {}
    photo = decode_photo(encode(quadrants, form, exif=exif, **options))
    size = (48, 32) if orientation <= 4 else (32, 48)
    assert (photo.width_px, photo.height_px) == size
    assert photo.picture.size == size
    tolerant = corners(np.asarray(photo.picture))
    assert np.abs(np.array(tolerant) - np.array(expected)).max() <= NEAR * (form != "PNG") + NEAR


@pytest.mark.parametrize("form", ["AVIF", "HEIF"])
def test_containers_that_turn_photos_themselves_are_not_turned_twice(
    quadrants: Image.Image, form: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = decode_photo(encode(quadrants, form, exif=exif.tobytes()))
    assert (photo.width_px, photo.height_px) == photo.picture.size == (32, 48)
    assert_near(corners(np.asarray(photo.picture)), [BLUE, RED, WHITE, GREEN])


def test_cmyk_comes_out_in_rgb(quadrants: Image.Image) -> None:
    content = encode(quadrants.convert("CMYK"), "JPEG", quality=95, subsampling=0)
    assert_near(corners(rgb(content)), [RED, GREEN, BLUE, WHITE])


def test_sixteen_bits_are_scaled_to_eight() -> None:
    values = np.array([[0, 257 * 100], [257 * 200, 65535]], np.uint16).repeat(8, 0).repeat(8, 1)
    pixels = rgb(encode(Image.fromarray(values), "PNG"))
    assert corners(pixels) == [(0,) * 3, (100,) * 3, (200,) * 3, (255,) * 3]


def test_float_pictures_are_scaled_to_eight_bits() -> None:
    values = np.array([[0.0, 0.4], [0.8, 1.0]], np.float32).repeat(8, 0).repeat(8, 1)
    pixels = rgb(encode(Image.fromarray(values), "TIFF"))
    assert corners(pixels) == [(0,) * 3, (102,) * 3, (204,) * 3, (255,) * 3]


@pytest.mark.parametrize("mode", ["L", "1", "P"])
def test_grey_and_palette_pictures_come_out_in_rgb(quadrants: Image.Image, mode: str) -> None:
    expected = quadrants.convert(mode).convert("RGB")
    assert corners(rgb(encode(quadrants.convert(mode), "PNG"))) == corners(np.asarray(expected))


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
def test_transparency_is_laid_over_white(quadrants: Image.Image, form: str) -> None:
    picture = quadrants.convert("RGBA")
    picture.putalpha(Image.new("L", picture.size, 0))
    options = {"lossless": True} if form == "WEBP" else {}
    assert_near(corners(rgb(encode(picture, form, **options))), [WHITE] * 4)


def test_half_transparent_grey_is_half_white() -> None:
    picture = Image.new("LA", (16, 16), (0, 128))
    assert_near(corners(rgb(encode(picture, "PNG"))), [(127,) * 3] * 4)


def test_a_transparent_palette_entry_is_white(quadrants: Image.Image) -> None:
    picture = quadrants.convert("P", palette=Image.Palette.ADAPTIVE, colors=8)
    red = picture.getpixel((5, 5))
    content = encode(picture, "PNG", transparency=red)
    assert_near(corners(rgb(content)), [WHITE, GREEN, BLUE, WHITE])


def test_only_the_first_frame_of_an_animation_counts(quadrants: Image.Image) -> None:
    others = [Image.new("RGB", quadrants.size, WHITE) for _ in range(3)]
    content = encode(quadrants, "GIF", save_all=True, append_images=others)
    assert_near(corners(rgb(content)), [RED, GREEN, BLUE, WHITE])


def test_animations_of_too_many_frames_are_refused(quadrants: Image.Image) -> None:
    others = [Image.new("RGB", quadrants.size, (i * 20, 0, 0)) for i in range(5)]
    content = encode(quadrants, "GIF", save_all=True, append_images=others)
    assert reason_of(content, DecodeLimits(frames=4)) == "too-many-frames"


def test_an_embedded_profile_is_brought_to_srgb() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    untouched = encode(Image.new("RGB", (16, 16), (10, 200, 30)), "PNG", icc_profile=lab)
    assert corners(rgb(untouched)) == [(10, 200, 30)] * 4
    swapped = encode(Image.new("RGB", (16, 16), (10, 200, 30)), "PNG", icc_profile=_swap_red(lab))
    found = corners(rgb(swapped))[0]
    assert found[2] > 150, "the profile calls green blue"
    assert found[1] < 150


def _swap_red(profile: bytes) -> bytes:
    """The same profile with its green and blue primaries exchanged and another name."""
    swapped = profile.replace(b"gXYZ", b"tmpZ").replace(b"bXYZ", b"gXYZ").replace(b"tmpZ", b"bXYZ")
    return swapped.replace("sRGB".encode("utf-16-be"), "odd!".encode("utf-16-be"))


def test_a_broken_profile_is_ignored(quadrants: Image.Image) -> None:
    content = encode(quadrants, "PNG", icc_profile=b"not a profile" * 20)
    assert corners(rgb(content)) == [RED, GREEN, BLUE, WHITE]


def test_a_photo_of_one_pixel_is_a_photo() -> None:
    photo = decode_photo(encode(Image.new("RGB", (1, 1), RED), "PNG"))
    assert (photo.width_px, photo.height_px) == (1, 1)
    assert photo.picture.getpixel((0, 0)) == RED


def test_jpegs_are_reduced_to_no_less_than_what_is_enough() -> None:
    content = encode(Image.new("RGB", (2000, 1000), RED), "JPEG")
    sizes = {
        enough: decode_photo(content, enough_px=enough).picture.size
        for enough in (1500, 1000, 999, 500, 250, 1)
    }
    assert sizes == {
        1500: (2000, 1000),
        1000: (1000, 500),
        999: (1000, 500),
        500: (500, 250),
        250: (250, 125),
        1: (250, 125),
    }
    reduced = decode_photo(content, enough_px=500)
    assert (reduced.width_px, reduced.height_px, reduced.scale) == (2000, 1000, 0.25)


def test_empty_files_and_other_files_are_told_apart() -> None:
    assert reason_of(b"") == "empty-file"
    assert reason_of(b"%PDF-1.7 and more") == "not-a-photo"
    assert reason_of(b"hello") == "not-a-photo"


def test_a_file_over_the_limit_is_refused_unseen() -> None:
    assert reason_of(b"x" * 101, DecodeLimits(size_bytes=100)) == "too-many-bytes"


@pytest.mark.parametrize("size", [(50_000, 50_000), (20_000, 20_000), (2**31 - 1, 1)])
def test_declared_pixels_over_the_limit_are_refused_before_decoding(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: Any) -> None:
        raise AssertionError("a pixel was decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", explode)
    assert reason_of(declare_png(*size)) == "too-many-pixels"


def test_a_decompression_bomb_is_refused() -> None:
    rows = zlib.compress(b"\0" * (12_001 * 12_000))
    header = struct.pack(">IIBBBBB", 12_000, 12_000, 8, 0, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")
    assert reason_of(b"\x89PNG\r\n\x1a\n" + chunks) == "too-many-pixels"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "HEIF"])
def test_a_truncated_photo_is_refused_wherever_it_ends(noise: Rgb, form: str) -> None:
    content = encode(Image.fromarray(noise), form)
    reasons = {reason_of(content[: len(content) * i // 20]) for i in range(1, 19)}
    assert reasons <= {"truncated", "damaged", "not-a-photo"}
    assert form == "TIFF" or "truncated" in reasons


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "HEIF"])
@given(places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_damage_anywhere_ends_in_a_photo_or_a_reason(
    form: str, places: list[tuple[float, int]]
) -> None:
    content = bytearray(_ENCODED[form])
    for place, value in places:
        content[int(place * (len(content) - 1))] = value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outcome = outcome_of(bytes(content))
    assert outcome in {"RGB", "truncated", "damaged", "not-a-photo", "too-many-pixels"}


def _encode_gradients() -> dict[str, bytes]:
    ramp = np.linspace(0, 255, 40 * 30 * 3).astype(np.uint8).reshape(30, 40, 3)
    picture = Image.fromarray(ramp)
    forms = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "HEIF")
    return {form: encode(picture, form) for form in forms}


_ENCODED = _encode_gradients()


def test_messages_do_not_name_files_and_warnings_do_not_escape(quadrants: Image.Image) -> None:
    content = encode(quadrants, "TIFF")
    with pytest.raises(PhotoError) as raised:
        decode_photo(content[: len(content) // 2])
    assert "/" not in str(raised.value)
