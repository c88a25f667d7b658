"""Something that costs a while to make of the record: made again only when that changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Thing = TypeVar("Thing")

_KEPT_S = 60.0
"""Time itself changes it too: a grant ends, a deadline passes."""


@dataclass(frozen=True, slots=True)
class _Kept(Generic[Thing]):
    thing: Thing
    revision: int
    made_at_s: float


class Shelf(Generic[Thing]):
    """One thing, kept for a minute at the most. Threads may share it; one of them makes it."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._turn = threading.Lock()
        self._kept: _Kept[Thing] | None = None

    def get(self, make: Callable[[], Thing], *, revision: int) -> Thing:
        """The thing as of this revision of the record."""
        with self._turn:
            kept, now = self._kept, self._clock()
            if kept is None or kept.revision != revision or now - kept.made_at_s >= _KEPT_S:
                kept = self._kept = _Kept(make(), revision, now)
            return kept.thing
