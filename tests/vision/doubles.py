"""A network made of a function, which keeps what it was shown."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mien.vision.session import Session

Network = Callable[[NDArray[np.float32]], list[NDArray[np.float32]]]


class FakeSession(Session):
    def __init__(self, network: Network) -> None:
        self._network = network
        self.seen: list[NDArray[np.float32]] = []

    def run(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        self.seen.append(values.copy())
        return self._network(values)


def empty_maps(height: int, width: int) -> list[NDArray[np.float32]]:
    return [np.zeros((1, n, height // 4, width // 4), np.float32) for n in (1, 2, 2, 10)]
