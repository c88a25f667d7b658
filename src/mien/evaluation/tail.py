"""How rare a score is among strangers: counted where it can be, extrapolated beyond, and marked.

Down to 30 false matches the false match rate is counted. Beyond, scores over a high
threshold are taken to follow a generalised Pareto distribution (Pickands 1975), fitted by
weighted probability-weighted moments (Hosking and Wallis 1987) and joined to the counted part
at its end. A tail that ends somewhere is never believed: the highest scores are of twins, wrong
labels and poor photos, which a fit to the many below them does not see coming, so the tail is
at least as heavy as an exponential one. No claim is made beyond one decade below the last
false match.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.errors import EvaluationError
from mien.evaluation.figures import ENOUGH_ERRORS, Reals, find_interval
from mien.evaluation.resampling import Resampling
from mien.evaluation.trials import Trials

_FITTED_SHARE = 2e-4
_FITTED_LEAST = 200
_TAIL_LEAST_PART = 5
_KNOTS_A_DECADE = 4
_FIRST_RATE = 0.5
_DECADES_BEYOND = 1.0
_NEVER = 1e-12


@dataclass(frozen=True, slots=True)
class Knot:
    """A score, the decimal logarithm of the share of strangers who reach it, and its interval."""

    score: float
    log10_fmr: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ParetoTail:
    """Scores over `start`, which `share` of all strangers exceed: generalised Pareto.

    A `shape` of 0 is an exponential tail. Fitted to so many `exceedances`.
    """

    start: float
    share: float
    shape: float
    scale: float
    exceedances: int

    def log10_share(self, scores: Reals) -> Reals:
        """The decimal logarithm of the share of strangers over each score from `start` on."""
        from scipy.stats import genpareto

        beyond = genpareto.logsf(scores - self.start, self.shape, scale=self.scale)
        found: Reals = np.log10(self.share) + beyond / np.log(10)
        return found


@dataclass(frozen=True, slots=True)
class FmrCurve:
    """From scores to false match rates: linear between knots in the logarithm.

    From `extrapolates_from` on, nothing was counted; below the last knot nothing is claimed
    but that a score is rarer. Rates rest on so many `pairs` of so many `people`.
    """

    knots: tuple[Knot, ...]
    tail: ParetoTail
    extrapolates_from: float
    pairs: int
    people: int

    def find_rates(self, scores: Reals) -> Reals:
        """The false match rate at each score; those of the ends beyond the ends."""
        x = np.array([knot.score for knot in self.knots])
        y = np.array([knot.log10_fmr for knot in self.knots])
        rates: Reals = 10.0 ** np.interp(scores, x, y)
        return rates


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """One replicate: the share of strangers down to each falling score, and the tail."""

    scores: Reals
    shares: Reals
    joint: float
    tail: ParetoTail

    def at(self, scores: Reals) -> Reals:
        """The decimal logarithm of the share of strangers who reach each score."""
        counted = self._count(np.minimum(scores, self.joint))
        with np.errstate(divide="ignore", invalid="ignore"):
            shift = self._count(np.array([self.joint])) - self.tail.log10_share(
                np.array([self.joint])
            )
            beyond = self.tail.log10_share(np.maximum(scores, self.joint)) + shift
        return np.where(scores > self.joint, beyond, counted)

    def _count(self, scores: Reals) -> Reals:
        places = np.searchsorted(-self.scores, -scores, side="right")
        shares = self.shares[np.maximum(places, 1) - 1]
        found: Reals = np.log10(np.maximum(shares, self.shares[-1] * _NEVER))
        return found


def fit_fmr_curve(trials: Trials, *, resampling: Resampling) -> FmrCurve:
    """The curve of the strangers among these trials, with intervals from people drawn again.

    Raises `EvaluationError` where there are fewer than a thousand pairs of strangers.
    """
    fitted = _count_fitted(trials)
    if not has_tail(trials):
        raise EvaluationError(
            f"{trials.stranger_count:,} pairs of different people are too few to fit how rare a "
            f"score is; {_FITTED_LEAST * _TAIL_LEAST_PART:,} are needed. Add photos of more people."
        )
    found = _fit(trials, np.ones(trials.people), fitted=fitted)
    scores = _choose_scores(trials, found)
    floor = np.log10(1 / trials.stranger_count) - _DECADES_BEYOND
    drawn = np.stack(
        [_fit(trials, w, fitted=fitted).at(scores) for w in resampling.iter_weights(trials.people)]
    )
    values = np.maximum(found.at(scores), floor)
    knots = []
    for place, score in enumerate(scores):
        low, high = find_interval(np.maximum(drawn[:, place], floor))
        value = float(values[place])
        knots.append(
            Knot(
                float(score),
                value,
                value if low is None else min(low, value),
                value if high is None else max(high, value),
            )
        )
    return FmrCurve(tuple(knots), found.tail, found.joint, trials.stranger_count, trials.people)


def has_tail(trials: Trials) -> bool:
    """Whether there are strangers enough to fit a tail to, and their scores differ."""
    fitted = _count_fitted(trials)
    if fitted * _TAIL_LEAST_PART > len(trials.strangers):
        return False
    return bool(trials.strangers[0] > trials.strangers[fitted])


def _count_fitted(trials: Trials) -> int:
    return max(_FITTED_LEAST, int(_FITTED_SHARE * trials.stranger_count))


def fit_pareto(excesses: Reals, weights: Reals) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto distribution of rising excesses over 0."""
    mass = weights.sum()
    above = 1 - (np.cumsum(weights) - weights / 2) / mass
    first = float((weights * excesses).sum() / mass)
    second = float((weights * excesses * above).sum() / mass)
    spread = first - 2 * second
    if spread <= 0:  # all the same: there is no tail
        return 0.0, 0.0
    shape = 2 - first / spread
    return float(shape), float(2 * first * second / spread)


