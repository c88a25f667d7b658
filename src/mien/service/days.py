"""Days as people write them, and the moments that they mean here: days in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta


def begin_of(day: date) -> datetime:
    """The moment at which a day begins."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def end_of(day: date) -> datetime:
    """The moment from which on a last day is over."""
    if day == date.max:  # which no day follows
        return datetime.max.replace(tzinfo=UTC)
    return begin_of(day) + timedelta(days=1)
