"""What the service asks of the world, so that a test can stand in for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from mien.types import EmbeddingModel, Look, PhotoAnalysis

Clock = Callable[[], datetime]
"""The time now, with its zone."""


class Vision(Protocol):
    """Photo bytes in, faces with embeddings out; called from several threads at once."""

    def analyse(self, content: bytes, *, look: Look = Look.PHOTO) -> PhotoAnalysis:
        """Raises `PhotoError` for bytes that give no photo."""
        ...


class Models(Protocol):
    """The models of a deployment."""

    @property
    def model(self) -> EmbeddingModel:
        """What the embeddings can be compared with; known before any weights are here."""
        ...

    def open(self, *, threads: int) -> Vision:
        """Vision whose calls use this many threads each. Raises `WeightsError`."""
        ...

    def get(self, pack: str) -> Models:
        """The models of another pack. Raises `ModelError` for one that nobody knows."""
        ...

    def find(self, digest: str) -> Models | None:
        """Those whose templates are of this model; nothing where their weights are not here."""
        ...
