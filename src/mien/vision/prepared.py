"""Networks as they were published, shown pictures in the form that they were trained on.

Everything here hands pixels on as RGB from 0 to 255. A converted graph takes them so; a file
that is run as it was published wants its own order of colours and range, and perhaps one
picture at a time.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.errors import ModelError
from mien.vision.cards import Card, InputFormat
from mien.vision.session import Device, Session, open_session
from mien.vision.weights import PLAIN

__all__ = ["Prepared", "open_network"]


class Prepared(Session):
    """A network whose input is brought into its own form; may be called from several threads."""

    def __init__(self, session: Session, form: InputFormat) -> None:
        self._session = session
        self.output_names = session.output_names
        self.input_shape = session.input_shape
        self._is_swapped = form.colour_order == "bgr"
        self._mean = np.array(form.mean, np.float32).reshape(1, 3, 1, 1)
        self._divisor = np.float32(form.divisor)

    def run(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Every output for RGB pictures from 0 to 255, shape (n, 3, height, width)."""
        ordered = values[:, ::-1] if self._is_swapped else values
        prepared = np.ascontiguousarray((ordered - self._mean) / self._divisor, np.float32)
        if len(prepared) == 1 or self.input_shape[0] != 1:
            return self._session.run(prepared)
        each = [self._session.run(one[np.newaxis]) for one in prepared]
        return [np.concatenate(outputs) for outputs in zip(*each, strict=True)]


def open_network(path: Path, card: Card, *, threads: int, device: Device = "cpu") -> Session:
    """The network of a card whose graph lies there. Raises `ModelError` where it does not run."""
    session = open_session(path, threads=threads, device=device)
    if card.converter != PLAIN:
        return session
    check_input(session, card)
    return Prepared(session, card.input)


def check_input(session: Session, card: Card) -> None:
    """Raises `ModelError` where the network wants other pictures than its card says."""
    side_px, shape = card.input.side_px, session.input_shape
    wanted = (None, 3, side_px, side_px)
    fits = len(shape) == len(wanted) and all(
        side in {None, expected} for side, expected in zip(shape[1:], wanted[1:], strict=True)
    )
    if not fits:
        shown = " x ".join("any" if side is None else str(side) for side in shape)
        raise ModelError(
            f"The network of {card.id} takes pictures of {shown}, and its card says "
            f"any x 3 x {side_px} x {side_px} (number, channels, height, width)."
        )
