"""Work done ahead by a pool, its results taken in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Executor, Future
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def iter_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], *, pool: Executor, ahead: int
) -> Generator[Result, None, None]:
    """Results in the order of the items, at most `ahead` of them under way at once.

    Items are drawn as needed, so neither they nor the results pile up. Closing it early
    cancels what has not begun.
    """
    pending: deque[Future[Result]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) >= ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()
