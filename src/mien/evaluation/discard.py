"""Error versus discard: how far misses fall as the photos of the poorest quality are left out.

ISO/IEC 29794-1 judges a measure of quality so. The quality of a pair is that of its poorer
photo. The area over the first fifth of discards is compared with that of leaving photos out
at random, which is the share of misses itself: below 1 the measure helps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.evaluation.differentials import choose_rate
from mien.evaluation.figures import ENOUGH_ERRORS, Figure, Reals, Standing, state, withhold
from mien.evaluation.resampling import Codes, Resampling
from mien.evaluation.sample import Sample
from mien.evaluation.trials import Trials
from mien.evaluation.verification import last_refused

_STEPS = tuple(step / 20 for step in range(11))
_AREA_TO = 0.2


@dataclass(frozen=True, slots=True)
class DiscardPoint:
    """The share of mated pairs missed among those left when so many photos are left out."""

    discarded: float
    pairs: int
    fnmr: Figure


@dataclass(frozen=True, slots=True)
class Discard:
    """One measure of quality at the threshold of one false match rate."""

    quality: str
    fmr: float
    points: tuple[DiscardPoint, ...]
    area: Figure


def measure_discard(
    sample: Sample, trials: Trials, *, resampling: Resampling
) -> tuple[Discard, ...]:
    """One for each measure of quality of the sample."""
    rate = choose_rate(trials)
    refused = last_refused(trials, np.ones(trials.people), rates=np.array([rate]))[0]
    one, other = pair_mates(sample.people)
    is_missed = sample.score_pairs(one, other) <= refused
    return tuple(
        _measure(
            name,
            _rank_pairs(quality, one, other=other),
            is_missed=is_missed.astype(float),
            whose=sample.people[one],
            rate=rate,
            resampling=resampling,
        )
        for name, quality in sample.qualities.items()
    )


def pair_mates(people: Codes) -> tuple[Codes, Codes]:
    """Both photos of every mated pair, each (pairs,)."""
    order = np.argsort(people, kind="stable")
    ones, others = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for group in np.split(order, np.flatnonzero(np.diff(people[order])) + 1):
        upper = np.triu_indices(len(group), k=1)
        ones.append(group[upper[0]])
        others.append(group[upper[1]])
    return np.concatenate(ones), np.concatenate(others)


def _rank_pairs(quality: Reals, one: Codes, *, other: Codes) -> Reals:
    """Of each pair, the share of photos that are poorer than its poorer one."""
    ranks = np.searchsorted(np.sort(quality), quality, side="left") / len(quality)
    found: Reals = np.minimum(ranks[one], ranks[other])
    return found


def _measure(
    name: str,
    ranks: Reals,
    *,
    is_missed: Reals,
    whose: Codes,
    rate: float,
    resampling: Resampling,
) -> Discard:
    is_kept = np.stack([ranks >= step for step in _STEPS]).astype(float)
    people = int(whose.max()) + 1
    rates = _rates(is_kept, is_missed, weights=np.ones(len(whose)))
    drawn = np.stack(
        [_rates(is_kept, is_missed, weights=w[whose]) for w in resampling.iter_weights(people)]
    )
    points = [
        _make_point(step, is_kept[i], is_missed=is_missed, value=rates[i], drawn=drawn[:, i])
        for i, step in enumerate(_STEPS)
    ]
    if is_missed.sum() == 0:
        area = withhold("no pair is missed, so there is nothing to lessen")
    else:
        area = state(_area(rates), [_area(one) for one in drawn])
        if is_missed.sum() < ENOUGH_ERRORS:
            note = f"rests on {is_missed.sum():,.0f} missed pairs, fewer than {ENOUGH_ERRORS}"
            area = Figure(area.value, area.low, area.high, Standing.WEAK, note)
    return Discard(name, rate, tuple(points), area)


def _rates(is_kept: Reals, is_missed: Reals, *, weights: Reals) -> Reals:
    mass = is_kept @ weights
    missed = is_kept @ (weights * is_missed)
    found: Reals = np.where(mass > 0, missed / np.maximum(mass, 1e-12), np.nan)
    return found


def _area(rates: Reals) -> float:
    """The mean share of misses over the first fifth of discards, over that without any."""
    steps = np.array(_STEPS)
    first = steps <= _AREA_TO
    if not rates[0] > 0:
        return float("nan")
    return float(np.trapezoid(rates[first], steps[first]) / _AREA_TO / rates[0])


def _make_point(
    step: float, is_kept: Reals, *, is_missed: Reals, value: float, drawn: Reals
) -> DiscardPoint:
    pairs, misses = int(is_kept.sum()), float((is_kept * is_missed).sum())
    if pairs == 0:
        return DiscardPoint(step, 0, withhold("no mated pair is left"))
    figure = state(value, drawn)
    if misses < ENOUGH_ERRORS:
        note = f"rests on {misses:,.0f} missed pairs"
        figure = Figure(figure.value, figure.low, figure.high, Standing.WEAK, note)
    return DiscardPoint(step, pairs, figure)
