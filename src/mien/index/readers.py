"""Who is reading what a writer has just replaced.

A search enters, takes the current view and leaves. A writer that has put a new view in place
waits for those that entered before, and may then destroy the old one; later searches are never
held up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

__all__ = ["Readers"]


class Readers:
    def __init__(self) -> None:
        self._left = Condition()
        self._present: set[object] = set()

    @contextmanager
    def reading(self) -> Iterator[None]:
        visit = object()
        with self._left:
            self._present.add(visit)
        try:
            yield
        finally:
            with self._left:
                self._present.remove(visit)
                self._left.notify_all()

    def wait_for_earlier(self) -> None:
        """Return once everyone who is reading now has left."""
        with self._left:
            earlier = frozenset(self._present)
            self._left.wait_for(lambda: earlier.isdisjoint(self._present))
