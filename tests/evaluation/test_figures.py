from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.evaluation.figures import (
    ENOUGH_ERRORS,
    Figure,
    Standing,
    bound_of_none,
    complement,
    find_interval,
    state,
    state_rate,
    weaken,
    withhold,
)


def rate(errors: float, people: int = 100) -> Figure:
    return state_rate(0.1, [0.05, 0.1, 0.15], errors=errors, trials=people, what="missed pairs")


def test_thirty_errors_carry_a_rate() -> None:
    assert rate(ENOUGH_ERRORS).standing is Standing.CARRIED
    assert rate(ENOUGH_ERRORS).note == ""


def test_fewer_make_it_weak_and_say_how_many() -> None:
    figure = rate(29)
    assert figure.standing is Standing.WEAK
    assert figure.note == "rests on 29 missed pairs, fewer than 30"


def test_no_error_leaves_the_bound_of_three() -> None:
    figure = state_rate(0.0, [0.0, 0.0], errors=0, trials=60, what="missed pairs")
    assert (figure.low, figure.high) == (0.0, 0.05)
    assert figure.standing is Standing.WEAK
    assert "3 in 60 people" in figure.note


def test_the_rule_of_three_is_near_the_exact_bound() -> None:
    for trials in (30, 100, 1000):
        exact = 1 - 0.05 ** (1 / trials)  # the rate at which nothing is seen in 5 % of cases
        assert bound_of_none(trials) == pytest.approx(exact, rel=0.06)
        assert bound_of_none(trials) > exact


def test_nothing_tried_bounds_nothing() -> None:
    assert bound_of_none(0) == 1.0
    assert bound_of_none(2) == 1.0


def test_an_interval_is_the_middle_of_what_was_drawn() -> None:
    low, high = find_interval(np.linspace(0, 1, 1001))
    assert low == pytest.approx(0.025)
    assert high == pytest.approx(0.975)


def test_draws_that_gave_nothing_are_left_out() -> None:
    assert find_interval([float("nan"), 0.5, float("nan")]) == (0.5, 0.5)
    assert find_interval([float("nan")]) == (None, None)
    assert find_interval([]) == (None, None)


def test_a_figure_without_a_rule_keeps_its_interval() -> None:
    figure = state(0.2, [0.1, 0.3])
    assert figure.value == 0.2
    assert figure.low == pytest.approx(0.105)
    assert figure.standing is Standing.CARRIED


def test_a_withheld_figure_says_why_and_has_no_number() -> None:
    figure = withhold("too few")
    assert (figure.value, figure.low, figure.high) == (None, None, None)
    assert figure.standing is Standing.NOT_CARRIED
    assert figure.note == "too few"


def test_a_threshold_on_few_errors_weakens_what_stands_on_it() -> None:
    strong = Figure(0.9, 0.8, 1.0)
    assert weaken(strong, expected=30, what="false matches") is strong
    weak = weaken(strong, expected=12.3, what="false matches")
    assert weak.standing is Standing.WEAK
    assert weak.note == "the threshold rests on 12 false matches, fewer than 30"


def test_both_reasons_of_a_weak_figure_are_told() -> None:
    weak = weaken(rate(3), expected=2, what="false alarms")
    assert weak.note == (
        "rests on 3 missed pairs, fewer than 30; "
        "the threshold rests on 2 false alarms, fewer than 30"
    )


@given(
    value=st.floats(0, 1),
    low=st.floats(0, 1),
    high=st.floats(0, 1),
    standing=st.sampled_from(Standing),
)
def test_the_complement_turns_the_interval_round(
    value: float, low: float, high: float, standing: Standing
) -> None:
    figure = Figure(value, min(low, high), max(low, high), standing, "why")
    turned = complement(figure)
    assert turned.value == 1 - value
    assert turned.low is not None
    assert turned.high is not None
    assert turned.low <= turned.high
    assert (turned.standing, turned.note) == (standing, "why")
    back = complement(turned)
    assert back.value == pytest.approx(value)
    assert back.low == pytest.approx(figure.low)


def test_the_complement_of_nothing_is_nothing() -> None:
    assert complement(withhold("why")) == withhold("why")
