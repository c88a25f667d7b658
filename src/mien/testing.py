"""Stand-ins for the models, and photos that they can read: no weights, no network, no people.

A drawn photo is a grey PNG with one coloured square for each person. The fake models find
the squares and make of each colour an embedding near to itself and far from all others.
The same bytes always give the same faces.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.types import (
    Box,
    EmbeddedFace,
    EmbeddingModel,
    Face,
    Gaussian,
    Landmarks,
    PhotoAnalysis,
    Point,
    Rgb,
)
from mien.vision.decode import DecodeLimits, decode_photo
from mien.vision.render import encode_png, render_crop, render_thumbnail

DIMENSION = 32
PEOPLE = 216
"""How many people there are to draw."""

_SIDE_PX = 48
_GAP_PX = 16
_GREY = 128
_LEVELS = 6
_STEP = 51
_NOISE = 0.05
_MODEL = EmbeddingModel(
    model_id="fake",
    digest="fa" * 32,
    dimension=DIMENSION,
    gaussian=Gaussian(
        np.zeros(DIMENSION, np.float32), np.eye(DIMENSION, dtype=np.float32) / DIMENSION
    ),
)


def draw_photo(*people: int, seed: int = 0) -> bytes:
    """A PNG of these people, numbers below `PEOPLE`; another seed, another photo of them."""
    side_px = _SIDE_PX + 2 * _GAP_PX
    picture = np.full((side_px, max(1, len(people)) * side_px, 3), _GREY, np.uint8)
    for place, person in enumerate(people):
        left = place * side_px + _GAP_PX
        picture[_GAP_PX : _GAP_PX + _SIDE_PX, left : left + _SIDE_PX] = _colour_of(person)
    # The seed stands in a corner, so that the bytes differ and nothing else does.
    picture[0, 0] = (seed % 256, seed // 256 % 256, _GREY)
    return encode_png(picture)


class FakeModels:
    """Models that find drawn people."""

    @property
    def model(self) -> EmbeddingModel:
        return _MODEL

    def open(self, *, threads: int) -> FakeVision:
        del threads
        return FakeVision()


class FakeVision:
    """Finds coloured squares in drawn photos; real photos of grey things show nobody."""

    def analyse(self, content: bytes) -> PhotoAnalysis:
        """Raises `PhotoError` as real vision does."""
        photo = decode_photo(content, limits=DecodeLimits(pixels=10_000_000))
        rgb = np.asarray(photo.picture)
        return PhotoAnalysis(
            width_px=photo.width_px,
            height_px=photo.height_px,
            media_type=photo.media_type,
            thumbnail_jpeg=render_thumbnail(photo.picture),
            credit=photo.credit,
            faces=tuple(
                EmbeddedFace(face, _embed(rgb, face.box), render_crop(photo.picture, face.box))
                for face in _find_faces(rgb)
            ),
        )
