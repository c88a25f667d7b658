"""So many at work, so many waiting; the rest come back later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from mien.http.turnstile import BusyError, Turnstile

SOON_S = 10.0


def test_no_more_work_at_once_than_was_said() -> None:
    turnstile = Turnstile(at_once=2, waiting=20, patience_s=SOON_S)
    at_work: list[int] = []
    most = 0
    turn = threading.Lock()

    def work(number: int) -> None:
        nonlocal most
        with turnstile.enter():
            with turn:
                at_work.append(number)
                most = max(most, len(at_work))
            threading.Event().wait(0.01)
            with turn:
                at_work.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(16)))
    assert most == 2


def test_one_too_many_is_sent_away_at_once() -> None:
    turnstile = Turnstile(at_once=1, waiting=0, patience_s=SOON_S)
    with turnstile.enter(), pytest.raises(BusyError) as told, turnstile.enter():
        pass
    assert told.value.retry_after_s >= 1


def test_who_waits_too_long_is_sent_away_and_leaves_the_room() -> None:
    turnstile = Turnstile(at_once=1, waiting=1, patience_s=0.02)
    with turnstile.enter():
        for _ in range(3):
            with pytest.raises(BusyError), turnstile.enter():
                pass
    with turnstile.enter():
        pass


def test_an_error_inside_frees_the_place() -> None:
    turnstile = Turnstile(at_once=1, waiting=0, patience_s=SOON_S)
    with pytest.raises(ZeroDivisionError), turnstile.enter():
        raise ZeroDivisionError
    with turnstile.enter():
        pass


def test_whoever_waits_longest_goes_first() -> None:
    turnstile = Turnstile(at_once=1, waiting=5, patience_s=SOON_S)
    order: list[int] = []

    def work(number: int) -> None:
        with turnstile.enter():
            order.append(number)

    with ThreadPoolExecutor(5) as pool, turnstile.enter():
        for number in range(5):
            pool.submit(work, number)
            wait_until(partial(is_waiting, turnstile, count=number + 1))
    assert order == [0, 1, 2, 3, 4]


def test_a_place_that_is_passed_on_is_taken_by_nobody_else() -> None:
    turnstile = Turnstile(at_once=1, waiting=1, patience_s=SOON_S)
    inside, done = threading.Event(), threading.Event()

    def work() -> None:
        with turnstile.enter():
            inside.set()
            done.wait(SOON_S)

    with ThreadPoolExecutor(1) as pool:
        with turnstile.enter():
            waiting = pool.submit(work)
            wait_until(partial(is_waiting, turnstile, count=1))
        assert inside.wait(SOON_S)
        late = Turnstile.enter(turnstile)
        threading.Timer(0.05, done.set).start()
        with late:
            assert done.is_set()
        waiting.result(SOON_S)


def is_waiting(turnstile: Turnstile, *, count: int) -> bool:
    return len(turnstile._queue) == count


def wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(1000):
        if is_so():
            return
        threading.Event().wait(0.01)
    raise AssertionError
