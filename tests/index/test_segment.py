from __future__ import annotations

import numpy as np
import pytest

from mien.index.segment import Entries, Segment
from mien.index.view import View


def make_entries(*ids: int) -> Entries:
    """Each template holds its face's id."""
    templates = np.repeat(np.array(ids, np.float16)[:, None], 3, axis=1)
    return Entries(np.array(ids, np.int64), templates, np.ones(len(ids), np.bool_))


def make_segment(*ids: int, room: int = 8) -> Segment:
    return Segment.empty(room, 3).extended(make_entries(*ids))


@pytest.mark.parametrize("ids", [(2, 4, 6), (6, 2, 4)], ids=["rising", "mixed"])
def test_rows_are_found_by_id(ids: tuple[int, ...]) -> None:
    segment = make_segment(*ids)
    for wanted in ([], [2], [6], [1, 2, 3, 4, 5, 6, 7], [1, 3, 5, 7], [7, 8], [0, 1]):
        found = segment.ids[segment.find_rows(np.array(wanted, np.int64))]
        assert sorted(found.tolist()) == [one for one in wanted if one in ids]


def test_an_empty_segment_has_no_rows() -> None:
    assert make_segment().find_rows(np.array([1])).tolist() == []


def test_extending_a_segment_leaves_the_shorter_one_as_it_was() -> None:
    short = make_segment(1, 2)
    long = short.extended(make_entries(3, 4))
    assert short.ids.tolist() == [1, 2]
    assert long.ids.tolist() == [1, 2, 3, 4]
    assert (short.room, long.room) == (6, 4)
    assert np.shares_memory(short.templates, long.templates)


def test_hiding_reaches_those_who_hold_the_shorter_segment() -> None:
    short = make_segment(1, 2)
    long = short.extended(make_entries(3))
    hidden = long.with_hidden(np.array([1, 2])).with_hidden(np.array([1]))
    assert hidden.hidden == 2
    assert short.answers.tolist() == [True, False]
    assert hidden.find_answering(None).tolist() == [0]
    assert hidden.find_answering(np.array([1, 2])).tolist() == [0]


def test_a_segment_without_some_rows_has_memory_of_its_own() -> None:
    segment = make_segment(1, 2, 3).with_hidden(np.array([2]))
    rest = segment.without(np.array([0]))
    assert rest.ids.tolist() == [2, 3]
    assert rest.answers.tolist() == [True, False]
    assert rest.hidden == 1
    assert rest.room == 6
    segment.wipe()
    assert not segment.templates.any()
    assert rest.templates[:, 0].tolist() == [2, 3]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_positions_run_through_all_segments(count: int) -> None:
    view = View(tuple(make_segment(*range(10 * n, 10 * n + 4)) for n in range(1, count + 1)))
    positions = np.arange(view.count)[::-1]
    expected = [10 * n + row for n in range(1, count + 1) for row in range(4)][::-1]
    assert view.ids_at(positions).tolist() == expected
    assert view.templates_at(positions)[:, 0].tolist() == expected
    assert view.loose.tolist() == list(range(4 * count))


def test_positions_of_ids_skip_the_hidden() -> None:
    first = make_segment(1, 2).with_hidden(np.array([0]))
    view = View((first, make_segment(9, 8)))
    assert view.find_answering(None).tolist() == [1, 2, 3]
    assert view.find_answering(np.array([1, 2, 9])).tolist() == [1, 2]


def test_an_empty_view_has_nothing() -> None:
    view = View()
    assert view.count == 0
    assert view.find_answering(None).tolist() == []
    assert view.find_answering(np.array([1])).tolist() == []
    assert view.code_blocks == ()