def fit_heavy(excesses: Reals, weights: Reals) -> tuple[float, float]:
    """As `fit_pareto`; where that would end somewhere, the exponential of the same mean."""
    shape, scale = fit_pareto(excesses, weights)
    if shape >= 0:
        return shape, scale
    return 0.0, float((weights * excesses).sum() / weights.sum())


def _fit(trials: Trials, weights: Reals, *, fitted: int) -> _Fit:
    """The counted part and the tail of one replicate; its joint lies where 30 pairs are left."""
    mass = trials.stranger_mass(weights)
    weighed = trials.weigh_strangers(weights)
    reached = np.cumsum(weighed) / mass
    scores = trials.strangers.astype(float)
    start = scores[fitted]
    excesses = scores[:fitted][::-1] - start
    shape, scale = fit_heavy(excesses, weighed[:fitted][::-1])
    tail = ParetoTail(float(start), float(reached[fitted - 1]), shape, scale, fitted)
    return _Fit(scores, reached, float(scores[ENOUGH_ERRORS - 1]), tail)


def _choose_scores(trials: Trials, found: _Fit) -> Reals:
    """Scores at steps of a quarter of a decade, as far as they are claimed; rising."""
    count, kept = trials.stranger_count, len(trials.strangers)
    first = np.log10(min(_FIRST_RATE, (kept - 1) / count))
    last = np.log10(1 / count) - _DECADES_BEYOND
    steps = np.arange(first, last, -1 / _KNOTS_A_DECADE)
    counted = steps[steps >= np.log10(ENOUGH_ERRORS / count)]
    places = np.minimum((10**counted * count).astype(int), kept - 1)
    scores = trials.strangers[places].astype(float)
    beyond = np.linspace(found.joint, _end_of(found, last), 400)
    rates = found.at(beyond)
    deep = np.append(steps[steps < counted[-1]], last)
    tail_scores = np.interp(-deep, -rates, beyond)
    return np.unique(np.concatenate([scores, [found.joint], tail_scores]))


def _end_of(found: _Fit, last: float) -> float:
    """A score so high that the rate there is below the last that is claimed."""
    step = found.tail.scale
    end = found.joint + step
    while found.at(np.array([end]))[0] > last:
        end += step
    return float(end)
