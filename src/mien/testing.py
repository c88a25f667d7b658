"""Stand-ins for the models, and photos that they can read: no weights, no network, no people.

A drawn photo is a grey PNG with one coloured square for each person. The fake models find
the squares and make of each colour an embedding near to itself and far from all others.
The same bytes always give the same faces.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mien.errors import ModelError
from mien.service.ports import Models, Vision
from mien.types import (
    Box,
    Calibration,
    Cohort,
    EmbeddedFace,
    EmbeddingModel,
    Face,
    Flaw,
    Gaussian,
    Landmarks,
    Look,
    PhotoAnalysis,
    Point,
    Quality,
    Rgb,
)
from mien.vision.decode import DecodeLimits, decode_photo
from mien.vision.render import render_crop, render_thumbnail

DIMENSION = 32
PEOPLE = 216
"""How many people there are to draw."""

GOOD = Quality(
    value=90.0,
    inter_eye_px=32.0,
    sharpness=0.5,
    noise=0.2,
    yaw_deg=0.0,
    pitch_deg=0.0,
    roll_deg=0.0,
    luminance=0.5,
    dynamic_range=6.0,
    under_exposed=0.0,
    over_exposed=0.0,
    inside=1.0,
    consistency=1.0,
)
"""What a drawn person is seen with."""

POOR = replace(GOOD, value=2.0, sharpness=0.02, flaws=(Flaw.BLURRED,))
"""What a person drawn as blurred is seen with."""

_CELL_PX = 80
_GAP_PX = 16
_GREY = 128
_MARK = 0
_LEVELS = 6
_STEP = 51
_NOISE = 0.2
_FURTHEST = 12.0
_KNOTS = 40


def _calibrate() -> Calibration:
    """In closed form: drawn people score as Gaussian noise, of deviation 1 / sqrt(dimension)."""
    scores = np.linspace(-_FURTHEST, _FURTHEST, _KNOTS)
    # The highest fifth of a Gaussian has its mean at 1.3998 deviations, and a deviation of 0.4682.
    deviations = 1.3998 + 0.4682 * scores
    shares = [max(1e-8, math.erfc(z / math.sqrt(2)) / 2) for z in deviations.tolist()]
    log10_fmr = np.log10(shares)
    return Calibration(
        scores=scores,
        log10_fmr=log10_fmr,
        log10_fmr_low=log10_fmr - 0.2,
        log10_fmr_high=np.minimum(log10_fmr + 0.2, 0.0),
        log10_ratio=np.clip(-log10_fmr - 2, -2, 4),
        extrapolated_from=6.0,
    )


_MODEL = EmbeddingModel(
    model_id="fake",
    digest="fa" * 32,
    dimension=DIMENSION,
    gaussian=Gaussian(
        np.zeros(DIMENSION, np.float32), np.eye(DIMENSION, dtype=np.float32) / np.float32(DIMENSION)
    ),
    score_by_fmr={1e-2: 0.6, 1e-3: 0.75, 1e-4: 0.8},
    missed_by_fmr={1e-2: 0.0, 1e-3: 0.0, 1e-4: 0.0},
    measured_on="drawn people",
    cohort=Cohort(
        np.zeros((1, DIMENSION), np.float32),
        np.ones(1, np.float32),
        np.eye(DIMENSION, dtype=np.float32) / np.float32(DIMENSION),
    ),
    calibration=_calibrate(),
)


def draw_photo(*people: int, seed: int = 0, blurred: Collection[int] = ()) -> bytes:
    """A PNG of these people, numbers below `PEOPLE`; another seed, another photo of them.

    Those who are `blurred` are seen with poor quality.
    """
    picture = np.full((_CELL_PX, max(1, len(people)) * _CELL_PX, 3), _GREY, np.uint8)
    for place, person in enumerate(people):
        left = place * _CELL_PX + _GAP_PX
        picture[_GAP_PX:-_GAP_PX, left : left + _CELL_PX - 2 * _GAP_PX] = _colour_of(person)
        if person in blurred:
            picture[-1, left] = _MARK
    # The seed stands in a corner, so that the bytes differ and nothing else does.
    picture[0, 0] = (seed % 256, seed // 256 % 256, _GREY)
    return _encode_png(picture)


class FakeModels:
    """Models that find drawn people."""

    @property
    def model(self) -> EmbeddingModel:
        return _MODEL

    def open(self, *, threads: int) -> Vision:
        del threads
        return FakeVision()

    def get(self, pack: str) -> Models:
        raise ModelError(f"There is no model pack {pack!r}: these models are alone.")

    def find(self, digest: str) -> Models | None:  # noqa: ARG002  (there is nothing to find)
        return None


class FakeVision:
    """Finds coloured squares in drawn photos; real photos of grey things show nobody."""

    def analyse(self, content: bytes, *, look: Look = Look.PHOTO) -> PhotoAnalysis:
        """Raises `PhotoError` as real vision does. What is drawn is seen at any look."""
        del look
        photo = decode_photo(content, limits=DecodeLimits(pixels=10_000_000))
        rgb = np.asarray(photo.picture)
        return PhotoAnalysis(
            width_px=photo.width_px,
            height_px=photo.height_px,
            media_type=photo.media_type,
            thumbnail_jpeg=render_thumbnail(photo.picture),
            credit=photo.credit,
            faces=tuple(
                EmbeddedFace(
                    face,
                    _embed(person, rgb),
                    render_crop(photo.picture, face.box),
                    POOR if _is_marked(rgb, face) else GOOD,
                )
                for person, face in _find_people(rgb)
            ),
        )


def _find_people(rgb: Rgb) -> list[tuple[int, Face]]:
    if rgb.shape[0] != _CELL_PX or rgb.shape[1] % _CELL_PX:
        return []
    middle = _CELL_PX // 2
    cells = range(0, rgb.shape[1], _CELL_PX)
    colours = [(left, rgb[middle, left + middle]) for left in cells]
    return [(_person_of(c), _face_at(left)) for left, c in colours if not np.all(c == _GREY)]


def _is_marked(rgb: Rgb, face: Face) -> bool:
    """Was the person drawn as blurred?"""
    return bool(np.all(rgb[-1, int(face.box.x1)] == _MARK))


def _face_at(left: int) -> Face:
    near, far = left + _GAP_PX, left + _CELL_PX - _GAP_PX
    top, bottom, middle = _GAP_PX, _CELL_PX - _GAP_PX, _CELL_PX / 2
    landmarks = Landmarks(
        Point(near + 8, top + 12),
        Point(far - 8, top + 12),
        Point(left + middle, middle),
        Point(near + 12, bottom - 8),
        Point(far - 12, bottom - 8),
    )
    return Face(Box(near, top, far, bottom), landmarks, confidence=1.0)


def _embed(person: int, rgb: Rgb) -> NDArray[np.float32]:
    """A direction of the person's own, with a little of this photo's."""
    own = np.random.default_rng(person).standard_normal(DIMENSION)
    photo = np.random.default_rng(rgb[0, 0].tolist()).standard_normal(DIMENSION)
    vector = own + _NOISE * photo
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def _colour_of(person: int) -> NDArray[np.uint8]:
    if not 0 <= person < PEOPLE:
        raise ValueError(f"there are {PEOPLE} people to draw, and {person} is none of them")
    levels = (person // _LEVELS**2, person // _LEVELS % _LEVELS, person % _LEVELS)
    return np.array(levels, np.uint8) * np.uint8(_STEP)


def _person_of(colour: NDArray[np.uint8]) -> int:
    red, green, blue = (int(level) for level in np.rint(colour / _STEP))
    return (red * _LEVELS + green) * _LEVELS + blue


def _encode_png(rgb: Rgb) -> bytes:
    height, width, _ = rgb.shape
    rows = b"".join(b"\0" + row.tobytes() for row in rgb)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_encode_chunk(*chunk) for chunk in chunks)


def _encode_chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
