"""Days as a form sends them, as moments to filter by: whole days of UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from mien.errors import SettingsError


def begin_of(text: str) -> datetime | None:
    """When the day begins; nothing for no day. Raises `SettingsError`."""
    return None if not text else datetime.combine(_parse(text), time.min, tzinfo=UTC)


def end_of(text: str) -> datetime | None:
    """When the day is over; nothing for no day. Raises `SettingsError`."""
    begin = begin_of(text)
    return None if begin is None else begin + timedelta(days=1)


def last_day(end: datetime) -> date:
    """The last day of UTC on which something holds that is over at this moment."""
    return (end - datetime.resolution).astimezone(UTC).date()


def _parse(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{text!r} is no day: write it as 2030-05-31.") from error
    if day == date.max:
        raise SettingsError(f"{text!r} is no day that anything could happen after.")
    return day
