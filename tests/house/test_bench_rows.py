"""What the benches say: targets are held to, and the page shows what was measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bench.accuracy import choose_threshold, judge, score
from bench.rows import make_row
from bench.table import render_page


@pytest.mark.parametrize(
    ("value", "at_least", "met"), [(6.0, 6, True), (5.999, 6, False), (7.5, 6, True)]
)
def test_a_lower_target_is_met_from_its_own_value_on(
    value: float, at_least: float, *, met: bool
) -> None:
    row = make_row("speed", value, unit="times", at_least=at_least)
    assert (row["target"], row["met"]) == (">= 6", met)


@pytest.mark.parametrize(
    ("value", "at_most", "met"), [(5.0, 5, True), (5.001, 5, False), (0.1, 5, True)]
)
def test_an_upper_target_is_met_up_to_its_own_value(
    value: float, at_most: float, *, met: bool
) -> None:
    row = make_row("latency", value, unit="ms", at_most=at_most)
    assert (row["target"], row["met"]) == ("<= 5", met)


def test_what_has_no_target_neither_meets_nor_misses_one() -> None:
    row = make_row("photos", 204)
    assert (row["target"], row["met"]) == (None, None)


def test_a_value_that_is_no_number_misses_every_target() -> None:
    assert make_row("broken", float("nan"), at_least=1)["met"] is False
    assert make_row("broken", float("nan"), at_most=1)["met"] is False


def document(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Something, measured",
        "command": "python -m bench something --save",
        "machine": {"cpu": "Abacus", "cores": 2, "memory_gib": 24},
        "versions": {"python": "3.11"},
        "revision": "abc123",
        "date": "2026-01-02",
        "rows": [make_row("speed", 1234.5, unit="things/s", at_least=2000)],
        **changes,
    }


def test_the_page_names_command_machine_and_revision() -> None:
    page = render_page([document()])
    for part in ("python -m bench something --save", "Abacus, 2 cores", "abc123", "2026-01-02"):
        assert part in page


def test_the_page_does_not_hide_a_missed_target() -> None:
    page = render_page([document()])
    assert "| speed | 1,234 things/s | >= 2,000 | **no** |" in page


def test_the_page_shows_tables_beside_the_rows() -> None:
    tables = {"Engines:": [{"engine": "abacus", "p50 ms": 12.5}]}
    page = render_page([document(tables=tables)])
    assert "| engine | p50 ms |" in page
    assert "| abacus | 12.5 |" in page


def test_pairs_are_judged_on_folds_that_had_no_part_in_the_threshold() -> None:
    is_mated = np.arange(200) % 2 == 0
    separable = np.where(is_mated, 0.9, 0.1)
    assert judge(separable, is_mated) == 1.0
    assert judge(-separable, is_mated) < 0.6


def test_the_threshold_is_the_score_that_judges_most_pairs_right() -> None:
    scores = np.array([0.1, 0.2, 0.6, 0.7, 0.8])
    is_mated = np.array([False, False, True, False, True])
    chosen = choose_threshold(scores, is_mated)
    right = ((scores >= chosen) == is_mated).sum()
    assert right == max(((scores >= candidate) == is_mated).sum() for candidate in scores)


def test_a_photo_without_a_face_is_like_nobody() -> None:
    one = np.array([1.0, 0.0], np.float32)
    assert score(None, one) == score(one, None) == score(None, None) == -1.0
    assert score(one, one) == 1.0
