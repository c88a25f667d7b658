"""The pack `open`, its weights in the cache; nothing is loaded before it is asked for."""

from __future__ import annotations

from pathlib import Path

from mien.service.ports import Vision
from mien.types import EmbeddingModel


class DefaultPack:
    """The models of a deployment that was given no others."""

    def __init__(self, weights: Path, *, max_bytes: int, max_pixels: int) -> None:
        self._weights = weights
        self._max_bytes = max_bytes
        self._max_pixels = max_pixels

    @property
    def model(self) -> EmbeddingModel:
        from mien.vision.cards import get_pack
        from mien.vision.pipeline import describe_model

        return describe_model(get_pack("open"))

    def open(self, *, threads: int) -> Vision:
        from mien.vision.decode import DecodeLimits
        from mien.vision.pipeline import open_pipeline
        from mien.vision.weights import WeightStore

        return open_pipeline(
            store=WeightStore(self._weights),
            threads=threads,
            limits=DecodeLimits(size_bytes=self._max_bytes, pixels=self._max_pixels),
        )
