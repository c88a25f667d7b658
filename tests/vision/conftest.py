"""The real pipeline for tests marked real, and pictures that tests draw themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.errors import WeightsError
from mien.types import Rgb
from mien.vision.cards import get_pack
from mien.vision.pipeline import Pipeline, open_pipeline
from mien.vision.weights import WeightStore


@pytest.fixture(scope="session")
def store(cache_folder: Path) -> WeightStore:
    """The default weights, pulled once into the user's cache."""
    store = WeightStore(cache_folder / "models")
    pack = get_pack("open")
    try:
        for card in (pack.detector, pack.recogniser):
            store.pull(card)
    except WeightsError as error:
        pytest.skip(f"no weights: {error}")
    return store


@pytest.fixture(scope="session")
def pipeline(store: WeightStore) -> Pipeline:
    return open_pipeline(store=store, threads=2)


@pytest.fixture(scope="session")
def quadrants() -> Image.Image:
    """48 x 32: red, green over blue, white; every way of turning it looks different."""
    pixels = np.zeros((32, 48, 3), np.uint8)
    pixels[:16, :24] = (255, 0, 0)
    pixels[:16, 24:] = (0, 255, 0)
    pixels[16:, :24] = (0, 0, 255)
    pixels[16:, 24:] = (255, 255, 255)
    return Image.fromarray(pixels)


@pytest.fixture(scope="session")
def noise() -> Rgb:
    """150 x 150 of smooth coloured noise, the same on every machine."""
    return draw_noise(seed=7)


def draw_noise(*, seed: int) -> Rgb:
    """A synthetic chip of integers alone, so that no rounding can differ."""
    coarse = np.random.default_rng(seed).integers(0, 256, (15, 15, 3), dtype=np.uint8)
    return np.repeat(np.repeat(coarse, 10, axis=0), 10, axis=1)
