"""A square look at a part of a picture: enlarged, reduced or turned, and the way back from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mien.vision.findings import Findings

__all__ = ["GREY", "View"]

GREY = (128, 128, 128)
"""What surrounds a picture."""


@dataclass(frozen=True, slots=True)
class View:
    """A square of a picture around a place x + iy, `px` wide when looked at.

    It leans by `lean_deg`, clockwise: what leans so in the picture is upright in the view.
    """

    centre: complex
    side_px: float
    px: int
    lean_deg: float = 0.0

    def cut(self, picture: Image.Image) -> Image.Image:
        """The view, grey where it leaves the picture."""
        turn, origin = self._turn, self._origin
        reduction = max(1, int(abs(turn)))
        if reduction > 1:
            box = self._covered(picture.size)
            picture = picture.reduce(reduction, box=box)
            origin = (origin - complex(box[0], box[1])) / reduction
            turn /= reduction
        return picture.transform(
            (self.px, self.px),
            Image.Transform.AFFINE,
            (turn.real, -turn.imag, origin.real, turn.imag, turn.real, origin.imag),
            Image.Resampling.BILINEAR,
            fillcolor=GREY,
        )

    def put_back(self, found: Findings) -> Findings:
        """Findings of the view in pixels of the picture; boxes grow as they are turned."""
        places = (found[:, 1::2] + 1j * found[:, 2::2]) * self._turn + self._origin
        middles = (places[:, 0] + places[:, 1]) / 2
        wide, high = found[:, 3] - found[:, 1], found[:, 4] - found[:, 2]
        across, along = abs(self._turn.real), abs(self._turn.imag)
        halves = (wide * across + high * along + 1j * (wide * along + high * across)) / 2
        places[:, 0], places[:, 1] = middles - halves, middles + halves
        there = found.copy()
        there[:, 1::2], there[:, 2::2] = places.real, places.imag
        return there

    @property
    def _turn(self) -> complex:
        """Pixels of the picture for one of the view."""
        angle = math.radians(self.lean_deg)
        return self.side_px / self.px * complex(math.cos(angle), math.sin(angle))

    @property
    def _origin(self) -> complex:
        """Where the view's corner lies in the picture."""
        return self.centre - self._turn * complex(self.px, self.px) / 2

    def _covered(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """The part of the picture that the view shows, with a margin; never empty."""
        half = self.side_px * (0.5 if self.lean_deg % 90 == 0 else math.sqrt(0.5)) + 8
        left, top = self.centre.real - half, self.centre.imag - half
        return (
            int(np.clip(left, 0, size[0] - 1)),
            int(np.clip(top, 0, size[1] - 1)),
            int(np.clip(left + 2 * half, 1, size[0])),
            int(np.clip(top + 2 * half, 1, size[1])),
        )
