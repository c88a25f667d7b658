"""A number with its interval, and how far the data carry it.

Two rules of ISO/IEC 19795-1: no error in n independent trials leaves an upper bound of 3/n
(95 %), and 30 errors are needed to know a rate to within 30 % (90 %). What rests on fewer is
marked as weak; what rests on less than one expected error is not stated at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

ENOUGH_ERRORS = 30
LEAST_ERRORS = 1
_ZERO_ERRORS_BOUND = 3
_INTERVAL_PERCENT = (2.5, 97.5)

Reals = NDArray[np.float64]


class Standing(StrEnum):
    """How far a figure is carried by the data it was made from."""

    CARRIED = "carried"
    WEAK = "weak"
    EXTRAPOLATED = "extrapolated"
    NOT_CARRIED = "not-carried"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and its interval of 95 %; no number where the data carry none, and why."""

    value: float | None
    low: float | None = None
    high: float | None = None
    standing: Standing = Standing.CARRIED
    note: str = ""


def withhold(note: str) -> Figure:
    """The figure that is not stated, with the reason."""
    return Figure(None, standing=Standing.NOT_CARRIED, note=note)


def bound_of_none(trials: int) -> float:
    """What a rate is at most (95 %) of which no case was seen in so many independent trials."""
    return min(1.0, _ZERO_ERRORS_BOUND / trials) if trials else 1.0


def find_interval(replicates: Sequence[float] | Reals) -> tuple[float | None, float | None]:
    """The middle 95 % of what resampling gave; nothing where it gave nothing."""
    finite = np.asarray(replicates, float)
    finite = finite[np.isfinite(finite)]
    if finite.size == 0:
        return None, None
    low, high = np.percentile(finite, _INTERVAL_PERCENT)
    return float(low), float(high)


def mean_of_known(drawn: Reals) -> Reals:
    """The mean of each column (rows, columns) over the rows that have a number there."""
    is_known = np.isfinite(drawn)
    counted = is_known.sum(axis=0)
    total = np.where(is_known, drawn, 0.0).sum(axis=0)
    return np.where(counted > 0, total / np.maximum(counted, 1), np.nan)


def state(value: float, replicates: Sequence[float] | Reals) -> Figure:
    """A figure that no rule of errors applies to.

    Resampling doubles people, which makes some measures look worse than on the sample itself, so
    the interval is widened to hold the figure.
    """
    low, high = find_interval(replicates)
    if low is None or high is None:
        return Figure(float(value), low, high)
    return Figure(float(value), min(low, float(value)), max(high, float(value)))


def state_rate(
    value: float,
    replicates: Sequence[float] | Reals,
    *,
    errors: float,
    trials: int,
    what: str,
) -> Figure:
    """A rate of errors, of which so many were seen in so many independent trials.

    The bound of the rule of 3 counts people where pairs of one person depend on each other.
    """
    low, high = find_interval(replicates)
    if errors < 1:  # a mean over splits may come to less than one
        high = max(high or 0.0, bound_of_none(trials))
        seen = "no" if errors == 0 else "hardly any"
        note = f"{seen} {what} seen: at most 3 in {trials:,} people (95 %)"
        return Figure(float(value), low, high, Standing.WEAK, note)
    if errors < ENOUGH_ERRORS:
        note = f"rests on {errors:,.0f} {what}, fewer than {ENOUGH_ERRORS}"
        return Figure(float(value), low, high, Standing.WEAK, note)
    return Figure(float(value), low, high)


def weaken(figure: Figure, *, expected: float, what: str) -> Figure:
    """The figure, marked as weak where its threshold rests on few errors of strangers."""
    if expected >= ENOUGH_ERRORS:
        return figure
    note = f"the threshold rests on {expected:,.0f} {what}, fewer than {ENOUGH_ERRORS}"
    notes = "; ".join(part for part in (figure.note, note) if part)
    return Figure(figure.value, figure.low, figure.high, Standing.WEAK, notes)


def complement(figure: Figure) -> Figure:
    """One less the figure: a true match rate from a false non-match rate."""

    def turn(number: float | None) -> float | None:
        return None if number is None else 1.0 - number

    return Figure(
        turn(figure.value), turn(figure.high), turn(figure.low), figure.standing, figure.note
    )
