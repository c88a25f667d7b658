"""Faces to search among: real ones of `lfw-view1`, and any number drawn from the model's Gaussian.

Real templates live in memory only, for as long as a bench runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bench.accuracy import embed_central_faces
from numpy.typing import NDArray

from mien.types import Gaussian, Vectors
from mien.vision.pipeline import open_pipeline
from mien.vision.weights import WeightStore

__all__ = ["People", "draw_faces", "embed_people"]

_DRAW_ROWS = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Real templates, shape (n, dimension), whose they are, and the model's Gaussian."""

    templates: Vectors
    person: NDArray[np.int64]
    gaussian: Gaussian

    def with_several_photos(self) -> NDArray[np.bool_]:
        """Which of the templates are of somebody with another photo."""
        several: NDArray[np.bool_] = np.bincount(self.person)[self.person] > 1
        return several


def embed_people(photos: Path, *, weights: Path) -> People:
    """The central faces of a folder whose files are named Name_Surname_0001.jpg."""
    pipeline = open_pipeline(store=WeightStore(weights), threads=1)
    found = embed_central_faces(pipeline, sorted(photos.glob("*.jpg")))
    names = [re.sub(r"_\d+\.jpg$", "", file) for file in found]
    person = np.unique(names, return_inverse=True)[1].astype(np.int64)
    return People(np.stack(list(found.values())), person, pipeline.model.gaussian)


def draw_faces(gaussian: Gaussian, count: int, *, seed: int) -> Vectors:
    """Nobody's templates, of unit length."""
    random = np.random.default_rng(seed)
    values, axes = np.linalg.eigh(gaussian.covariance.astype(np.float64))
    root = (axes * np.sqrt(np.maximum(values, 0))).T.astype(np.float32)
    drawn = np.empty((count, len(gaussian.mean)), np.float32)
    for start in range(0, count, _DRAW_ROWS):
        part = drawn[start : start + _DRAW_ROWS]
        part[:] = random.standard_normal(part.shape, dtype=np.float32) @ root + gaussian.mean
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return drawn
