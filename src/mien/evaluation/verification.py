"""Verification: how many pairs of one person are missed at a false match rate.

At a rate f the threshold is the lowest score that at most f of all strangers' pairs reach.
Intervals come from people drawn again, each time with a threshold of its own, so they cover
that the threshold was chosen on the same data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.evaluation.figures import (
    ENOUGH_ERRORS,
    LEAST_ERRORS,
    Figure,
    Reals,
    Standing,
    complement,
    find_interval,
    state_rate,
    weaken,
    withhold,
)
from mien.evaluation.resampling import Resampling
from mien.evaluation.trials import Trials

FMRS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
_CURVE_POINTS_A_DECADE = 8
_CURVE_START = 0.1
_ROUNDING = 1e-9
_SPARE = 2.0


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What a false match rate costs. A pair matches from `threshold` on."""

    fmr: float
    threshold: float | None
    false_matches: int
    misses: int
    tmr: Figure


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One point of a detection error trade-off; weak below 30 false matches."""

    fmr: float
    fnmr: float
    low: float | None
    high: float | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class Verification:
    """Pairs, and people with a mated pair; the rates that were asked for, and the whole curve."""

    mated_pairs: int
    stranger_pairs: int
    people: int
    mated_people: int
    points: tuple[OperatingPoint, ...]
    curve: tuple[CurvePoint, ...]


def measure_verification(
    trials: Trials, *, resampling: Resampling, fmrs: Sequence[float] = FMRS
) -> Verification:
    carried = [rate for rate in fmrs if rate * trials.stranger_count >= LEAST_ERRORS]
    grid = choose_rates(trials)
    rates = np.array(carried + grid)
    found = miss_rates(trials, np.ones(trials.people), rates=rates)
    drawn = np.stack(
        [miss_rates(trials, w, rates=rates) for w in resampling.iter_weights(trials.people)]
    )
    points = [
        _make_point(trials, rate, fnmr=found[i], replicates=drawn[:, i])
        for i, rate in enumerate(carried)
    ]
    curve = [
        _make_curve_point(trials, rate, fnmr=found[i], replicates=drawn[:, i])
        for i, rate in enumerate(grid, start=len(carried))
    ]
    return Verification(
        mated_pairs=len(trials.mated),
        stranger_pairs=trials.stranger_count,
        people=trials.people,
        mated_people=trials.mated_people_count,
        points=(*points, *(_withhold_point(trials, r) for r in fmrs if r not in carried)),
        curve=tuple(curve),
    )


def choose_rates(trials: Trials) -> list[float]:
    """Rates for a curve, from the highest that is kept down to the last false match."""
    count = trials.stranger_count
    first = min(_CURVE_START, len(trials.strangers) / count / _SPARE)
    last = LEAST_ERRORS / count
    decades = np.log10(first / last)
    if not decades > 0:
        return []
    rates = np.geomspace(first, last, int(decades * _CURVE_POINTS_A_DECADE) + 2)
    return [float(rate) for rate in rates]


def miss_rates(trials: Trials, weights: Reals, *, rates: Reals) -> Reals:
    """The share of mated pairs that is missed at each false match rate, in one replicate.

    Not a number where nobody was drawn who has a mated pair, or a stranger.
    """
    thresholds = last_refused(trials, weights, rates=rates)
    mated = np.concatenate([[0.0], np.cumsum(weights[trials.mated_people])])
    if mated[-1] == 0:
        return np.full(len(rates), np.nan)
    missed = np.searchsorted(trials.mated, thresholds, side="right")
    return np.where(np.isnan(thresholds), np.nan, mated[missed] / mated[-1])


def last_refused(trials: Trials, weights: Reals, *, rates: Reals) -> Reals:
    """The highest score that does not match yet at each false match rate, in one replicate."""
    kept = len(trials.strangers)
    first = min(kept, int(rates.max(initial=0.0) * trials.stranger_count * _SPARE) + ENOUGH_ERRORS)
    mass = trials.stranger_mass(weights)
    if mass == 0:
        return np.full(len(rates), np.nan)
    reached = np.cumsum(trials.weigh_strangers(weights, first=first))
    places = np.searchsorted(reached, rates * mass * (1 + _ROUNDING), side="right")
    if (places >= first).any() and first < kept:
        reached = np.cumsum(trials.weigh_strangers(weights))
        places = np.searchsorted(reached, rates * mass * (1 + _ROUNDING), side="right")
    scores = trials.strangers.astype(float)
    is_known = places < kept
    return np.where(is_known, scores[np.minimum(places, kept - 1)], -np.inf)


def _make_point(trials: Trials, rate: float, *, fnmr: float, replicates: Reals) -> OperatingPoint:
    refused = last_refused(trials, np.ones(trials.people), rates=np.array([rate]))[0]
    misses = int(np.searchsorted(trials.mated, refused, side="right"))
    matches = int(np.searchsorted(-trials.strangers, -refused, side="left"))
    tmr = complement(
        state_rate(
            fnmr,
            replicates,
            errors=misses,
            trials=trials.mated_people_count,
            what="missed pairs",
        )
    )
    return OperatingPoint(
        fmr=rate,
        threshold=float(np.nextafter(np.float32(refused), np.float32(np.inf))),
        false_matches=matches,
        misses=misses,
        tmr=weaken(tmr, expected=rate * trials.stranger_count, what="false matches"),
    )


def _withhold_point(trials: Trials, rate: float) -> OperatingPoint:
    note = (
        f"{trials.stranger_count:,} pairs of different people carry no false match rate of "
        f"{rate:g}: not even one false match is to be expected in them"
    )
    return OperatingPoint(rate, None, 0, 0, withhold(note))


def _make_curve_point(trials: Trials, rate: float, *, fnmr: float, replicates: Reals) -> CurvePoint:
    is_weak = rate * trials.stranger_count < ENOUGH_ERRORS
    low, high = find_interval(replicates)
    standing = Standing.WEAK if is_weak else Standing.CARRIED
    return CurvePoint(rate, float(fnmr), low, high, standing)
