"""Pages of a list, and cursors that only the home which gave them out reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.http.paging import Paging, decode_cursor, encode_cursor
from mien.http.problem import ProblemError
from server.door import make_site
from service.stage import Stage


@pytest.mark.parametrize("value", ["", "a", "2030-05-01T12:00:00Z|é", "x" * 500])
def test_a_cursor_says_what_was_put_into_it(stage: Stage, value: str) -> None:
    with stage.open() as library:
        site = make_site(library)
        text = encode_cursor(site, value)
        assert decode_cursor(site, text) == value
    assert text.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("place", [0, 20, 45, -1])
def test_a_cursor_that_was_changed_anywhere_is_refused(stage: Stage, place: int) -> None:
    with stage.open() as library:
        site = make_site(library)
        text = encode_cursor(site, "after this one")
        other = "A" if text[place] != "A" else "B"
        changed = f"{text[:place]}{other}{text[place:][1:]}"
        with pytest.raises(ProblemError, match="Begin again without one") as raised:
            decode_cursor(site, changed)
    assert (raised.value.status, raised.value.code) == (400, "malformed-cursor")


@pytest.mark.parametrize("text", ["", "x", "€", "AAAA", "////", "A" * 44, " ", "=", "\udcff"])
def test_what_was_made_up_is_refused(stage: Stage, text: str) -> None:
    with stage.open() as library, pytest.raises(ProblemError, match="none that was given out"):
        decode_cursor(make_site(library), text)


def test_a_cursor_of_another_home_is_refused(tmp_path: Path) -> None:
    with Stage(tmp_path / "one").open() as one, Stage(tmp_path / "other").open() as other:
        text = encode_cursor(make_site(one), "here")
        with pytest.raises(ProblemError):
            decode_cursor(make_site(other), text)


def test_pages_hold_everything_once_and_in_order(stage: Stage) -> None:
    items, seen, after = [f"{n:02}" for n in range(7)][::-1], [], ""
    with stage.open() as library:
        site = make_site(library)
        for _ in range(4):
            page, cursor = Paging(site, 3, after).cut(items, key=str)
            seen.append(list(page))
            if cursor is None:
                break
            after = decode_cursor(site, cursor)
    assert seen == [["00", "01", "02"], ["03", "04", "05"], ["06"]]


def test_what_goes_away_between_two_pages_moves_nothing_else(stage: Stage) -> None:
    with stage.open() as library:
        site = make_site(library)
        _, cursor = Paging(site, 2, "").cut("abcd", key=str)
        assert cursor is not None
        page, end = Paging(site, 2, decode_cursor(site, cursor)).cut("acd", key=str)
    assert (list(page), end) == (["c", "d"], None)
