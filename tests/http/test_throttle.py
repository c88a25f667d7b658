"""How often somebody may ask."""

from __future__ import annotations

import pytest

from mien.http.problem import ProblemError
from mien.http.throttle import Throttle


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def count_allowed(throttle: Throttle, who: str, *, a_minute: int, asked: int) -> int:
    allowed = 0
    for _ in range(asked):
        try:
            throttle.check(who, a_minute=a_minute)
        except ProblemError:
            continue
        allowed += 1
    return allowed


def test_a_minutes_worth_may_come_at_once_and_no_more(clock: Clock) -> None:
    assert count_allowed(Throttle(clock=clock), "ann", a_minute=30, asked=100) == 30


def test_over_an_hour_the_rate_is_what_was_said(clock: Clock) -> None:
    throttle = Throttle(clock=clock)
    allowed = 0
    for _ in range(3600):
        clock.now_s += 1
        allowed += count_allowed(throttle, "ann", a_minute=30, asked=2)
    assert 30 * 60 <= allowed <= 30 * 61


def test_one_who_asks_too_often_takes_nothing_from_another(clock: Clock) -> None:
    throttle = Throttle(clock=clock)
    count_allowed(throttle, "ann", a_minute=5, asked=100)
    assert count_allowed(throttle, "ben", a_minute=5, asked=5) == 5


def test_the_wait_that_is_told_is_long_enough(clock: Clock) -> None:
    throttle = Throttle(clock=clock)
    throttle.check("ann", a_minute=1)
    with pytest.raises(ProblemError) as told:
        throttle.check("ann", a_minute=1)
    assert told.value.status == 429
    clock.now_s += int((told.value.headers or {})["Retry-After"])
    throttle.check("ann", a_minute=1)


def test_who_asks_in_vain_does_not_lengthen_the_wait(clock: Clock) -> None:
    throttle = Throttle(clock=clock)
    assert count_allowed(throttle, "ann", a_minute=1, asked=50) == 1
    clock.now_s += 60
    throttle.check("ann", a_minute=1)


def test_it_remembers_a_bounded_number_of_askers(clock: Clock) -> None:
    throttle = Throttle(clock=clock)
    for number in range(10_500):
        throttle.check(f"asker {number}", a_minute=1)
    assert len(throttle._left) == 10_000
