"""How often somebody may ask: a bucket for each, refilled evenly, that holds a minute's worth."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus

from mien.http.problem import ProblemError

_REMEMBERED = 10_000
_MINUTE_S = 60.0


class Throttle:
    """Counts by whatever tells askers apart; whoever was not heard of longest is forgotten."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._turn = threading.Lock()

    def check(self, who: str, *, a_minute: int) -> None:
        """Counts one request. Raises a problem, with the seconds to wait, for one too many."""
        with self._turn:
            now = self._clock()
            left, at = self._left.pop(who, (float(a_minute), now))
            left = min(float(a_minute), left + (now - at) * a_minute / _MINUTE_S)
            is_allowed = left >= 1
            self._left[who] = (left - 1 if is_allowed else left, now)
            while len(self._left) > _REMEMBERED:
                self._left.popitem(last=False)
        if not is_allowed:
            wait_s = math.ceil((1 - left) * _MINUTE_S / a_minute)
            raise ProblemError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too-many-requests",
                f"That is more than {a_minute} requests a minute. Come back in {wait_s} s.",
                headers={"Retry-After": str(wait_s)},
            )
