"""Work done ahead: in order, in bounds, and no more of it than was asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from mien.service.ahead import iter_ahead

WAIT_S = 30


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as opened:
        yield opened


def double(number: int) -> int:
    return 2 * number


class Drawn:
    """Numbers that count how many of them were taken."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.taken = 0

    def __iter__(self) -> Iterator[int]:
        for number in range(self._count):
            self.taken += 1
            yield number


def test_results_come_in_the_order_of_the_items(pool: ThreadPoolExecutor) -> None:
    slow_first = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            slow_first.wait(WAIT_S)
        elif number == 3:
            slow_first.set()
        return double(number)

    assert list(iter_ahead(work, range(10), pool=pool, ahead=4)) == [double(n) for n in range(10)]


def test_no_items_give_no_results(pool: ThreadPoolExecutor) -> None:
    assert list(iter_ahead(double, [], pool=pool, ahead=4)) == []


@pytest.mark.parametrize("ahead", [1, 2, 7, 100])
def test_every_item_is_worked_on_once(pool: ThreadPoolExecutor, ahead: int) -> None:
    worked: list[int] = []
    list(iter_ahead(worked.append, range(23), pool=pool, ahead=ahead))
    assert sorted(worked) == list(range(23))


def test_nothing_is_drawn_before_the_first_result_is_asked_for(pool: ThreadPoolExecutor) -> None:
    items = Drawn(10)
    iter_ahead(double, items, pool=pool, ahead=3)
    assert items.taken == 0


def test_no_more_items_are_drawn_than_may_be_under_way(pool: ThreadPoolExecutor) -> None:
    items = Drawn(100)
    results = iter_ahead(double, items, pool=pool, ahead=5)
    for taken in range(20):
        assert next(results) == double(taken)
        assert items.taken <= taken + 5
    results.close()


def test_what_an_item_raises_comes_out_in_its_place(pool: ThreadPoolExecutor) -> None:
    def work(number: int) -> int:
        if number == 2:
            raise ArithmeticError("two")
        return number

    results = iter_ahead(work, range(6), pool=pool, ahead=3)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ArithmeticError, match="two"):
        next(results)


def test_closing_early_cancels_what_has_not_begun() -> None:
    may_go_on, begun = threading.Event(), []

    def work(number: int) -> int:
        begun.append(number)
        if number == 1:
            may_go_on.wait(WAIT_S)
        return number

    with ThreadPoolExecutor(1) as single:
        results = iter_ahead(work, range(50), pool=single, ahead=10)
        assert next(results) == 0
        results.close()
        may_go_on.set()
    assert begun in ([0], [0, 1])
