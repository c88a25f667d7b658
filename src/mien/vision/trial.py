"""Tries out a recogniser's file before it is relied on: it gives what its card says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.errors import ModelError
from mien.vision.cards import Card
from mien.vision.prepared import open_network

__all__ = ["try_recogniser"]

_CHIPS = 2
_SAME = 1e-6


def try_recogniser(path: Path, card: Card) -> None:
    """Shows the network chips of noise, which are of nobody.

    Raises `ModelError` where it does not run, takes or gives something else than the card says,
    gives what is no number, or the same for every chip.
    """
    if card.embedding is None:
        raise ModelError(f"{card.id} is no recogniser.")
    (outputs,) = open_network(path, card, threads=1).run(_draw_chips(card.input.side_px))[:1]
    if outputs.size != _CHIPS * card.embedding.dimension:
        raise ModelError(
            f"The network of {card.id} gives {outputs.size // _CHIPS} numbers a face, and its card "
            f"says {card.embedding.dimension}."
        )
    vectors = outputs.reshape(_CHIPS, -1).astype(np.float64)
    if not np.isfinite(vectors).all():
        raise ModelError(f"The network of {card.id} gives what is no number for a test picture.")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not lengths.all():
        raise ModelError(f"The network of {card.id} gives nothing but zeros for a test picture.")
    if np.ptp(vectors / lengths, axis=0).max() < _SAME:
        raise ModelError(f"The network of {card.id} gives the same for every test picture.")


def _draw_chips(side_px: int) -> NDArray[np.float32]:
    noise = np.random.default_rng(0).integers(0, 256, (_CHIPS, 3, side_px, side_px))
    return noise.astype(np.float32)
