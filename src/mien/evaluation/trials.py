"""Comparisons: every pair of photos, or the pairs of a list, mated and of strangers.

Of 55 million pairs of strangers only the highest scores are kept one by one, with the two
people of each; all others count in a histogram. That is enough for every false match rate
that matters, and keeps resampling quick.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.errors import EvaluationError
from mien.evaluation.figures import Reals
from mien.evaluation.resampling import Codes, count_stranger_pairs
from mien.evaluation.sample import Sample, Scores

_BLOCK = 512
_KEPT = 300_000
_KEPT_SHARE = 0.03
_BINS = 400
_PROBED = 200
_MARGIN = 1.2
_SEED = 7


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often scores fall between edges: edges (b + 1,), shares (b,) each summing to 1."""

    edges: tuple[float, ...]
    mated: tuple[float, ...]
    strangers: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Scores of comparisons, and whose they are.

    `mated` rise, `strangers` fall; of `stranger_count` strangers' scores those are kept that
    no other exceeds. `photos` counts the photos of each person where every pair of photos was
    compared, and is missing for a list of pairs, of which all are kept.
    """

    people: int
    photos: Codes | None
    mated: Scores
    mated_people: Codes
    strangers: Scores
    strangers_people: NDArray[np.int32]
    stranger_count: int
    histogram: Histogram

    @property
    def mated_people_count(self) -> int:
        """How many people have a mated pair."""
        return int(np.unique(self.mated_people).size)

    def weigh_strangers(self, weights: Reals, *, first: int | None = None) -> Reals:
        """What each of the highest strangers' pairs weighs in a replicate."""
        one, other = self.strangers_people[:first].T
        weighed: Reals = weights[one] * weights[other]
        return weighed

    def stranger_mass(self, weights: Reals) -> float:
        """What all pairs of strangers weigh together in a replicate."""
        if self.photos is None:
            return float(self.weigh_strangers(weights).sum())
        return count_stranger_pairs(self.photos * weights)


def compare_all(sample: Sample, *, kept: int = _KEPT) -> Trials:
    """Every photo against every other; of strangers so many scores are kept, or 3 in 100."""
    photos = sample.photos_per_person
    count = round(count_stranger_pairs(photos.astype(float)))
    low, floor, high = _probe_scores(sample, share=min(1.0, max(kept / count, _KEPT_SHARE)))
    counts = np.zeros((2, _BINS), np.int64)
    mated: list[tuple[Scores, Codes]] = []
    strangers: list[tuple[Scores, NDArray[np.int32]]] = []
    for scores, is_mated, one, other in _iter_blocks(sample):
        counts[0] += _count(scores[is_mated], low=low, high=high)
        counts[1] += _count(scores[~is_mated], low=low, high=high)
        mated.append((scores[is_mated], one[is_mated]))
        is_kept = np.flatnonzero(~is_mated & (scores >= floor))
        people = np.stack([one[is_kept], other[is_kept]], axis=1).astype(np.int32)
        strangers.append((scores[is_kept], people))
    return _assemble(
        sample,
        mated,
        strangers=strangers,
        photos=photos,
        stranger_count=count,
        histogram=_make_histogram(counts, low=low, high=high),
    )


def compare_listed(
    sample: Sample, one: Codes, *, other: Codes, is_mated: NDArray[np.bool_]
) -> Trials:
    """The pairs of a list: numbers of templates (pairs,) each, and whether they are mated."""
    scores = sample.score_pairs(one, other)
    people = np.stack([sample.people[one], sample.people[other]], axis=1).astype(np.int32)
    low, high = float(scores.min()), float(scores.max())
    counts = np.stack(
        [
            _count(scores[is_mated], low=low, high=high),
            _count(scores[~is_mated], low=low, high=high),
        ]
    )
    return _assemble(
        sample,
        [(scores[is_mated], people[is_mated, 0].astype(np.int64))],
        strangers=[(scores[~is_mated], people[~is_mated])],
        photos=None,
        stranger_count=int((~is_mated).sum()),
        histogram=_make_histogram(counts, low=low, high=high),
    )


def _iter_blocks(sample: Sample) -> Iterator[tuple[Scores, NDArray[np.bool_], Codes, Codes]]:
    """Scores of pairs, whether each is mated, and both people; flat, some rows at a time."""
    number, people = len(sample), sample.people
    for start in range(0, number, _BLOCK):
        rows, columns = np.arange(start, min(start + _BLOCK, number)), np.arange(start, number)
        is_pair = columns[None, :] > rows[:, None]
        scores = sample.score(rows, columns)[is_pair]
        one = np.broadcast_to(people[rows, None], is_pair.shape)[is_pair]
        other = np.broadcast_to(people[None, columns], is_pair.shape)[is_pair]
        yield scores, one == other, one, other


def _probe_scores(sample: Sample, *, share: float) -> tuple[float, float, float]:
    """Lowest score, the one that this share of strangers reaches, and highest, of some photos."""
    number = len(sample)
    rows = np.random.default_rng(_SEED).permutation(number)[:_PROBED]
    scores = sample.score(rows, np.arange(number))
    is_stranger = sample.people[rows, None] != sample.people[None, :]
    others = scores[np.arange(number)[None, :] != rows[:, None]]
    floor = -np.inf
    if share * _MARGIN < 1:
        floor = float(np.quantile(scores[is_stranger], 1 - share * _MARGIN))
    return float(others.min()), floor, float(others.max())


def _count(scores: Scores, *, low: float, high: float) -> NDArray[np.int64]:
    """How many scores fall into each bin; those beyond the ends count in the last ones."""
    width = (high - low) / _BINS or 1.0
    places = np.clip((scores - low) / width, 0, _BINS - 1).astype(np.int64)
    return np.bincount(places, minlength=_BINS)


def _make_histogram(counts: NDArray[np.int64], *, low: float, high: float) -> Histogram:
    mated, strangers = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    edges = np.linspace(low, high, _BINS + 1)
    return Histogram(tuple(edges.tolist()), tuple(mated.tolist()), tuple(strangers.tolist()))


def _assemble(
    sample: Sample,
    mated: Sequence[tuple[Scores, Codes]],
    *,
    strangers: Sequence[tuple[Scores, NDArray[np.int32]]],
    photos: Codes | None,
    stranger_count: int,
    histogram: Histogram,
) -> Trials:
    mated_scores, mated_people = (np.concatenate(part) for part in zip(*mated, strict=True))
    high, high_people = (np.concatenate(part) for part in zip(*strangers, strict=True))
    if not mated_scores.size or not stranger_count:
        missing = "of two different people" if mated_scores.size else "of one person"
        raise EvaluationError(f"There is no pair {missing} to compare. Add photos or pairs.")
    rising, falling = np.argsort(mated_scores, kind="stable"), np.argsort(-high, kind="stable")
    return Trials(
        people=len(sample.names),
        photos=photos,
        mated=mated_scores[rising],
        mated_people=mated_people[rising],
        strangers=high[falling],
        strangers_people=high_people[falling],
        stranger_count=stranger_count,
        histogram=histogram,
    )
