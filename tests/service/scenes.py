"""Drawn photos with a background, so that two of them look different to more than a face model."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from mien.testing import draw_photo

_TILE_PX = 8
_FACE_PX = slice(16, 64)
"""Where in its cell a drawn person is; the rest is background."""


def draw_scene(*people: int, scene: int) -> bytes:
    """A PNG of these people before a background; another scene, another background."""
    with Image.open(io.BytesIO(draw_photo(*people, seed=scene))) as image:
        drawn = np.array(image.convert("RGB"))
    height, width, _ = drawn.shape
    random = np.random.default_rng(scene)
    tiles = random.integers(0, 256, (height // _TILE_PX, width // _TILE_PX, 1), dtype=np.uint8)
    background = tiles.repeat(_TILE_PX, axis=0).repeat(_TILE_PX, axis=1).repeat(3, axis=2)
    for left in range(0, width, height):
        cell = slice(left + _FACE_PX.start, left + _FACE_PX.stop)
        background[_FACE_PX, cell] = drawn[_FACE_PX, cell]
    background[0, 0] = drawn[0, 0]
    return _save(Image.fromarray(background), "PNG")


def save_again(content: bytes, *, quality: int = 70) -> bytes:
    """The same photo as another file."""
    return _save(_open(content), "JPEG", quality=quality)


def change(content: bytes, how: str) -> bytes:
    """The same photo, changed so that everybody still sees what it is."""
    picture = _open(content)
    changed = {
        "smaller": lambda: picture.resize((picture.width * 3 // 4, picture.height * 3 // 4)),
        "larger": lambda: picture.resize((picture.width * 2, picture.height * 2)),
        "brighter": lambda: ImageEnhance.Brightness(picture).enhance(1.15),
        "grey": lambda: picture.convert("L").convert("RGB"),
        "mirrored": lambda: ImageOps.mirror(picture),
        "upside down": lambda: picture.rotate(180),
        "on its side": lambda: picture.rotate(90, expand=True),
        "other side": lambda: ImageOps.mirror(picture.rotate(90, expand=True)),
    }[how]()
    return _save(changed, "JPEG", quality=85)


CHANGES = (
    *("smaller", "larger", "brighter", "grey"),
    *("mirrored", "upside down", "on its side", "other side"),
)


def _open(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as image:
        return image.convert("RGB")


def _save(picture: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()
