"""Rows of a bench's document: what was measured, and whether it reached its target."""

from __future__ import annotations

Row = dict[str, object]


def make_row(
    what: str,
    value: float,
    *,
    unit: str = "",
    at_least: float | None = None,
    at_most: float | None = None,
) -> Row:
    """A row with at most one target; `met` is None without one."""
    target, met = None, None
    if at_least is not None:
        target, met = f">= {at_least:,}", bool(value >= at_least)
    elif at_most is not None:
        target, met = f"<= {at_most:,}", bool(value <= at_most)
    return {"what": what, "value": float(value), "unit": unit, "target": target, "met": met}
