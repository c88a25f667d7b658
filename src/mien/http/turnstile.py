"""How much is done at once: so many at work, so many waiting; the rest come back later."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class BusyError(Exception):
    """There is no room now; in `retry_after_s` seconds there should be."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("Too much is being done at once. Come back in a few seconds.")
        self.retry_after_s = retry_after_s


class Turnstile:
    """Lets `at_once` calls work while `waiting` others wait, none longer than `patience_s`."""

    def __init__(self, *, at_once: int, waiting: int, patience_s: float) -> None:
        self._room = threading.BoundedSemaphore(at_once + waiting)
        self._work = threading.BoundedSemaphore(at_once)
        self._patience_s = patience_s
        self._counting = threading.Lock()
        self._entered = self._working = 0

    @property
    def at_work(self) -> int:
        """How many calls work now."""
        return self._working

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return max(0, self._entered - self._working)

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Held while working. Raises `BusyError` at once where too many wait already."""
        if not self._room.acquire(blocking=False):
            raise BusyError(retry_after_s=2)
        self._count(entered=1)
        try:
            if not self._work.acquire(timeout=self._patience_s):
                raise BusyError(retry_after_s=5)
            self._count(working=1)
            try:
                yield
            finally:
                self._count(working=-1)
                self._work.release()
        finally:
            self._count(entered=-1)
            self._room.release()

    def _count(self, *, entered: int = 0, working: int = 0) -> None:
        with self._counting:
            self._entered += entered
            self._working += working
