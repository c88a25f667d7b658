"""Chips to embeddings: all that a network says of one face's chips is averaged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mien.types import Rgb, Vectors
from mien.vision.session import Session

__all__ = ["Embedder"]

_BATCH_IMAGES = 16


class Embedder:
    """One recogniser; may be used from several threads.

    `mirrored` models see the mirror image of each chip too.
    """

    def __init__(self, session: Session, *, dimension: int, mirrored: bool = True) -> None:
        self._session = session
        self._mirrored = mirrored
        self.dimension = dimension

    def embed(self, faces: Sequence[Sequence[Rgb]]) -> tuple[Vectors, NDArray[np.float32]]:
        """Unit vectors, one for each face and its chips, shape (faces, dimension).

        With them their consistency, shape (faces,): the length of the mean over the mean
        length of what the network says of the images of a face; 1 where they all agree.
        """
        vectors = np.empty((len(faces), self.dimension), np.float32)
        lengths = np.empty(len(faces), np.float32)
        for start, some in _batched(faces, images_a_chip=2 if self._mirrored else 1):
            images = self._lay_out(some)
            seen = self._session.run(images)[0].reshape(len(some), -1, self.dimension)
            vectors[start : start + len(some)] = seen.mean(axis=1)
            lengths[start : start + len(some)] = np.linalg.norm(seen, axis=2).mean(axis=1)
        norms = np.linalg.norm(vectors, axis=1)
        return vectors / norms[:, np.newaxis], norms / lengths

    def _lay_out(self, faces: Sequence[Sequence[Rgb]]) -> NDArray[np.float32]:
        """Every chip, each followed by its mirror image: shape (images, 3, side, side)."""
        planes = np.stack([chip for chips in faces for chip in chips]).transpose(0, 3, 1, 2)
        sides = [planes, planes[..., ::-1]] if self._mirrored else [planes]
        return np.stack(sides, axis=1).astype(np.float32).reshape(-1, *planes.shape[1:])


def _batched(
    faces: Sequence[Sequence[Rgb]], *, images_a_chip: int
) -> Iterator[tuple[int, Sequence[Sequence[Rgb]]]]:
    """Parts that are small enough for one run, each with the number of its first face."""
    chips = max((len(chips) for chips in faces), default=1)
    step = max(1, _BATCH_IMAGES // (chips * images_a_chip))
    for start in range(0, len(faces), step):
        yield start, faces[start : start + step]
