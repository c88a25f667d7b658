"""The mean over seeded halves: each seed parts the people in two, and both halves are measured.

A single figure on a small set hangs on a few people. The mean over ten partings hangs less
on which of them meet, and its interval still comes from drawing all people again: the halves
overlap from seed to seed, so their own spread would look too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mien.evaluation.figures import (
    LEAST_ERRORS,
    Figure,
    Reals,
    complement,
    mean_of_known,
    state_rate,
    weaken,
    withhold,
)
from mien.evaluation.resampling import Resampling, count_stranger_pairs, halve_people
from mien.evaluation.trials import Trials
from mien.evaluation.verification import FMRS, miss_rates

HALVES = 10


@dataclass(frozen=True, slots=True)
class HalvesPoint:
    """The mean true match rate over all halves at one false match rate."""

    fmr: float
    tmr: Figure


def measure_halves(
    trials: Trials,
    *,
    resampling: Resampling,
    partings: int = HALVES,
    fmrs: Sequence[float] = FMRS,
) -> tuple[HalvesPoint, ...]:
    """Of trials of all pairs; seeds are 0, 1, 2 and so on."""
    halves = [half for seed in range(partings) for half in part(trials, seed=seed)]
    expected = min((half.stranger_count for half in halves), default=0)
    carried = [rate for rate in fmrs if rate * expected >= LEAST_ERRORS]
    if not carried:
        return tuple(HalvesPoint(rate, _withhold(expected, rate)) for rate in fmrs)
    rates = np.array(carried)
    found = _mean_misses(halves, np.ones(trials.people), rates=rates)
    drawn = np.stack(
        [_mean_misses(halves, w, rates=rates) for w in resampling.iter_weights(trials.people)]
    )
    stated = [
        HalvesPoint(
            rate, _state(trials, found[i], replicates=drawn[:, i], expected=rate * expected)
        )
        for i, rate in enumerate(carried)
    ]
    return (
        *stated,
        *(HalvesPoint(r, _withhold(expected, r)) for r in fmrs if r not in carried),
    )


def part(trials: Trials, *, seed: int) -> tuple[Trials, ...]:
    """The trials within each of two halves of the people; a half without a pair is left out."""
    is_first = halve_people(trials.people, seed=seed)
    halves = (_within(trials, is_member) for is_member in (is_first, ~is_first))
    return tuple(half for half in halves if len(half.mated) and half.stranger_count)


def _within(trials: Trials, is_member: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Trials:
    """People keep their numbers, so that a replicate weighs the whole and its halves alike."""
    if trials.photos is None:
        raise ValueError("a list of pairs cannot be parted by people")
    photos = np.where(is_member, trials.photos, 0)
    is_mated = is_member[trials.mated_people]
    is_stranger = is_member[trials.strangers_people].all(axis=1)
    return replace(
        trials,
        photos=photos,
        mated=trials.mated[is_mated],
        mated_people=trials.mated_people[is_mated],
        strangers=trials.strangers[is_stranger],
        strangers_people=trials.strangers_people[is_stranger],
        stranger_count=round(count_stranger_pairs(photos.astype(float))),
    )


def _mean_misses(halves: Sequence[Trials], weights: Reals, *, rates: Reals) -> Reals:
    """The mean over the halves; one in which nobody was drawn again counts for nothing."""
    return mean_of_known(np.stack([miss_rates(half, weights, rates=rates) for half in halves]))


def _state(trials: Trials, fnmr: float, *, replicates: Reals, expected: float) -> Figure:
    """Each mated pair is in one half of every parting, so misses count once over both."""
    figure = state_rate(
        fnmr,
        replicates,
        errors=fnmr * len(trials.mated),
        trials=trials.mated_people_count,
        what="missed pairs",
    )
    return weaken(complement(figure), expected=expected, what="false matches in each half")


def _withhold(pairs: int, rate: float) -> Figure:
    return withhold(f"{pairs:,} pairs of different people in a half carry no rate of {rate:g}")
