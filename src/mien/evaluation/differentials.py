"""Whether errors fall on some groups more than on others (ISO/IEC 19795-10).

Groups are what the user's file says of people; nothing is ever inferred. All are judged at
one threshold for everybody. A pair of strangers counts for a group where both belong to it,
and pairs across groups stand in a matrix: most false matches come from within.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.evaluation.figures import (
    ENOUGH_ERRORS,
    LEAST_ERRORS,
    Figure,
    Reals,
    Standing,
    find_interval,
    state_rate,
    withhold,
)
from mien.evaluation.resampling import Codes, Resampling, count_stranger_pairs
from mien.evaluation.sample import Sample
from mien.evaluation.trials import Trials
from mien.evaluation.verification import FMRS, last_refused

_FEWEST_PEOPLE = 10
_UPPER_TAIL = 0.025
_OF_SEVERAL = "the worst of several groups looks worse than it is where they are small"
_NUMBER = re.compile(r"\d{1,3}(\.\d+)?")


@dataclass(frozen=True, slots=True)
class GroupRates:
    """A group's own errors at the common threshold."""

    group: str
    people: int
    mated_pairs: int
    stranger_pairs: int
    fmr: Figure
    fnmr: Figure


@dataclass(frozen=True, slots=True)
class CrossRate:
    """False matches between the people of two groups."""

    one: str
    other: str
    stranger_pairs: int
    fmr: Figure


@dataclass(frozen=True, slots=True)
class Differentials:
    """Groups by one attribute, at the threshold of one false match rate over everybody.

    `fmr_max_min` and `fmr_max_mean` compare the worst group with the best, and with the
    geometric mean of all that carry a figure; `fnmr_max_min` likewise.
    """

    attribute: str
    fmr: float
    threshold: float
    groups: tuple[GroupRates, ...]
    across: tuple[CrossRate, ...]
    fmr_max_min: Figure
    fmr_max_mean: Figure
    fnmr_max_min: Figure


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    """What a replicate weighs, by group and by pair of groups; (g,) and (g, g) symmetric."""

    misses: Reals
    mated: Reals
    matches: Reals
    strangers: Reals

    @property
    def fmr(self) -> Reals:
        """False match rates within each group and across, (g, g); not a number without pairs."""
        found: Reals = np.where(
            self.strangers > 0, self.matches / np.maximum(self.strangers, 1e-12), np.nan
        )
        return found

    @property
    def fnmr(self) -> Reals:
        found: Reals = np.where(self.mated > 0, self.misses / np.maximum(self.mated, 1e-12), np.nan)
        return found


def measure_differentials(
    sample: Sample, trials: Trials, *, resampling: Resampling
) -> tuple[Differentials, ...]:
    """One for each attribute that parts the people in at least two groups."""
    rate = choose_rate(trials)
    refused = float(last_refused(trials, np.ones(trials.people), rates=np.array([rate]))[0])
    found = []
    for attribute, labels in sample.groups.items():
        groups = band_ages(labels)
        names = sorted(set(groups) - {""})
        if len(names) > 1:
            of_person = np.array([names.index(g) if g else len(names) for g in groups])
            counter = _Counter(trials, of_person, groups=len(names), refused=refused)
            found.append(
                _compare(attribute, names, counter=counter, rate=rate, resampling=resampling)
            )
    return tuple(found)


def choose_rate(trials: Trials) -> float:
    """The lowest false match rate that rests on 30 false matches over everybody."""
    carried = [rate for rate in FMRS if rate * trials.stranger_count >= ENOUGH_ERRORS]
    return min(carried, default=max(FMRS))


