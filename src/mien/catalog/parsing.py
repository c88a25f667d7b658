"""Values out of rows that somebody may have edited: each is what it should be, or an error.

Columns are read as they stand, and not yet turned into values, so that one malformed row
does not keep the others from being read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ColumnElement, Table, type_coerce
from sqlalchemy.types import NullType

from mien.catalog.schema import EPOCH, Instant
from mien.permission.grant import LONGEST_RETENTION


def iter_columns(table: Table) -> Iterator[ColumnElement[Any]]:
    """All columns of a table, as they stand in it."""
    for column in table.c:
        is_parsed = isinstance(column.type, JSON | Instant)
        yield type_coerce(column, NullType()).label(column.name) if is_parsed else column


def parse_text(value: object) -> str:
    """Raises `ValueError`, as all of these do."""
    if isinstance(value, str):
        value.encode()  # JSON can spell what is no text
        return value
    raise ValueError(f"{value!r} where a text should be")


def parse_bytes(value: object) -> bytes:
    """What was sealed."""
    if isinstance(value, bytes):
        return value
    raise ValueError(f"{value!r} where bytes should be")


def parse_list(value: object) -> list[object]:
    """A list as JSON."""
    try:
        parsed = json.loads(parse_text(value))
    except RecursionError as error:
        raise ValueError("lists nested without end") from error
    if isinstance(parsed, list):
        return parsed
    raise ValueError(f"{value!r} where a list should be")


def parse_texts(value: object) -> list[str]:
    """A list of texts as JSON."""
    return [parse_text(one) for one in parse_list(value)]


def parse_instant(value: object) -> datetime:
    """A moment from microseconds since 1970."""
    if not isinstance(value, int):
        raise ValueError(f"{value!r} where a moment should be")  # noqa: TRY004  (one error for all)
    try:
        return EPOCH + timedelta(microseconds=value)
    except OverflowError as error:
        raise ValueError(f"{value} is beyond the calendar") from error


def parse_end(value: object) -> datetime | None:
    """The same, of what may not have come yet."""
    return None if value is None else parse_instant(value)


def parse_rate(value: object) -> int:
    """How often something may be done."""
    if isinstance(value, int) and value > 0:
        return value
    raise ValueError(f"{value!r} where a rate should be")


def format_instant(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)


def parse_retention(days: object) -> timedelta | None:
    """A retention from days, where there is one."""
    if days is None:
        return None
    if isinstance(days, int) and 1 <= days <= LONGEST_RETENTION.days:
        return timedelta(days=days)
    raise ValueError(f"a retention of {days!r} days")
