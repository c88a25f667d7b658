"""Photos to drive the service with: drawn people, or real ones of the folders beside the tests."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Protocol

from mien.testing import draw_photo

DAD, MOM, ANN, BEN = range(4)
"""People of whom there are photos: three of the first, two of each other."""


class Photos(Protocol):
    """Photos of people who are the same in every set, each a JPEG or PNG."""

    def of(self, person: int, *, take: int = 0) -> bytes:
        """A photo of this person alone; another take, another photo."""

    def together(self, *people: int) -> bytes:
        """All of them, the first as the largest face."""

    def blurred(self, person: int) -> bytes:
        """So that nobody would know them again."""


def draw_nobody() -> bytes:
    """A photo without any face."""
    return draw_photo()


class DrawnPhotos:
    """Of drawn people, whom the stand-ins for the models see."""

    def of(self, person: int, *, take: int = 0) -> bytes:
        return draw_photo(person, seed=1 + take)

    def together(self, *people: int) -> bytes:
        return draw_photo(*people, seed=9)

    def blurred(self, person: int) -> bytes:
        return draw_photo(person, seed=7, blurred=[person])


_TAKES = {
    DAD: ("families/Family1-Dad1.jpg", "families/Family1-Dad2.jpg", "families/Family1-Dad3.jpg"),
    MOM: ("families/Family1-Mom1.jpg", "families/Family1-Mom2.jpg"),
    ANN: ("london/001_neutral.jpg", "london/001_smiling.jpg"),
    BEN: ("london/002_neutral.jpg", "london/002_smiling.jpg"),
}
_SMALLER, _SIDE_PX, _BLUR_PX = 0.6, 320, 10


class RealPhotos:
    """Of real people, as they lie in the folders."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, person: int, *, take: int = 0) -> bytes:
        return (self._folder / _TAKES[person][take]).read_bytes()

    @cache  # noqa: B019  (one for all of a run)
    def together(self, *people: int) -> bytes:
        """Their photos side by side."""
        from PIL import Image

        sides = [_SIDE_PX] + [round(_SIDE_PX * _SMALLER)] * (len(people) - 1)
        scene = Image.new("RGB", (sum(sides), _SIDE_PX), (128, 128, 128))
        left = 0
        for person, side in zip(people, sides, strict=True):
            with Image.open(io.BytesIO(self.of(person))) as photo:
                scene.paste(photo.convert("RGB").resize((side, side)), (left, 0))
            left += side
        return _encode(scene)

    def blurred(self, person: int) -> bytes:
        from PIL import Image, ImageFilter

        with Image.open(io.BytesIO(self.of(person))) as photo:
            small = photo.convert("RGB").resize((_SIDE_PX, _SIDE_PX))
            return _encode(small.filter(ImageFilter.GaussianBlur(_BLUR_PX)))


def _encode(picture: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=92)  # type: ignore[attr-defined]
    return file.getvalue()
