"""Which copies of an opted-out photo are known again, and which other photos are taken for one."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from bench.rows import make_row
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from mien.vision.render import render_thumbnail
from mien.vision.sketch import NEAR_BITS, Sketches, find_near, sketch_copies, sketch_photo

_COPIED = 250

Change = Callable[[Image.Image], Image.Image]


def measure_copies(data: Path) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Rows about all pairs of different photos, and a table of copies by how they were made."""
    paths = sorted(path for path in data.rglob("*.jpg"))
    sketches = np.concatenate([sketch_photo(_render(path)) for path in paths])
    pairs, near = count_near(sketches)
    chosen = np.random.default_rng(0).permutation(len(paths))[:_COPIED]
    pictures = [Image.open(paths[number]).convert("RGB") for number in chosen]
    known = [sketch_copies(render_thumbnail(picture)) for picture in pictures]
    table: list[dict[str, object]] = []
    for name, change in iter_changes():
        found = [
            find_near(sketch_photo(render_thumbnail(change(picture))), own)
            for picture, own in zip(pictures, known, strict=True)
        ]
        table.append({"copy": name, "known again %": 100 * float(np.mean(found))})
    what = f"pairs of other photos taken for copies, of {pairs:,}"
    return [make_row(what, near)], table


def count_near(sketches: Sketches) -> tuple[int, int]:
    """How many pairs there are, and how many of them are near."""
    near = 0
    for number, sketch in enumerate(sketches[:-1]):
        bits = np.bitwise_count(sketches[number + 1 :] ^ sketch).sum(axis=1)
        near += int((bits <= NEAR_BITS).sum())
    return len(sketches) * (len(sketches) - 1) // 2, near


def iter_changes() -> Iterator[tuple[str, Change]]:
    yield "saved again at quality 30", lambda picture: _save(picture, quality=30)
    yield "saved again at quality 10", lambda picture: _save(picture, quality=10)
    yield "at half the size", lambda picture: _scale(picture, 0.5)
    yield "at a quarter of the size", lambda picture: _scale(picture, 0.25)
    yield "stretched by 1.3", lambda p: p.resize((round(p.width * 1.3), p.height))
    yield "greyed", lambda picture: picture.convert("L").convert("RGB")
    yield "contrast 1.4", lambda picture: ImageEnhance.Contrast(picture).enhance(1.4)
    yield "brightness 1.3", lambda picture: ImageEnhance.Brightness(picture).enhance(1.3)
    yield "mirrored", ImageOps.mirror
    yield "turned by a quarter", lambda picture: picture.rotate(90, expand=True)
    yield "cropped by 1 % on each side", lambda picture: _crop(picture, 0.01)
    yield "cropped by 2 % on each side", lambda picture: _crop(picture, 0.02)
    yield "cropped by 5 % on each side", lambda picture: _crop(picture, 0.05)
    yield "with a white label", _label
    yield "framed by 3 %", lambda p: ImageOps.expand(p, round(p.width * 0.03), (0, 0, 0))


def _render(path: Path) -> bytes:
    with Image.open(path) as picture:
        return render_thumbnail(picture.convert("RGB"))


def _save(picture: Image.Image, *, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def _scale(picture: Image.Image, factor: float) -> Image.Image:
    return picture.resize((round(picture.width * factor), round(picture.height * factor)))


def _crop(picture: Image.Image, share: float) -> Image.Image:
    across, down = round(picture.width * share), round(picture.height * share)
    return picture.crop((across, down, picture.width - across, picture.height - down))


def _label(picture: Image.Image) -> Image.Image:
    labelled = picture.copy()
    places = (
        0.6 * picture.width,
        0.9 * picture.height,
        0.98 * picture.width,
        0.97 * picture.height,
    )
    ImageDraw.Draw(labelled).rectangle(places, fill=(255, 255, 255))
    return labelled