def band_ages(labels: Sequence[str]) -> list[str]:
    """Labels as they are; numbers, which would make a group each, by tens."""
    known = [label for label in labels if label]
    if not known or not all(_NUMBER.fullmatch(label) for label in known):
        return list(labels)
    tens = [int(float(label)) // 10 * 10 if label else None for label in labels]
    return ["" if ten is None else f"{ten:02}-{ten + 9:02}" for ten in tens]


class _Counter:
    """Counts one replicate by groups; what does not change between them is worked out once."""

    def __init__(self, trials: Trials, of_person: Codes, *, groups: int, refused: float) -> None:
        if trials.photos is None:
            raise ValueError("a list of pairs has no groups")
        self.groups = groups
        self.threshold = refused
        self._trials = trials
        self._photos = trials.photos
        self._of_person = of_person
        self._matches = int(np.searchsorted(-trials.strangers, -refused, side="left"))
        self._missed = trials.mated <= refused

    @property
    def people(self) -> Codes:
        return np.bincount(self._of_person, minlength=self.groups)[: self.groups]

    def count(self, weights: Reals) -> _Counts:
        size = self.groups + 1
        mated_group = self._of_person[self._trials.mated_people]
        mated = weights[self._trials.mated_people]
        pairs = self._trials.strangers_people[: self._matches]
        one, other = np.sort(self._of_person[pairs], axis=1).T
        weighed = self._trials.weigh_strangers(weights, first=self._matches)
        matches = np.bincount(one * size + other, weighed, minlength=size * size)
        square = matches.reshape(size, size)[:-1, :-1]
        return _Counts(
            misses=self._sum(mated_group, mated * self._missed),
            mated=self._sum(mated_group, mated),
            matches=np.asarray(square + np.triu(square, 1).T, float),
            strangers=self._count_pairs(weights),
        )

    def _sum(self, groups: Codes, values: Reals) -> Reals:
        """Values by group, without what belongs to none."""
        return np.bincount(groups, values, minlength=self.groups + 1)[:-1].astype(float)

    def _count_pairs(self, weights: Reals) -> Reals:
        """All pairs of strangers within each group, and between each two."""
        photos = self._photos * weights
        of_group = self._sum(self._of_person, photos)
        pairs: Reals = np.outer(of_group, of_group)
        for group in range(self.groups):
            pairs[group, group] = count_stranger_pairs(photos[self._of_person == group])
        return pairs


def _compare(
    attribute: str,
    names: Sequence[str],
    *,
    counter: _Counter,
    rate: float,
    resampling: Resampling,
) -> Differentials:
    people = counter.people
    whole = counter.count(np.ones(len(counter._of_person)))  # noqa: SLF001  (its own module)
    drawn = [counter.count(w) for w in resampling.iter_weights(len(counter._of_person))]  # noqa: SLF001
    fmrs, fnmrs = np.stack([one.fmr for one in drawn]), np.stack([one.fnmr for one in drawn])
    groups = [
        GroupRates(
            name,
            int(people[i]),
            int(whole.mated[i]),
            int(whole.strangers[i, i]),
            _state_fmr(whole, (i, i), drawn=fmrs[:, i, i], rate=rate, fewest=int(people[i])),
            _state_fnmr(whole, i, drawn=fnmrs[:, i], people=int(people[i])),
        )
        for i, name in enumerate(names)
    ]
    across = [
        CrossRate(
            names[i],
            names[j],
            int(whole.strangers[i, j]),
            _state_fmr(
                whole, (i, j), drawn=fmrs[:, i, j], rate=rate, fewest=int(min(people[i], people[j]))
            ),
        )
        for i in range(len(names))
        for j in range(i + 1, len(names))
    ]
    own, own_drawn = np.diagonal(whole.fmr), np.diagonal(fmrs, axis1=1, axis2=2)
    own_stated = [group.fmr for group in groups]
    return Differentials(
        attribute=attribute,
        fmr=rate,
        threshold=float(np.nextafter(np.float32(counter.threshold), np.float32(np.inf))),
        groups=tuple(groups),
        across=tuple(across),
        fmr_max_min=_compare_extremes(own, own_drawn, stated=own_stated, is_mean=False),
        fmr_max_mean=_compare_extremes(own, own_drawn, stated=own_stated, is_mean=True),
        fnmr_max_min=_compare_extremes(
            whole.fnmr, fnmrs, stated=[g.fnmr for g in groups], is_mean=False
        ),
    )


def _state_fmr(
    counts: _Counts, place: tuple[int, int], *, drawn: Reals, rate: float, fewest: int
) -> Figure:
    pairs = counts.strangers[place]
    if fewest < _FEWEST_PEOPLE or pairs * rate < LEAST_ERRORS:
        return withhold(f"{fewest:,} people, {pairs:,.0f} pairs: too few")
    # Pairs of few people depend on each other, so the rule of 3 counts those of the smaller group.
    return state_rate(
        counts.fmr[place],
        drawn,
        errors=counts.matches[place],
        trials=fewest,
        what="false matches",
    )


def _state_fnmr(counts: _Counts, i: int, *, drawn: Reals, people: int) -> Figure:
    if people < _FEWEST_PEOPLE or counts.mated[i] == 0:
        return withhold(f"{people:,} people, {counts.mated[i]:,.0f} mated pairs: too few")
    return state_rate(
        counts.fnmr[i], drawn, errors=counts.misses[i], trials=people, what="missed pairs"
    )


def _compare_extremes(
    rates: Reals, drawn: Reals, *, stated: Sequence[Figure], is_mean: bool
) -> Figure:
    """The highest rate over the lowest, or over the geometric mean, of groups with a figure.

    Draws in which a group has no error have no bound above; nor has the interval, where they
    are more than its upper tail.
    """
    is_stated = np.array([figure.value is not None for figure in stated])
    if is_stated.sum() < 2:  # noqa: PLR2004  (it takes two to compare)
        return withhold("fewer than two groups carry a figure")
    if (rates[is_stated] == 0).any():
        return withhold("a group without any error leaves the ratio without a bound")
    ratios = np.array([_ratio(one[is_stated], is_mean=is_mean) for one in drawn])
    low, high = find_interval(ratios)
    if np.isnan(ratios).mean() > _UPPER_TAIL:
        high = None
    is_weak = any(figure.standing is Standing.WEAK for figure in stated)
    standing = Standing.WEAK if is_weak else Standing.CARRIED
    return Figure(_ratio(rates[is_stated], is_mean=is_mean), low, high, standing, _OF_SEVERAL)


def _ratio(rates: Reals, *, is_mean: bool) -> float:
    if not np.isfinite(rates).all() or (rates <= 0).any():
        return float("nan")
    below = np.exp(np.log(rates).mean()) if is_mean else rates.min()
    return float(rates.max() / below)
