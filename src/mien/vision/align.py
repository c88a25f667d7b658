"""Brings a face onto its model's template: one size, one place, upright.

Coordinates of landmarks are continuous: the first pixel spans 0 to 1. Those of a template
name pixel centres, as in dlib.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mien.types import Landmarks, Rgb
from mien.vision.cards import Alignment

__all__ = ["Aligner", "fit_similarity"]

_PIXEL_CENTRE = 0.5
_GRID = 16


class Aligner:
    """Cuts the chips of `side_px` that one model wants; may be used from several threads."""

    def __init__(self, alignment: Alignment, *, side_px: int) -> None:
        points = alignment.templates() + _PIXEL_CENTRE
        self._templates = points[..., 0] + 1j * points[..., 1]
        self._side_px = side_px
        steps = (np.arange(_GRID) + 0.5) * (side_px / _GRID)
        self._grid = steps[:, np.newaxis] * 1j + steps

    def enlargement(self, landmarks: Landmarks) -> float:
        """Pixels of the closest chip per pixel of the photo."""
        points = _as_complex(landmarks, scale=1.0)
        return max(abs(fit_similarity(points, template)[0]) for template in self._templates)

    def cut_chips(
        self, picture: Image.Image, landmarks: Landmarks, *, scale: float = 1.0
    ) -> list[Rgb]:
        """The face's chips, one for each scale of the model, black where they leave the picture.

        Landmarks are in pixels of the full photo, of which the picture has `scale` as many.
        """
        points = _as_complex(landmarks, scale=scale)
        return [
            self._cut(picture, fit_similarity(points, template)) for template in self._templates
        ]

    def cut_grey_chip(
        self, picture: Image.Image, landmarks: Landmarks, *, scale: float = 1.0
    ) -> NDArray[np.uint8]:
        """The first of the chips in luminance (ITU-R BT.601), shape (side, side)."""
        fitted = fit_similarity(_as_complex(landmarks, scale=scale), self._templates[0])
        return self._cut(picture, fitted, mode="L")

    def share_inside(self, landmarks: Landmarks, *, size_px: tuple[int, int]) -> float:
        """How much of the first chip lies within a photo of this size, 0 to 1."""
        points = _as_complex(landmarks, scale=1.0)
        factor, shift = fit_similarity(points, self._templates[0])
        places = (self._grid - shift) / factor
        is_inside = (places.real >= 0) & (places.real <= size_px[0])
        is_inside &= (places.imag >= 0) & (places.imag <= size_px[1])
        return float(is_inside.mean())

    def _cut(
        self, picture: Image.Image, fitted: tuple[complex, complex], *, mode: str = "RGB"
    ) -> NDArray[np.uint8]:
        factor, shift = fitted
        # A picture point z stands at w = factor z + shift; the chip asks for the inverse.
        turn, origin = 1 / factor, -shift / factor
        reduction = max(1, int(abs(turn)))
        if reduction > 1 or mode != picture.mode:
            box = _covered(turn, origin, side_px=self._side_px, size=picture.size)
            picture = picture.reduce(reduction, box=box).convert(mode)
            origin = (origin - complex(box[0], box[1])) / reduction
            turn /= reduction
        chip = picture.transform(
            (self._side_px, self._side_px),
            Image.Transform.AFFINE,
            (turn.real, -turn.imag, origin.real, turn.imag, turn.real, origin.imag),
            Image.Resampling.BILINEAR,
        )
        return np.asarray(chip)


def fit_similarity(
    sources: NDArray[np.complex128], targets: NDArray[np.complex128]
) -> tuple[complex, complex]:
    """Factor and shift of the similarity that brings sources to targets by least squares.

    Points are x + iy, so a complex factor turns and scales. The least-squares solution of
    Umeyama (IEEE PAMI 13, 1991) in the plane, where a reflection cannot be had.
    """
    centre, goal = sources.mean(), targets.mean()
    spread = sources - centre
    factor = complex(np.vdot(spread, targets - goal) / np.vdot(spread, spread))
    return factor, complex(goal - factor * centre)


def _as_complex(landmarks: Landmarks, *, scale: float) -> NDArray[np.complex128]:
    points = landmarks.as_array() * scale
    return points[:, 0] + 1j * points[:, 1]


def _covered(
    turn: complex, origin: complex, *, side_px: int, size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """The part of the picture that the chip shows, with a small margin; never empty."""
    corners = [turn * complex(x, y) + origin for x in (0, side_px) for y in (0, side_px)]
    margin = 2 * math.ceil(abs(turn))
    left, right = _clip([corner.real for corner in corners], margin, side_px=size[0])
    top, bottom = _clip([corner.imag for corner in corners], margin, side_px=size[1])
    return left, top, right, bottom


def _clip(places: list[float], margin: int, *, side_px: int) -> tuple[int, int]:
    first = min(max(0, math.floor(min(places)) - margin), side_px - 1)
    last = min(max(first + 1, math.ceil(max(places)) + margin), side_px)
    return first, last
