"""Days of forms become moments, and moments days."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mien.errors import SettingsError
from mien.web.days import begin_of, end_of, last_day


def test_a_day_begins_and_ends_in_utc() -> None:
    assert begin_of("2030-05-31") == datetime(2030, 5, 31, tzinfo=UTC)
    assert end_of("2030-05-31") == datetime(2030, 6, 1, tzinfo=UTC)


def test_no_day_is_no_bound() -> None:
    assert begin_of("") is None
    assert end_of("") is None


@pytest.mark.parametrize("text", ["31.5.2030", "2030-13-01", "soon", "9999-12-31"])
def test_what_is_no_day_is_told_with_how_to_write_one(text: str) -> None:
    with pytest.raises(SettingsError, match="is no day"):
        begin_of(text)


def test_the_last_day_is_the_one_before_the_end() -> None:
    assert last_day(datetime(2031, 1, 1, tzinfo=UTC)) == date(2030, 12, 31)
    assert last_day(datetime(2031, 1, 1, 12, tzinfo=UTC)) == date(2031, 1, 1)
