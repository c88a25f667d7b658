"""What a photo looks like in 256 bits, by which it is known again after it was saved anew.

A sketch is the perceptual hash of `imagehash.phash(picture, hash_size=16)`, bit for bit: of the
picture in 64 x 64 greys, which of the 16 x 16 lowest frequencies are above their median. Photos
that were recompressed, resized, brightened or turned grey stay near; cropped ones do not. It
shows roughly what is in the photo, and is to be treated like it.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mien.vision.decode import decode_photo
from mien.vision.render import render_thumbnail

__all__ = ["NEAR_BITS", "SKETCH_BYTES", "find_near", "sketch_copies", "sketch_photo"]

Sketches = NDArray[np.uint8]
"""One a row, shape (n, 32)."""

SKETCH_BYTES = 32
NEAR_BITS = 31
"""Photos whose sketches differ in no more bits look the same."""

_SIDE_PX = 64
_FREQUENCIES = 16
_DRAFT_PX = 128
_LEAST_DETAIL = 50
_MOST_DETAIL = 100


def sketch_photo(thumbnail_jpeg: bytes) -> Sketches:
    """The sketch of a photo by its thumbnail, shape (1, 32); shape (0, 32) of one too plain."""
    greys = _read_greys(thumbnail_jpeg)
    return _sketch([greys] if _measure_detail(greys) >= _LEAST_DETAIL else [])


def sketch_copies(thumbnail_jpeg: bytes) -> Sketches:
    """The sketches of a photo and of its mirrored and turned copies: eight, or none."""
    greys = _read_greys(thumbnail_jpeg)
    if _measure_detail(greys) < _LEAST_DETAIL:
        return _sketch([])
    turned = [np.rot90(greys, quarters) for quarters in range(4)]
    return _sketch([*turned, *(one.T for one in turned)])


def sketch_file(content: bytes) -> Sketches:
    """As `sketch_copies`, of a photo's own bytes. Raises `PhotoError`."""
    return sketch_copies(render_thumbnail(decode_photo(content).picture))


def find_near(sketch: Sketches, sketches: Sketches) -> bool:
    """Is the one sketch near to any of the others? One that is none is near to nothing."""
    if not len(sketch) or not len(sketches):
        return False
    bits = np.bitwise_count(sketches ^ sketch).sum(axis=1)
    return bool((bits <= NEAR_BITS).any())


def _read_greys(jpeg: bytes) -> NDArray[np.float64]:
    """Shape (64, 64)."""
    with Image.open(io.BytesIO(jpeg)) as image:
        # The decoder leaves out colours and fine detail, which takes half the time.
        image.draft("L", (_DRAFT_PX, _DRAFT_PX))
        small = image.convert("L").resize((_SIDE_PX, _SIDE_PX), Image.Resampling.LANCZOS)
    return np.asarray(small, np.float64)


def _measure_detail(greys: NDArray[np.float64]) -> int:
    """From 0 to 100, how much there is to see: the quality measure of PDQ."""
    percents = greys * 100 / 255
    steps = sum(float(np.trunc(np.abs(np.diff(percents, axis=axis))).sum()) for axis in (0, 1))
    return min(_MOST_DETAIL, int(steps / 90))


def _sketch(pictures: list[NDArray[np.float64]]) -> Sketches:
    waves = _make_waves()
    frequencies = [waves @ greys @ waves.T for greys in pictures]
    bits = [(one > np.median(one)).ravel() for one in frequencies]
    return np.packbits(np.array(bits, np.bool_).reshape(-1, _FREQUENCIES**2), axis=1)


def _make_waves() -> NDArray[np.float64]:
    """The lowest rows of the discrete cosine transform (type II), shape (16, 64)."""
    frequency, place = np.arange(_FREQUENCIES)[:, None], np.arange(_SIDE_PX)[None, :]
    waves: NDArray[np.float64] = np.cos(np.pi * frequency * (2 * place + 1) / (2 * _SIDE_PX))
    return waves
