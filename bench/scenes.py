"""Pictures to find faces in, and pictures without any, composed with a fixed seed.

Faces come from `lfw-view1`, where they stand in the middle and are about 0.4 of the photo
wide, and from `london`, cut to the same share. They are scattered over photos whose blocks
were shuffled and turned, so that skin, hair and edges are there but no face. Pictures
without faces are such shuffled photos, noise with the spectrum of photos, drawn patterns,
and mosaics of the Londoners' clothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

SEED = 20
SCENE_PX = (2560, 1920)
FACE_SHARE = 0.4
MOST_FACES = 12
_LONDON_FACE = (100, 100, 800, 800)
_LONDON_CLOTHING = (0, 780, 900, 900)
_LEVELS = 256

Place = tuple[float, float, float]
"""Where a face is: x and y of its middle, and its width."""


@dataclass(frozen=True, slots=True)
class Album:
    """Photos to cut from, by name."""

    lfw: list[Path]
    london: list[Path]

    def draw_lfw(self, random: np.random.Generator) -> Image.Image:
        return _open(self.lfw[int(random.integers(len(self.lfw)))])

    def draw_london(self, random: np.random.Generator) -> Image.Image:
        return _open(self.london[int(random.integers(len(self.london)))])

    def draw_face(self, random: np.random.Generator) -> Image.Image:
        if random.random() < FACE_SHARE:
            return self.draw_london(random).crop(_LONDON_FACE)
        return self.draw_lfw(random)


def open_album(data: Path) -> Album:
    return Album(*(sorted((data / f).glob("*.jpg")) for f in ("lfw-view1/images", "london")))


def compose_scene(
    album: Album, random: np.random.Generator, *, share: float
) -> tuple[Image.Image, list[Place]]:
    """A large scene with up to twelve faces, each `share` of it wide."""
    scene = draw_ground(album, random)
    side = round(share * SCENE_PX[0] / FACE_SHARE)
    columns, rows = SCENE_PX[0] // side, SCENE_PX[1] // side
    places = []
    for cell in random.choice(columns * rows, min(MOST_FACES, columns * rows), replace=False):
        left, top = int(cell % columns) * side, int(cell // columns) * side
        face = album.draw_face(random).resize((side, side), Image.Resampling.LANCZOS)
        scene.paste(face, (left, top))
        places.append((left + side / 2, top + side / 2, side * FACE_SHARE))
    return scene, places


def compose_close_up(
    album: Album, random: np.random.Generator, *, share: float
) -> tuple[Image.Image, list[Place]]:
    """A photo of 640 px cut so that its face is `share` of it wide."""
    photo = album.draw_lfw(random)
    side = photo.width * FACE_SHARE / share
    margin = (photo.width - side) / 2
    box = (margin, margin, photo.width - margin, photo.height - margin)
    return photo.resize((640, 640), box=box), [(320.0, 320.0, 640 * share)]


def draw_ground(album: Album, random: np.random.Generator, *, cell_px: int = 480) -> Image.Image:
    ground = Image.new("RGB", SCENE_PX)
    for left in range(0, SCENE_PX[0], cell_px):
        for top in range(0, SCENE_PX[1], cell_px):
            piece = shuffle_blocks(album.draw_lfw(random), random, block_px=20)
            ground.paste(piece.resize((cell_px, cell_px)), (left, top))
    return ground


def shuffle_blocks(
    photo: Image.Image, random: np.random.Generator, *, block_px: int
) -> Image.Image:
    """The photo in square blocks, each at another place and turned."""
    count = min(photo.size) // block_px
    side = count * block_px
    blocks = np.asarray(photo)[:side, :side].reshape(count, block_px, count, block_px, 3)
    blocks = blocks.swapaxes(1, 2).reshape(-1, block_px, block_px, 3)
    turned = [np.rot90(blocks[i], int(random.integers(4))) for i in random.permutation(count**2)]
    grid = np.stack(turned).reshape(count, count, block_px, block_px, 3).swapaxes(1, 2)
    return Image.fromarray(grid.reshape(side, side, 3))


def iter_faceless(album: Album) -> Iterator[tuple[str, Image.Image]]:
    """262 pictures without a face, each with its kind."""
    random = np.random.default_rng(SEED)
    for _ in range(60):
        yield "noise", draw_noise(random)
    for number in range(50):
        yield "patterns", draw_pattern(random, kind=number % 3)
    for _ in range(80):
        block_px = int(random.choice([10, 25, 31]))
        shuffled = shuffle_blocks(album.draw_lfw(random), random, block_px=block_px)
        yield "shuffled photos", shuffled.resize((640, 640))
    for _ in range(60):
        yield "clothing", draw_clothing(album, random)
    for _ in range(12):
        yield "large shuffled photos", draw_ground(album, random)


def draw_noise(random: np.random.Generator, *, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Noise whose power falls with frequency as that of photos does, more or less steeply."""
    width, height = size
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    frequency[0, 0] = 1
    spectrum = np.fft.fft2(random.normal(size=(height, width, 3)), axes=(0, 1))
    shaped = spectrum * (frequency ** -random.uniform(0.5, 1.5))[..., np.newaxis]
    noise = np.fft.ifft2(shaped, axes=(0, 1)).real
    return _to_picture((noise - noise.min()) / np.ptp(noise))


def draw_pattern(random: np.random.Generator, *, kind: int) -> Image.Image:
    """Stripes, checks or dots in two colours."""
    y, x = np.mgrid[:480, :640]
    step, angle = random.uniform(0.02, 0.3), random.uniform(0, 2 * np.pi)
    radius = random.uniform(10, 60)
    drawn = (
        np.sin(step * (x * np.cos(angle) + y * np.sin(angle))) > 0,
        np.sin(step * x) * np.sin(step * y) > 0,
        np.hypot(x % (3 * radius) - 1.5 * radius, y % (3 * radius) - 1.5 * radius) < radius,
    )[kind]
    ground, ink = random.uniform(0, 1, (2, 3))
    return _to_picture(np.where(drawn[..., np.newaxis], ink, ground))


def draw_clothing(album: Album, random: np.random.Generator) -> Image.Image:
    """The lowest strips of Londoners' photos side by side, more or less blurred."""
    mosaic = Image.new("RGB", (800, 600))
    for left in range(0, 800, 200):
        for top in range(0, 600, 120):
            strip = album.draw_london(random).crop(_LONDON_CLOTHING).resize((400, 120))
            start = int(random.integers(200))
            mosaic.paste(strip.crop((start, 0, start + 200, 120)), (left, top))
    return mosaic.filter(ImageFilter.GaussianBlur(random.uniform(0, 3)))


def _open(path: Path) -> Image.Image:
    with Image.open(path) as photo:
        return photo.convert("RGB")


def _to_picture(values: np.ndarray) -> Image.Image:
    return Image.fromarray((values * (_LEVELS - 1)).astype(np.uint8))
