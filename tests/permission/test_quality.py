"""Filters keep fewer and fewer faces, and none of them keeps out a good one."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.permission.quality import QualityFilter, may_keep
from mien.permission.verdict import Reason
from mien.testing import GOOD, POOR

NONE, AUTO, LOW, MEDIUM, HIGH = QualityFilter


def test_each_filter_asks_for_more_than_the_one_before() -> None:
    asked = [one.least_value for one in QualityFilter]
    assert asked[0] == 0
    assert all(before < after for before, after in pairwise(asked))
    assert asked[-1] < 100


@given(st.floats(0, 100))
def test_what_a_filter_keeps_every_weaker_one_keeps_too(value: float) -> None:
    quality = replace(GOOD, value=value)
    kept = [may_keep(quality, chosen=one).is_allowed for one in QualityFilter]
    assert kept == sorted(kept, reverse=True)
    assert kept[0]


@pytest.mark.parametrize("chosen", [LOW, MEDIUM, HIGH])
def test_a_poor_face_is_refused_for_its_quality(chosen: QualityFilter) -> None:
    assert may_keep(POOR, chosen=chosen).reasons == (Reason.POOR_QUALITY,)
    assert may_keep(GOOD, chosen=chosen).is_allowed


def test_a_face_exactly_at_the_bar_passes() -> None:
    for chosen in (AUTO, LOW, MEDIUM, HIGH):
        at_the_bar = replace(GOOD, value=chosen.least_value)
        below = replace(GOOD, value=chosen.least_value - 0.01)
        assert may_keep(at_the_bar, chosen=chosen).is_allowed
        assert not may_keep(below, chosen=chosen).is_allowed


def test_stricter_filters_are_those_that_keep_less() -> None:
    assert NONE.stricter == (AUTO, LOW, MEDIUM, HIGH)
    assert LOW.stricter == (MEDIUM, HIGH)
    assert HIGH.stricter == ()
