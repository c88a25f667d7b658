"""How many threads a search may use: all cores while it is alone, one each where several run.

Alone it is quickest on all of them; together more searches are answered when none waits for
the threads of another.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Cores:
    """Counts who is at work on this machine. Threads may share it."""

    def __init__(self) -> None:
        self._busy = 0
        self._turn = threading.Lock()

    @contextmanager
    def take(self, *, most: int) -> Iterator[int]:
        """The threads to use, held while they are used; whoever came first keeps theirs."""
        with self._turn:
            self._busy += 1
            threads = most if self._busy == 1 else 1
        try:
            yield threads
        finally:
            with self._turn:
                self._busy -= 1
