"""How often somebody may ask: a bucket for each, refilled evenly, that holds a period's worth."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus

from mien.http.problem import ProblemError

_REMEMBERED = 10_000
_PERIODS_S = {"a minute": 60.0, "an hour": 3600.0}


class Throttle:
    """Counts by whatever tells askers apart; whoever was not heard of longest is forgotten."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._turn = threading.Lock()

    def check(self, who: str, *, a_minute: int) -> None:
        """Counts one request. Raises a problem, with the seconds to wait, for one too many."""
        self._take(who, most=a_minute, period="a minute")

    def check_hour(self, who: str, *, an_hour: int) -> None:
        """The same, for what is asked for less often. Nobody is counted in both ways."""
        self._take(who, most=an_hour, period="an hour")

    def _take(self, who: str, *, most: int, period: str) -> None:
        period_s = _PERIODS_S[period]
        with self._turn:
            now = self._clock()
            left, at = self._left.pop(who, (float(most), now))
            left = min(float(most), left + (now - at) * most / period_s)
            is_allowed = left >= 1
            self._left[who] = (left - 1 if is_allowed else left, now)
            while len(self._left) > _REMEMBERED:
                self._left.popitem(last=False)
        if not is_allowed:
            wait_s = math.ceil((1 - left) * period_s / most)
            raise ProblemError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too-many-requests",
                f"That is more than {most} requests {period}. Come back in {wait_s} s.",
                headers={"Retry-After": str(wait_s)},
            )
