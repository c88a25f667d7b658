"""One secret rotation of all vectors of a deployment.

Cosines stay as they are, but templates stolen from two deployments do not match each other.
It is a keyed transform, not encryption: a handful of known pairs undoes it.
"""

from __future__ import annotations

import secrets

import numpy as np
from numpy.typing import NDArray

from mien.errors import TamperedError
from mien.types import Cohort, Gaussian, Vectors

_FLOAT = np.dtype("<f4")


class Rotation:
    """An orthogonal matrix, shape (dimension, dimension), that vectors are multiplied by."""

    def __init__(self, matrix: NDArray[np.float32]) -> None:
        self._matrix = matrix

    def turn(self, vectors: Vectors) -> Vectors:
        return np.ascontiguousarray(vectors @ self._matrix)

    def turn_gaussian(self, gaussian: Gaussian) -> Gaussian:
        """The distribution of turned vectors."""
        return Gaussian(
            mean=gaussian.mean @ self._matrix,
            covariance=(self._matrix.T @ gaussian.covariance @ self._matrix).astype(np.float32),
        )

    def turn_cohort(self, cohort: Cohort) -> Cohort:
        """The cohort of turned vectors."""
        return Cohort(
            centres=self.turn(cohort.centres),
            weights=cohort.weights,
            spread=(self._matrix.T @ cohort.spread @ self._matrix).astype(np.float32),
        )

    def as_bytes(self) -> bytes:
        return self._matrix.astype(_FLOAT).tobytes()


def make_rotation(dimension: int) -> Rotation:
    """Drawn evenly from all rotations and reflections (Mezzadri 2007, math-ph/0609050)."""
    # Seeded with 256 bits from the operating system: as hard to guess as any other key here.
    generator = np.random.default_rng(secrets.randbits(256))
    q, r = np.linalg.qr(generator.standard_normal((dimension, dimension)))
    return Rotation((q * np.sign(np.diag(r))).astype(np.float32))


def parse_rotation(content: bytes, *, dimension: int) -> Rotation:
    """Raises `TamperedError` for bytes of another dimension."""
    if len(content) != dimension * dimension * _FLOAT.itemsize:
        raise TamperedError("The stored rotation belongs to a model of another dimension.")
    values = np.frombuffer(content, dtype=_FLOAT)
    return Rotation(values.reshape(dimension, dimension).astype(np.float32))
