"""Values of edited rows are what they should be, or one kind of error; never anything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import JSON
from sqlalchemy.sql.elements import Label
from sqlalchemy.types import NullType

from mien.catalog.parsing import (
    format_instant,
    iter_columns,
    parse_instant,
    parse_list,
    parse_retention,
    parse_text,
    parse_texts,
)
from mien.catalog.schema import Instant, grants

PARSERS: list[Callable[[object], object]] = [
    *(parse_text, parse_list, parse_texts, parse_instant, parse_retention)
]
# What SQLite may hand out of any column, and JSON out of any text.
values = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=20)
    | st.sampled_from(
        ["null", "[]", '["a"]', '["\\ud800"]', "[[]]", '{"a": 1}', "[1]", "[" * 99_999]
    )
)


@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: parse.__name__)
@given(value=values)
def test_anything_is_parsed_or_told_with_one_kind_of_error(
    parse: Callable[[object], object], value: object
) -> None:
    try:
        parse(value)
    except ValueError:
        pass
    else:
        assert not isinstance(value, bytes | float)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_survives_the_way_into_a_row_and_back(at: datetime) -> None:
    assert parse_instant(format_instant(at)) == at


@given(st.lists(st.text(max_size=8), max_size=3))
def test_texts_survive_as_json(texts: list[str]) -> None:
    assert parse_texts(json.dumps(texts)) == texts
    assert parse_list(json.dumps(texts)) == texts


@pytest.mark.parametrize(
    ("days", "retention"), [(None, None), (1, timedelta(days=1)), (36_500, timedelta(days=36_500))]
)
def test_a_retention_is_a_number_of_days(days: int | None, retention: timedelta | None) -> None:
    assert parse_retention(days) == retention


@pytest.mark.parametrize("days", [0, -1, 36_501, 2**62, "30", b"30", 1.0])
def test_what_no_retention_can_be_is_told(days: object) -> None:
    with pytest.raises(ValueError, match="a retention of"):
        parse_retention(days)


def test_columns_are_read_as_they_stand() -> None:
    columns = {column.name: column for column in iter_columns(grants)}
    assert list(columns) == [column.name for column in grants.c]
    for column in grants.c:
        read = columns[column.name]
        if isinstance(column.type, JSON | Instant):
            assert isinstance(read, Label)
            assert isinstance(read.type, NullType)
        else:
            assert read is column
