"""Models that see a crowd in every drawn photo: large collections from few files."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mien.service.ports import Vision
from mien.testing import FakeModels, FakeVision
from mien.types import EmbeddingModel, Look, PhotoAnalysis

_SPREAD = 0.05


@dataclass(frozen=True)
class CrowdVision:
    """Finds the first person drawn, and as many who look much like them."""

    people: int

    def analyse(self, content: bytes, *, look: Look = Look.PHOTO) -> PhotoAnalysis:
        found = FakeVision().analyse(content, look=look)
        first = found.faces[0]
        generator = np.random.default_rng(list(content[-64:]))
        noise = generator.standard_normal((self.people, first.embedding.size))
        vectors = (first.embedding + _SPREAD * noise).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        crowd = tuple(replace(first, embedding=one, crop_jpeg=b"\xff\xd8\xff") for one in vectors)
        return PhotoAnalysis(
            width_px=found.width_px,
            height_px=found.height_px,
            media_type=found.media_type,
            thumbnail_jpeg=found.thumbnail_jpeg,
            credit=found.credit,
            faces=crowd,
        )


@dataclass(frozen=True)
class CrowdModels(FakeModels):
    """The fake model, with a crowd in every photo."""

    people: int

    @property
    def model(self) -> EmbeddingModel:
        return FakeModels().model

    def open(self, *, threads: int) -> Vision:
        del threads
        return CrowdVision(self.people)
