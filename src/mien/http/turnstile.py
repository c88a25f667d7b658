"""How much is done at once: so many at work, so many waiting; the rest come back later."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class BusyError(Exception):
    """There is no room now; in `retry_after_s` seconds there should be."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("Too much is being done at once. Come back in a few seconds.")
        self.retry_after_s = retry_after_s


class Turnstile:
    """Lets `at_once` calls work while `waiting` others wait, none longer than `patience_s`.

    Whoever waits longest goes first, and nobody who comes later slips in before.
    """

    def __init__(self, *, at_once: int, waiting: int, patience_s: float) -> None:
        self._free = at_once
        self._waiting = waiting
        self._patience_s = patience_s
        self._at_once = at_once
        self._queue: deque[threading.Event] = deque()
        self._turn = threading.Lock()

    @property
    def at_work(self) -> int:
        """How many calls work now."""
        return self._at_once - self._free

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._queue)

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Held while working. Raises `BusyError` at once where too many wait already."""
        self._wait()
        try:
            yield
        finally:
            self._pass_on()

    def _wait(self) -> None:
        with self._turn:
            if self._free:  # then nobody waits
                self._free -= 1
                return
            if len(self._queue) >= self._waiting:
                raise BusyError(retry_after_s=2)
            called = threading.Event()
            self._queue.append(called)
        if called.wait(self._patience_s):
            return
        with self._turn:
            if called in self._queue:  # else it was called at the last moment
                self._queue.remove(called)
                raise BusyError(retry_after_s=5)

    def _pass_on(self) -> None:
        """The place goes to whoever waits longest."""
        with self._turn:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._free += 1
