"""Sketches: what imagehash says, near for copies, far for other photos, none where all is plain."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mien.errors import PhotoError
from mien.vision.decode import decode_photo
from mien.vision.render import render_thumbnail
from mien.vision.sketch import (
    NEAR_BITS,
    SKETCH_BYTES,
    Sketches,
    find_near,
    sketch_copies,
    sketch_file,
    sketch_photo,
)
from service.scenes import CHANGES, change, draw_scene, save_again

GOLDEN = {
    (1, 64, 64): "ab85020f2b85020f011aaab5236a7eb02b7b7e31cb7ffe10d4aa81f7d4aaa1f7",
    (2, 100, 80): "95fda055d0e8a0558cff1affc0ff9daa2f005faa2f005fa82f005faa2f005f82",
    (3, 80, 120): "94aa55aa895583fd3f552bff6b002bff6b002bf46b402b656b0323d26b32235a",
    (4, 240, 160): "b4d0756a3fc02a9f34b0741a3cf06aa5d4af9ea554aa81e7eb5581a5eb5581a5",
    (5, 319, 213): "8d55580df2c5b88df3c5aa8df3c5aa8dffd8aa90003f5562003f5572503b5d72",
}
"""Seed, width and height of `draw_waves`, and what imagehash 4.3.2 makes of it:
`np.packbits(imagehash.phash(Image.open(file), hash_size=16).hash).tobytes().hex()`."""


def draw_waves(seed: int, width: int, height: int) -> bytes:
    """A grey JPEG of four waves."""
    down, across = np.mgrid[0:height, 0:width]
    waves = np.random.default_rng(seed).uniform(0, 1, (4, 3))
    greys: NDArray[np.float64] = sum(
        np.sin(2 * np.pi * (a * 6 * across / width + b * 6 * down / height + c))
        for a, b, c in waves
    )
    spread = (greys - greys.min()) / (greys.max() - greys.min())
    return save(Image.fromarray(np.rint(spread * 255).astype(np.uint8)))


def save(picture: Image.Image, *, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def sketch(content: bytes) -> Sketches:
    """As photos are sketched when they are added."""
    return sketch_photo(render_thumbnail(decode_photo(content).picture))


def bits_between(one: Sketches, other: Sketches) -> int:
    return int(np.bitwise_count(one ^ other).sum(axis=1).min())


@pytest.mark.parametrize("drawn", GOLDEN, ids=str)
def test_a_sketch_is_what_imagehash_makes_of_the_picture(drawn: tuple[int, int, int]) -> None:
    found = sketch_photo(draw_waves(*drawn))
    assert found.shape == (1, SKETCH_BYTES)
    assert found.tobytes().hex() == GOLDEN[drawn]


@pytest.mark.parametrize("quality", [95, 70, 40, 20])
def test_a_photo_saved_again_is_near(quality: int) -> None:
    for scene in range(10):
        photo = draw_scene(scene, scene=scene)
        assert bits_between(sketch(photo), sketch(save_again(photo, quality=quality))) <= NEAR_BITS


@pytest.mark.parametrize("how", CHANGES)
def test_a_changed_photo_is_near_to_one_of_the_copies(how: str) -> None:
    for scene in range(10):
        photo = draw_scene(scene, scene + 1, scene=scene)
        assert find_near(sketch(change(photo, how)), sketch_file(photo))


def test_only_the_copies_of_a_photo_know_it_mirrored() -> None:
    photo = draw_scene(1, scene=3)
    assert not find_near(sketch(change(photo, "mirrored")), sketch(photo))
    assert find_near(sketch(photo), sketch(photo))


def test_other_photos_are_far() -> None:
    sketches = [sketch(draw_scene(scene % 5, scene=scene)) for scene in range(30)]
    for place, one in enumerate(sketches):
        for other in sketches[place + 1 :]:
            assert bits_between(one, other) > 2 * NEAR_BITS


def test_a_photo_has_eight_copies_its_own_sketch_first() -> None:
    photo = draw_scene(1, scene=3)
    copies = sketch_file(photo)
    assert copies.shape == (8, SKETCH_BYTES)
    assert len({copy.tobytes() for copy in copies}) == 8
    assert copies[:1].tobytes() == sketch(photo).tobytes()


@pytest.mark.parametrize("difference", [NEAR_BITS, NEAR_BITS + 1])
def test_near_ends_after_31_bits(difference: int) -> None:
    one = np.zeros((1, SKETCH_BYTES), np.uint8)
    bits = np.zeros(SKETCH_BYTES * 8, np.bool_)
    bits[::8][:32] = True  # one bit in each byte
    bits[np.flatnonzero(bits)[difference:]] = False
    other = np.packbits(bits)[np.newaxis]
    assert find_near(one, other) is (difference <= NEAR_BITS)


def test_one_of_many_is_enough() -> None:
    sketches = np.concatenate([sketch(draw_scene(0, scene=scene)) for scene in range(5)])
    assert find_near(sketch(save_again(draw_scene(0, scene=4))), sketches)
    assert not find_near(sketch(draw_scene(0, scene=9)), sketches)


def test_what_shows_next_to_nothing_has_no_sketch_and_is_near_to_nothing() -> None:
    plain = save(Image.new("RGB", (300, 200), (200, 180, 160)))
    for found in (sketch_photo(plain), sketch_copies(plain)):
        assert found.shape == (0, SKETCH_BYTES)
    assert not find_near(sketch_photo(plain), sketch_file(draw_scene(1, scene=1)))
    assert not find_near(sketch(draw_scene(1, scene=1)), sketch_photo(plain))


def test_a_large_thumbnail_is_sketched_alike_though_it_is_read_coarsely() -> None:
    """The shortcut of the decoder costs a few bits and not more."""
    picture = Image.open(io.BytesIO(draw_waves(7, 320, 320))).convert("RGB")
    small = picture.resize((200, 200), Image.Resampling.LANCZOS)
    assert bits_between(sketch_photo(save(picture)), sketch_photo(save(small))) <= 8


def test_a_file_that_is_no_photo_has_no_sketch() -> None:
    with pytest.raises(PhotoError):
        sketch_file(b"no photo")


@pytest.mark.real
def test_real_photos_are_told_apart_and_known_again(data_folder: Path) -> None:
    """The target of 31 bits, on photos that look alike: one studio, one pose, one light."""
    paths = sorted((data_folder / "london").glob("*_neutral.jpg"))[:40]
    sketches = [sketch(path.read_bytes()) for path in paths]
    for place, one in enumerate(sketches):
        for other in sketches[place + 1 :]:
            assert bits_between(one, other) > NEAR_BITS
    for path in paths[::8]:
        photo = path.read_bytes()
        copies = sketch_file(photo)
        for how in CHANGES:
            assert find_near(sketch(change(photo, how)), copies), how
