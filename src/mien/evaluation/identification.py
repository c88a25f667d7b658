"""Open-set identification: searches for people who are enrolled, and for people who are not.

Each seed enrols one photo of every person in a random half of the people. All their other
photos are mated probes; every photo of the other half is a non-mated probe. A mated search
hits where the mate comes first and reaches the threshold (FNIR of ISO/IEC 19795-1 at rank 1);
a non-mated search is a false alarm where anybody reaches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
from mien.evaluation.resampling import Codes, Resampling, halve_people
from mien.evaluation.sample import Sample, Scores

FPIRS = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3)
SPLITS = 10
_SIZES = (100, 300, 1_000, 3_000, 10_000)
_ROUNDING = 1e-9
_FRACTION_A_SIZE = 0.8


@dataclass(frozen=True, slots=True)
class IdentificationPoint:
    """The share of mated searches that miss at a false positive identification rate."""

    fpir: float
    fnir: Figure


@dataclass(frozen=True, slots=True)
class GallerySize:
    """Searches in a gallery of so many people, one photo each; probes are means over splits."""

    gallery: int
    mated_probes: int
    stranger_probes: int
    rank_one: Figure
    points: tuple[IdentificationPoint, ...]


@dataclass(frozen=True, slots=True)
class Identification:
    """The same for galleries of rising size; `splits` is how many random enrolments it took."""

    splits: int
    sizes: tuple[GallerySize, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Searches:
    """What came of all searches in one gallery.

    `mates` holds the mate's score where it came first, else minus infinity; `alarms` the best
    score of each non-mated probe, falling. With whose each is.
    """

    mates: Scores
    mated_people: Codes
    alarms: Scores
    alarm_people: Codes


def measure_identification(
    sample: Sample,
    *,
    resampling: Resampling,
    splits: int = SPLITS,
    fpirs: Sequence[float] = FPIRS,
) -> Identification:
    enrollable = len(sample.names) // 2
    wanted = [size for size in _SIZES if size < _FRACTION_A_SIZE * enrollable]
    sizes = [*wanted, enrollable]
    by_size: dict[int, list[_Searches]] = {size: [] for size in sizes}
    for seed in range(splits):
        for size, searches in zip(sizes, _search(sample, seed=seed, sizes=sizes), strict=True):
            if len(searches.mates) and len(searches.alarms):
                by_size[size].append(searches)
    measured = [
        _measure(size, runs, people=len(sample.names), resampling=resampling, fpirs=fpirs)
        for size, runs in by_size.items()
        if runs
    ]
    return Identification(splits, tuple(measured))


def _search(sample: Sample, *, seed: int, sizes: Sequence[int]) -> list[_Searches]:
    """One parting of the people, and a search in each size of gallery."""
    people = len(sample.names)
    is_enrolled = halve_people(people, seed=seed)
    order = np.random.default_rng(seed).permutation(len(sample))
    _, first = np.unique(sample.people[order], return_index=True)
    chosen = order[first]
    ranks = np.random.default_rng(seed).permutation(np.flatnonzero(is_enrolled))
    is_probe = np.ones(len(sample), bool)
    is_probe[chosen[is_enrolled]] = False
    probes = np.flatnonzero(is_probe)
    scores = sample.score(probes, chosen[ranks])
    own = np.full(people, -1)
    own[ranks] = np.arange(len(ranks))
    whose = sample.people[probes]
    return [
        _judge(scores[:, :size], own=own[whose], whose=whose, is_enrolled=is_enrolled)
        for size in sizes
    ]


def _judge(
    scores: Scores, *, own: Codes, whose: Codes, is_enrolled: NDArray[np.bool_]
) -> _Searches:
    size = scores.shape[1]
    best = scores.max(axis=1)
    is_mated = (own >= 0) & (own < size)
    mated = np.flatnonzero(is_mated)
    mates = scores[mated, own[mated]]
    is_stranger = ~is_enrolled[whose]
    falling = np.argsort(-best[is_stranger], kind="stable")
    return _Searches(
        mates=np.where(mates >= best[mated], mates, -np.inf).astype(np.float32),
        mated_people=whose[mated],
        alarms=best[is_stranger][falling],
        alarm_people=whose[is_stranger][falling],
    )


def _measure(
    size: int,
    runs: Sequence[_Searches],
    *,
    people: int,
    resampling: Resampling,
    fpirs: Sequence[float],
) -> GallerySize:
    alarms = int(np.mean([len(run.alarms) for run in runs]))
    carried = [rate for rate in fpirs if rate * alarms >= LEAST_ERRORS]
    rates = np.array([*carried, 1.0])
    found = _mean_misses(runs, np.ones(people), rates=rates)
    drawn = np.stack([_mean_misses(runs, w, rates=rates) for w in resampling.iter_weights(people)])
    mated = int(np.mean([len(run.mates) for run in runs]))
    probed = int(np.mean([np.unique(run.mated_people).size for run in runs]))

    def figure(i: int) -> Figure:
        return state_rate(
            found[i], drawn[:, i], errors=found[i] * mated, trials=probed, what="missed searches"
        )

    points = [
        IdentificationPoint(rate, weaken(figure(i), expected=rate * alarms, what="false alarms"))
        for i, rate in enumerate(carried)
    ]
    left = [rate for rate in fpirs if rate not in carried]
    points += [IdentificationPoint(rate, _withhold(alarms, rate)) for rate in left]
    return GallerySize(size, mated, alarms, complement(figure(len(carried))), tuple(points))


def _mean_misses(runs: Sequence[_Searches], weights: Reals, *, rates: Reals) -> Reals:
    """The mean over the splits of the share of missed searches; a rate of 1 has no threshold."""
    return mean_of_known(np.stack([_misses(run, weights, rates=rates) for run in runs]))


def _misses(run: _Searches, weights: Reals, *, rates: Reals) -> Reals:
    reached = np.cumsum(weights[run.alarm_people])
    mated = weights[run.mated_people]
    if reached[-1] == 0 or mated.sum() == 0:
        return np.full(len(rates), np.nan)
    places = np.searchsorted(reached, rates * reached[-1] * (1 + _ROUNDING), side="right")
    last = np.where(
        places < len(run.alarms),
        run.alarms[np.minimum(places, len(run.alarms) - 1)],
        np.float32(-np.inf),
    )
    missed: Reals = (mated[:, None] * (run.mates[:, None] <= last[None, :])).sum(axis=0)
    return np.asarray(missed / mated.sum(), float)


def _withhold(alarms: int, rate: float) -> Figure:
    return withhold(
        f"{alarms:,} searches for people who are not enrolled carry no FPIR of {rate:g}"
    )
