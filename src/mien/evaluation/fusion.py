"""Several photos of a person against one, fused in several ways.

Of everybody with enough photos some are enrolled, by a seed, and every other photo of anybody
is compared with them: by the first alone, by the mean of the templates at unit length, by the
mean of the scores, and by the highest. Each way has a threshold of its own at one false match
rate, so none gains by scoring higher throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.figures import (
    ENOUGH_ERRORS,
    Figure,
    Reals,
    complement,
    state,
    state_rate,
)
from mien.evaluation.resampling import Codes, Resampling
from mien.evaluation.sample import Sample, Scores, average_sides
from mien.types import Vectors

_ENROLLED = (2, 3, 5)
_FEWEST_PEOPLE = 20
_FMRS = (1e-2, 1e-3, 1e-4)
_SEED = 5
_ROUNDING = 1e-9


class Fusion(StrEnum):
    """How several photos of a person are compared with one of somebody."""

    SINGLE = "single"
    MEAN_TEMPLATE = "mean-template"
    MEAN_SCORE = "mean-score"
    MAX_SCORE = "max-score"


@dataclass(frozen=True, slots=True)
class FusionRate:
    """The true match rate of one way, and by how much it beats the first photo alone."""

    fusion: Fusion
    tmr: Figure
    gain: Figure


@dataclass(frozen=True, slots=True)
class FusedPhotos:
    """So many photos each of so many people enrolled, at one false match rate."""

    photos: int
    people: int
    mated_pairs: int
    stranger_pairs: int
    fmr: float
    rates: tuple[FusionRate, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """Scores of every set with every probe, one way; strangers fall, with whose they are."""

    mated: Scores
    strangers: Scores
    set_people: Codes
    probe_people: Codes


def measure_fusion(
    sample: Sample,
    *,
    resampling: Resampling,
    level: Callable[[Vectors], tuple[Scores, Scores]] | None = None,
) -> tuple[FusedPhotos, ...]:
    """One for each number of photos that twenty people have, and one more as a probe.

    Normalised scores need `level`, which gives the levels of a mean template.
    """
    found = []
    for number in _ENROLLED:
        eligible = np.flatnonzero(sample.photos_per_person > number)
        if len(eligible) >= _FEWEST_PEOPLE:
            found.append(_measure(sample, eligible, number=number, level=level, draws=resampling))
    return tuple(found)


def _measure(
    sample: Sample,
    eligible: Codes,
    *,
    number: int,
    level: Callable[[Vectors], tuple[Scores, Scores]] | None,
    draws: Resampling,
) -> FusedPhotos:
    enrolled = _enrol(sample, eligible, number=number)
    probes = np.setdiff1d(np.arange(len(sample)), enrolled.ravel())
    is_mated = sample.people[probes][None, :] == eligible[:, None]
    pairs = int((~is_mated).sum())
    rate = min((r for r in _FMRS if r * pairs >= ENOUGH_ERRORS), default=_FMRS[0])
    mated_people = np.broadcast_to(eligible[:, None], is_mated.shape)[is_mated]
    trials = {
        fusion: _sort(scores, is_mated, sets=eligible, probes=sample.people[probes], keep=rate)
        for fusion, scores in _iter_scores(sample, enrolled, probes=probes, level=level)
    }
    photos = np.bincount(sample.people[probes], minlength=len(sample.names))
    sets = np.zeros(len(sample.names))
    sets[eligible] = 1.0

    def rates(weights: Reals) -> dict[Fusion, float]:
        mass = (sets * weights).sum() * (photos * weights).sum()
        mass -= (sets * photos * weights**2).sum()
        return {
            fusion: _match_rate(trial, weights, mated_people=mated_people, allowed=rate * mass)
            for fusion, trial in trials.items()
        }

    own = rates(np.ones(len(sample.names)))
    drawn = [rates(weights) for weights in draws.iter_weights(len(sample.names))]
    return FusedPhotos(
        photos=number,
        people=len(eligible),
        mated_pairs=len(mated_people),
        stranger_pairs=pairs,
        fmr=rate,
        rates=tuple(
            _state(fusion, own, drawn=drawn, misses=len(mated_people), people=len(eligible))
            for fusion in own
        ),
    )


def _enrol(sample: Sample, eligible: Codes, *, number: int) -> Codes:
    """Photos of each eligible person, shape (people, number), chosen by the seed."""
    order = np.random.default_rng(_SEED).permutation(len(sample))
    order = order[np.argsort(sample.people[order], kind="stable")]
    firsts = np.searchsorted(sample.people[order], eligible)
    chosen: Codes = order[firsts[:, None] + np.arange(number)[None, :]]
    return chosen


def _iter_scores(
    sample: Sample,
    enrolled: Codes,
    *,
    probes: Codes,
    level: Callable[[Vectors], tuple[Scores, Scores]] | None,
) -> Iterator[tuple[Fusion, Scores]]:
    """Each way's scores, shape (people, probes)."""
    people, number = enrolled.shape
    scores = sample.score(enrolled.ravel(), probes).reshape(people, number, len(probes))
    yield Fusion.SINGLE, scores[:, 0]
    means = sample.templates[enrolled].mean(axis=1)
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    cosines = means @ sample.templates[probes].T
    if sample.levels is None:
        yield Fusion.MEAN_TEMPLATE, cosines
    elif level is not None:
        of_means, deviations = level(means)
        of_probes = sample.levels.of(probes, met=probes)
        own = of_means[:, None], deviations[:, None]
        yield Fusion.MEAN_TEMPLATE, average_sides(cosines, one=own, other=of_probes)
    yield Fusion.MEAN_SCORE, scores.mean(axis=1)
    yield Fusion.MAX_SCORE, scores.max(axis=1)


def _sort(
    scores: Scores, is_mated: NDArray[np.bool_], *, sets: Codes, probes: Codes, keep: float
) -> _Trial:
    """Of strangers only the highest scores are kept, twice as many as may match, and some."""
    strangers = scores[~is_mated]
    kept = min(len(strangers), int(2 * keep * len(strangers)) + 10 * ENOUGH_ERRORS)
    floor = np.partition(strangers, len(strangers) - kept)[len(strangers) - kept]
    rows, columns = np.nonzero(~is_mated & (scores >= floor))
    high = scores[rows, columns]
    order = np.argsort(-high, kind="stable")
    return _Trial(scores[is_mated], high[order], sets[rows[order]], probes[columns[order]])


def _match_rate(trial: _Trial, weights: Reals, *, mated_people: Codes, allowed: float) -> float:
    mated = weights[mated_people]
    if mated.sum() == 0:
        return float("nan")
    reached = np.cumsum(weights[trial.set_people] * weights[trial.probe_people])
    place = int(np.searchsorted(reached, allowed * (1 + _ROUNDING), side="right"))
    refused = trial.strangers[min(place, len(trial.strangers) - 1)]
    return float(mated[trial.mated > refused].sum() / mated.sum())


def _state(
    fusion: Fusion,
    own: Mapping[Fusion, float],
    *,
    drawn: list[dict[Fusion, float]],
    misses: int,
    people: int,
) -> FusionRate:
    missed = (1 - own[fusion]) * misses
    tmr = complement(
        state_rate(
            1 - own[fusion],
            [1 - one[fusion] for one in drawn],
            errors=missed,
            trials=people,
            what="missed pairs",
        )
    )
    single = Fusion.SINGLE
    gain = state(own[fusion] - own[single], [one[fusion] - one[single] for one in drawn])
    return FusionRate(fusion, tmr, gain)
