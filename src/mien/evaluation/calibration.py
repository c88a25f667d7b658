"""Whether likelihood ratios mean what they say, on people who had no part in making them.

Cllr (Brümmer and du Preez 2006) is the price in bits of acting on the ratios: 0 for perfect
ones, 1 for ones that say nothing. Cllr-min is what would be left after the best recalibration
on the same pairs; the difference is lost by calibration alone. The expected calibration error
compares, in ten bins of equal mass, what was said at even odds with what was so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.figures import Figure, Reals, find_interval, state
from mien.evaluation.likelihood import LikelihoodCurve, fit_likelihood, pool
from mien.evaluation.resampling import Codes, Resampling, fold_people
from mien.evaluation.sample import Sample, Scores

FOLDS = 5
BINS = 10
_SEED = 11
_PAIRS_MOST = 30_000
_TIPPETT_POINTS = 61
_LEAST_FOLD_PEOPLE = 4


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """What was said on average in a bin, at even odds, and the share that was so."""

    said: float
    was_so: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class TippettPoint:
    """The shares of mated pairs and of strangers whose likelihood ratio is above 10 to this."""

    log10_ratio: float
    mated: float
    strangers: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well ratios are calibrated, over so many pairs of people outside each fit.

    Without `folds` the ratios were fitted elsewhere, on other people or on these.
    """

    folds: int
    mated_pairs: int
    stranger_pairs: int
    cllr: Figure
    cllr_min: Figure
    cllr_loss: Figure
    ece: Figure
    bins: tuple[ReliabilityBin, ...]
    tippett: tuple[TippettPoint, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Ratios:
    """Logarithms of likelihood ratios of pairs, rising, whether mated, and of whom; (pairs, 2)."""

    log_ratios: Reals
    is_mated: NDArray[np.bool_]
    people: Codes

    def weigh(self, weights: Reals) -> Reals:
        """What each pair weighs, mated ones and strangers half each. Nothing where one is gone."""
        one, other = self.people.T
        raw = np.where(self.is_mated, weights[one], weights[one] * weights[other])
        mated, strangers = raw[self.is_mated].sum(), raw[~self.is_mated].sum()
        if mated == 0 or strangers == 0:
            return np.zeros(len(raw))
        weighed: Reals = np.where(self.is_mated, raw / mated, raw / strangers) / 2
        return weighed


def make_ratios(log_ratios: Reals, is_mated: NDArray[np.bool_], *, people: Codes) -> Ratios:
    order = np.argsort(log_ratios, kind="stable")
    return Ratios(log_ratios[order], is_mated[order], people[order])


def cross_fit(sample: Sample, *, folds: int = FOLDS) -> Ratios | None:
    """Ratios of the pairs within each fold of people, by a curve fitted on all the others.

    None where a fold would be too small to have pairs of both kinds.
    """
    if len(sample.names) < folds * _LEAST_FOLD_PEOPLE:
        return None
    of_person = fold_people(len(sample.names), folds=folds, seed=_SEED)
    found = []
    for fold in range(folds):
        is_out = of_person == fold
        rest = draw_pairs(sample, ~is_out, seed=fold)
        held = draw_pairs(sample, is_out, seed=folds + fold)
        if not (_has_both(rest) and _has_both(held)):
            continue
        curve = fit_likelihood(rest.scores[rest.is_mated], rest.scores[~rest.is_mated])
        found.append((curve.find_log_ratios(held.scores), held.is_mated, held.people))
    if not found:
        return None
    log_ratios, is_mated, people = (np.concatenate(part) for part in zip(*found, strict=True))
    return make_ratios(log_ratios, is_mated, people=people)


def apply(curve: LikelihoodCurve, sample: Sample) -> Ratios:
    """Ratios of a curve that was fitted elsewhere, on this sample."""
    pairs = draw_pairs(sample, np.ones(len(sample.names), bool), seed=_SEED)
    return make_ratios(curve.find_log_ratios(pairs.scores), pairs.is_mated, people=pairs.people)


def measure_calibration(
    ratios: Ratios, *, resampling: Resampling, people: int, folds: int = FOLDS
) -> Calibration:
    """Ratios of pairs of `people` people, numbered from 0."""
    own = _Quality.of(ratios, np.ones(people))
    drawn = [_Quality.of(ratios, weights) for weights in resampling.iter_weights(people)]
    known = [one for one in drawn if np.isfinite(one.cllr)]
    shares = np.array([one.was_so for one in known]) if known else np.empty((0, BINS))
    return Calibration(
        folds=folds,
        mated_pairs=int(ratios.is_mated.sum()),
        stranger_pairs=int((~ratios.is_mated).sum()),
        cllr=state(own.cllr, [one.cllr for one in known]),
        cllr_min=state(own.cllr_min, [one.cllr_min for one in known]),
        cllr_loss=state(own.cllr - own.cllr_min, [one.cllr - one.cllr_min for one in known]),
        ece=state(own.ece, [one.ece for one in known]),
        bins=tuple(
            ReliabilityBin(float(said), float(so), *find_interval(shares[:, i]))
            for i, (said, so) in enumerate(zip(own.said, own.was_so, strict=True))
        ),
        tippett=tuple(_iter_tippett(ratios)),
    )


def find_cllr(log_ratios: Reals, is_mated: NDArray[np.bool_], *, weights: Reals) -> float:
    """The price in bits; weights of both kinds sum to a half each."""
    price = np.logaddexp(0.0, np.where(is_mated, -log_ratios, log_ratios)) / np.log(2)
    return float((weights * price).sum())


def find_cllr_min(ratios: Ratios, weights: Reals) -> float:
    """The price that is left after the best monotonic recalibration on these very pairs."""
    posterior = pool(ratios.log_ratios, ratios.is_mated.astype(float), weights=weights)
    right = np.where(ratios.is_mated, posterior, 1 - posterior)
    is_counted = weights > 0
    price = -(weights[is_counted] * np.log2(right[is_counted])).sum()
    return max(0.0, float(price))


@dataclass(frozen=True, slots=True)
class _Quality:
    """One replicate."""

    cllr: float
    cllr_min: float
    said: Reals
    was_so: Reals
    ece: float

    @classmethod
    def of(cls, ratios: Ratios, weights: Reals) -> _Quality:
        weighed = ratios.weigh(weights)
        nothing = np.full(BINS, np.nan)
        if weighed.sum() == 0:
            return cls(np.nan, np.nan, nothing, nothing, np.nan)
        said, was_so, mass = bin_by_mass(ratios, weighed)
        return cls(
            find_cllr(ratios.log_ratios, ratios.is_mated, weights=weighed),
            find_cllr_min(ratios, weighed),
            said,
            was_so,
            float((mass * np.abs(said - was_so)).sum()),
        )


def bin_by_mass(ratios: Ratios, weighed: Reals) -> tuple[Reals, Reals, Reals]:
    """In bins of equal mass: what was said at even odds, the share that was so, the mass."""
    posterior = 1 / (1 + np.exp(-ratios.log_ratios))
    ends = np.cumsum(weighed)
    places = np.minimum(((ends - weighed / 2) / ends[-1] * BINS).astype(int), BINS - 1)
    mass = np.bincount(places, weighed, minlength=BINS).astype(float)
    safe = np.maximum(mass, np.finfo(float).tiny)
    said = np.bincount(places, weighed * posterior, minlength=BINS) / safe
    was_so = np.bincount(places, weighed * ratios.is_mated, minlength=BINS) / safe
    return said, was_so, mass


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    scores: Scores
    is_mated: NDArray[np.bool_]
    people: Codes


def draw_pairs(sample: Sample, is_member: NDArray[np.bool_], *, seed: int) -> _Pairs:
    """Every mated pair of some of the people, and their pairs of strangers or a draw of them."""
    photos = np.flatnonzero(is_member[sample.people])
    whose = sample.people[photos]
    number = len(photos)
    if number * (number - 1) // 2 <= _PAIRS_MOST:
        one, other = np.triu_indices(number, k=1)
    else:
        drawn = np.random.default_rng(seed).integers(number, size=(2, _PAIRS_MOST))
        drawn = drawn[:, whose[drawn[0]] != whose[drawn[1]]]
        mated = np.array(list(_iter_mated(whose)), np.int64).reshape(-1, 2).T
        one, other = np.concatenate([drawn, mated], axis=1)
    people = np.stack([whose[one], whose[other]], axis=1)
    scores = sample.score_pairs(photos[one], photos[other])
    return _Pairs(scores, people[:, 0] == people[:, 1], people)


def _iter_mated(whose: Codes) -> Iterator[tuple[int, int]]:
    order = np.argsort(whose, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(whose[order])) + 1):
        for place, one in enumerate(group[:-1]):
            for other in group[place + 1 :]:
                yield int(one), int(other)


def _has_both(pairs: _Pairs) -> bool:
    return bool(pairs.is_mated.any() and not pairs.is_mated.all())


def _iter_tippett(ratios: Ratios) -> Iterator[TippettPoint]:
    decimal = ratios.log_ratios / np.log(10)
    for x in np.linspace(np.floor(decimal[0]), np.ceil(decimal[-1]), _TIPPETT_POINTS):
        is_above = decimal > x
        yield TippettPoint(
            float(x),
            float(is_above[ratios.is_mated].mean()),
            float(is_above[~ratios.is_mated].mean()),
        )
