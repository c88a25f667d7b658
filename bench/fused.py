"""What a fused template is worth: thresholds of single photos, kept for the mean of several.

Of each person with four photos or more some are drawn and fused, three times; the person's other
photos are mates, and everybody else's are strangers. Cohorts are of other people, as in
bench.card.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from bench.card import OtherPeople
from numpy.typing import NDArray

from mien.evaluation.sample import Sample, average_sides
from mien.evaluation.trials import compare_all
from mien.evaluation.verification import last_refused

DRAWS = 3
PHOTOS = (1, 2, 3)
RATES = np.array([1e-2, 1e-3, 1e-4])

_Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fused:
    """Fused templates, shape (n, dimension), whose they are, and which photos were fused."""

    sample: Sample
    people: NDArray[np.int64]
    used: Sequence[NDArray[np.int64]]

    def select(self, scores: _Numbers) -> tuple[_Numbers, _Numbers]:
        """The scores (n, photos) of mates, and of strangers."""
        is_own = self.people[:, None] == self.sample.people[None, :]
        is_mated = is_own.copy()
        for row, photos in enumerate(self.used):
            is_mated[row, photos] = False
        return scores[is_mated], scores[~is_own]


def tabulate_fused(sample: Sample) -> list[dict[str, object]]:
    """A row for each number of photos and each false match rate."""
    others = OtherPeople(sample)
    levelled = others.normalise()
    limits = [_find_limits(one) for one in (sample, levelled)]
    rows: list[dict[str, object]] = []
    for photos in PHOTOS:
        both = list(_score_fused(sample, levelled, photos=photos, others=others))
        for place, rate in enumerate(RATES.tolist()):
            row: dict[str, object] = {"photos": photos, "at": f"{rate:g}"}
            for name, limit, (mates, strangers) in zip(
                ("cosine", "normalised"), limits, both, strict=True
            ):
                found = float((strangers > limit[place]).mean())
                row[f"strangers by {name}, times what was asked"] = f"{found / rate:.2f}"
                row[f"true match rate by {name}"] = f"{(mates > limit[place]).mean():.3f}"
            rows.append(row)
    return rows


def _find_limits(sample: Sample) -> _Numbers:
    trials = compare_all(sample)
    return last_refused(trials, np.ones(trials.people), rates=RATES)


def _score_fused(
    sample: Sample, levelled: Sample, *, photos: int, others: OtherPeople
) -> Iterator[tuple[_Numbers, _Numbers]]:
    """Mates' and strangers' scores: first by the cosine, then normalised."""
    fused, templates = _fuse(sample, photos=photos)
    cosines = (templates @ sample.templates.T).astype(np.float64)
    yield fused.select(cosines)
    levels = levelled.levels
    assert levels is not None  # noqa: S101  (OtherPeople gives them)
    assert levels.folds is not None  # noqa: S101
    means, deviations = others.find_levels(templates, fused.people)
    rows, columns = np.arange(len(templates))[:, None], np.arange(len(sample))[None, :]
    own = rows, levels.folds[columns]
    theirs = columns, others.fold_of_person[fused.people][rows]
    normalised = average_sides(
        cosines.astype(np.float32),
        one=(means[own], deviations[own]),
        other=(levels.means[theirs], levels.deviations[theirs]),
    )
    yield fused.select(normalised.astype(np.float64))


def _fuse(sample: Sample, *, photos: int) -> tuple[Fused, NDArray[np.float32]]:
    random = np.random.default_rng(0)
    people, used, templates = [], [], []
    for person in range(len(sample.names)):
        own = np.flatnonzero(sample.people == person)
        # The same people for every number of photos, or else the rows would not be of one kind.
        for _ in range(DRAWS if len(own) > max(PHOTOS) else 0):
            chosen = random.permutation(own)[:photos]
            mean = sample.templates[chosen].mean(axis=0)
            templates.append(mean / np.linalg.norm(mean))
            people.append(person)
            used.append(chosen)
    return Fused(sample, np.array(people), used), np.array(templates, np.float32)
