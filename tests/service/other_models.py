"""Models other than the usual fake one: what an opt-out has to survive."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mien.service.ports import Vision
from mien.testing import DIMENSION, FakeModels, FakeVision
from mien.types import Cohort, EmbeddingModel, Gaussian, Look, PhotoAnalysis

OTHER_DIMENSION = 48
_TURN = np.linalg.qr(np.random.default_rng(1).standard_normal((OTHER_DIMENSION, DIMENSION)))[0]


@dataclass(frozen=True)
class OtherVision:
    """Sees the same people, and describes them otherwise, in more numbers."""

    def analyse(self, content: bytes, *, look: Look = Look.PHOTO) -> PhotoAnalysis:
        found = FakeVision().analyse(content, look=look)
        faces = tuple(
            replace(one, embedding=(_TURN @ one.embedding).astype(np.float32))
            for one in found.faces
        )
        return replace(found, faces=faces)


@dataclass(frozen=True)
class OtherModels(FakeModels):
    """Another model, whose templates cannot be compared with the usual one's."""

    @property
    def model(self) -> EmbeddingModel:
        size = OTHER_DIMENSION
        spread = np.eye(size, dtype=np.float32) / np.float32(size)
        return replace(
            FakeModels().model,
            model_id="other",
            digest="0e" * 32,
            dimension=size,
            gaussian=Gaussian(np.zeros(size, np.float32), spread),
            cohort=Cohort(np.zeros((1, size), np.float32), np.ones(1, np.float32), spread),
        )

    def open(self, *, threads: int) -> Vision:
        del threads
        return OtherVision()


@dataclass(frozen=True)
class ShortSightedVision:
    """As the other one, and finds nobody in a photo of one face."""

    def analyse(self, content: bytes, *, look: Look = Look.PHOTO) -> PhotoAnalysis:
        found = OtherVision().analyse(content, look=look)
        return found if len(found.faces) > 1 else replace(found, faces=())


@dataclass(frozen=True)
class ShortSightedModels(OtherModels):
    """Another model, which finds no face in a portrait."""

    def open(self, *, threads: int) -> Vision:
        del threads
        return ShortSightedVision()
