"""Labels that may be wrong: listed as suspicions, never corrected, refused where most are.

A wrong label makes a right answer of the model look like an error, most of all at the lowest
rates, where a few pairs decide. Whether a label is wrong only a person can tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mien.errors import EvaluationError
from mien.evaluation.figures import Reals
from mien.evaluation.resampling import Codes
from mien.evaluation.sample import Sample, Scores
from mien.evaluation.trials import Trials, compare_all
from mien.evaluation.verification import last_refused

_FAR_BELOW = 1e-2
_ALIKE = 1e-4
_UNUSUAL = 0.02
_TYPICAL = 0.4
_LISTED = 20
_BLOCK = 512
_AGREE_LEAST = 0.5
_AGREE_ABOVE = 0.9
_ENOUGH_MATES = 2
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Suspect:
    """A photo that scores far below another person with its own; `other` is empty if with all."""

    photo: str
    person: str
    own_score: float
    other: str
    other_score: float


@dataclass(frozen=True, slots=True)
class Double:
    """Two names whose photos look like those of one person."""

    one: str
    other: str
    score: float
    photos: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suspicions:
    """At most twenty of each kind, the clearest first, and how many there are."""

    photos: tuple[Suspect, ...]
    photo_count: int
    doubles: tuple[Double, ...]
    double_count: int


@dataclass(frozen=True, slots=True, eq=False)
class _Likeness:
    """Of each photo: the median score with its own person's others, and the best other person.

    The median, since one wrong photo would lower the mean of all others. `exceeded` is the
    share of other people whose mean the own score is above.
    """

    own: Reals
    mates: Codes
    other: Codes
    other_score: Reals
    exceeded: Reals


def suspect_labels(sample: Sample) -> Suspicions:
    """Raises `EvaluationError` where most photos do not look like others of their label."""
    trials = compare_all(sample)
    likeness = _compare_people(sample)
    _check_agreement(sample, likeness)
    low, high = last_refused(trials, np.ones(trials.people), rates=np.array([_FAR_BELOW, _ALIKE]))
    usual, typical = np.quantile(trials.mated, [_UNUSUAL, _TYPICAL])
    # Where many labels are wrong, the highest scores of strangers are of one person.
    high = min(high, typical)
    photos = list(_iter_suspects(sample, likeness, low=low, high=high, usual=usual))
    doubles = list(_iter_doubles(sample, trials))
    photos.sort(key=lambda suspect: suspect.own_score - suspect.other_score)
    doubles.sort(key=lambda double: -double.score)
    return Suspicions(tuple(photos[:_LISTED]), len(photos), tuple(doubles[:_LISTED]), len(doubles))


def _compare_people(sample: Sample) -> _Likeness:
    order = np.argsort(sample.people, kind="stable")
    counts = sample.photos_per_person
    firsts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    blocks = [
        _compare_block(sample, rows, order=order, firsts=firsts, counts=counts)
        for rows in np.array_split(np.arange(len(sample)), -(-len(sample) // _BLOCK))
    ]
    own, other, score, exceeded = (np.concatenate(part) for part in zip(*blocks, strict=True))
    return _Likeness(own, counts[sample.people] - 1, other, score, exceeded)


def _compare_block(
    sample: Sample, rows: Codes, *, order: Codes, firsts: Codes, counts: Codes
) -> tuple[Reals, Codes, Reals, Reals]:
    scores = sample.score(rows, order).astype(float)
    place, whose = np.arange(len(rows)), sample.people[rows]

    def take_median(i: int, person: int) -> float:
        theirs = slice(firsts[person], firsts[person] + counts[person])
        others = scores[i, theirs][order[theirs] != rows[i]]
        return float(np.median(others)) if others.size else -np.inf

    own = np.array([take_median(i, person) for i, person in enumerate(whose.tolist())])
    means = np.add.reduceat(scores, firsts, axis=1) / counts
    means[place, whose] = -np.inf
    exceeded = (means < own[:, None]).sum(axis=1) - 1
    best = means.argmax(axis=1)
    score = np.array([take_median(i, person) for i, person in enumerate(best.tolist())])
    return own, best, score, exceeded / max(len(counts) - 1, 1)


def _check_agreement(sample: Sample, likeness: _Likeness) -> None:
    has_mate = likeness.mates > 0
    agrees = likeness.exceeded[has_mate] >= _AGREE_ABOVE
    if agrees.mean() >= _AGREE_LEAST:
        return
    worst = np.flatnonzero(has_mate)[np.argsort(likeness.exceeded[has_mate])][:_NAMED]
    named = ", ".join(f"{sample.photos[int(i)]} ({_name(sample, int(i))})" for i in worst)
    raise EvaluationError(
        f"{(~agrees).sum():,} of {len(agrees):,} photos look no more like the others of their "
        f"person than like anybody else: {named} and so on. The labels are wrong, or the model is. "
        "Check which folder or line each photo stands in."
    )


def _iter_suspects(
    sample: Sample, likeness: _Likeness, *, low: float, high: float, usual: float
) -> Iterator[Suspect]:
    is_far = (likeness.mates > 0) & (likeness.own <= low)
    is_anothers = is_far & (likeness.other_score > high)
    # Weak models score many a photo low, and none of those stands out.
    is_unusual = likeness.own <= usual
    is_nobodys = is_far & is_unusual & ~is_anothers & (likeness.mates >= _ENOUGH_MATES)
    for i in np.flatnonzero(is_anothers | is_nobodys).tolist():
        yield Suspect(
            sample.photos[i],
            _name(sample, i),
            float(likeness.own[i]),
            sample.names[int(likeness.other[i])] if is_anothers[i] else "",
            float(likeness.other_score[i]),
        )


def _iter_doubles(sample: Sample, trials: Trials) -> Iterator[Double]:
    """Names whose every photo scores with the other's as most mated pairs do."""
    typical = float(np.median(trials.mated))
    count = int(np.searchsorted(-trials.strangers, -typical, side="right"))
    pairs = np.unique(np.sort(trials.strangers_people[:count], axis=1), axis=0)
    for one, other in pairs.tolist():
        rows = np.flatnonzero(sample.people == one)
        columns = np.flatnonzero(sample.people == other)
        scores: Scores = sample.score(rows, columns)
        if scores.mean() >= typical:
            photos = tuple(sample.photos[int(i)] for i in (*rows, *columns))
            yield Double(sample.names[one], sample.names[other], float(scores.mean()), photos)


def _name(sample: Sample, photo: int) -> str:
    return sample.names[int(sample.people[photo])]
