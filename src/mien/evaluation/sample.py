"""What is judged: templates, whose each is, and what else is known of each photo.

Made from plain arrays and refused where nothing could be learned from it: a figure that rests
on a broken model or on one person is worse than none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mien.errors import EvaluationError
from mien.evaluation.figures import Reals
from mien.evaluation.resampling import Codes
from mien.types import Vectors

Scores = NDArray[np.float32]
Side = tuple[Scores, Scores]
"""Means and deviations of the levels of one side of comparisons."""
_UNIT_TOLERANCE = 1e-2
_NAMED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Of each template, the mean and the deviation of its scores against a cohort, each (n,).

    Where the cohort is made of people of the sample, `folds` part them, (n,), and a template has
    levels for each fold of the other one, (n, folds): by a cohort without people of either.
    """

    means: Scores
    deviations: Scores
    folds: Codes | None = None

    def of(self, photos: Codes, *, met: Codes) -> Side:
        """The levels of photos that meet others, shape as both give together."""
        places = photos if self.folds is None else (photos, self.folds[met])
        return self.means[places], self.deviations[places]

    def normalise(self, scores: Scores, *, one: Codes, other: Codes) -> Scores:
        """The scores of photos, normalised; their numbers give the shape of the scores."""
        return average_sides(scores, one=self.of(one, met=other), other=self.of(other, met=one))

    def only(self, kept: Codes) -> Levels:
        folds = None if self.folds is None else self.folds[kept]
        return Levels(self.means[kept], self.deviations[kept], folds)


def average_sides(scores: Scores, *, one: Side, other: Side) -> Scores:
    """Scores measured from both sides' own levels, and both averaged; shapes broadcast."""
    of_one = (scores - one[0]) / one[1]
    of_other = (scores - other[0]) / other[1]
    return ((of_one + of_other) / 2).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Templates (n, d) of unit length, and the person of each as a number from 0, (n,).

    `photos` names each template, `names` each person. `groups` holds for each attribute the
    group of each person, empty where none is known; `qualities` a number for each photo, more
    is better. With `levels`, scores are normalised ones.
    """

    templates: Vectors
    people: Codes
    photos: tuple[str, ...]
    names: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    qualities: Mapping[str, Reals] = field(default_factory=dict)
    levels: Levels | None = None

    def __len__(self) -> int:
        return len(self.people)

    @property
    def photos_per_person(self) -> Codes:
        return np.bincount(self.people, minlength=len(self.names)).astype(np.int64)

    def score(self, rows: Codes, columns: Codes) -> Scores:
        """Scores of some templates against others, shape (rows, columns)."""
        scores: Scores = self.templates[rows] @ self.templates[columns].T
        if self.levels is None:
            return scores
        return self.levels.normalise(scores, one=rows[:, None], other=columns[None, :])

    def score_pairs(self, one: Codes, other: Codes) -> Scores:
        """The scores of pairs of templates, shape (pairs,)."""
        scores: Scores = np.einsum("ij,ij->i", self.templates[one], self.templates[other])
        if self.levels is None:
            return scores
        return self.levels.normalise(scores, one=one, other=other)

    def with_levels(
        self, means: Scores, deviations: Scores, *, folds: Codes | None = None
    ) -> Sample:
        """The same photos, judged by normalised scores."""
        return replace(self, levels=Levels(means, deviations, folds))

    def only(self, is_wanted: NDArray[np.bool_]) -> Sample:
        """The photos of some of the people, who are then numbered anew."""
        kept = np.flatnonzero(is_wanted[self.people])
        levels = self.levels
        return replace(
            self,
            templates=self.templates[kept],
            people=(np.cumsum(is_wanted) - 1)[self.people[kept]],
            photos=tuple(self.photos[i] for i in kept),
            names=_choose(self.names, is_wanted),
            groups={key: _choose(of, is_wanted) for key, of in self.groups.items()},
            qualities={key: of[kept] for key, of in self.qualities.items()},
            levels=levels and levels.only(kept),
        )


def make_sample(
    templates: Vectors,
    people: Sequence[str],
    *,
    photos: Sequence[str],
    groups: Mapping[str, Sequence[str]] | None = None,
    qualities: Mapping[str, Sequence[float]] | None = None,
) -> Sample:
    """A sample from columns with one entry a photo.

    A person whose photos name different groups belongs to none, and what parts nobody is no
    attribute. Raises `EvaluationError` where templates are unusable, or nobody can be compared.
    """
    check_templates(templates, photos)
    names, codes = np.unique(np.array(people, dtype=object), return_inverse=True)
    sample = Sample(
        templates=templates,
        people=codes.astype(np.int64),
        photos=tuple(photos),
        names=tuple(names),
        groups=_group_people(codes, groups or {}),
        qualities={key: np.asarray(of, float) for key, of in (qualities or {}).items()},
    )
    _check_pairs(sample)
    return sample


def check_templates(templates: Vectors, photos: Sequence[str]) -> None:
    """Raises `EvaluationError` for what no model that works gives."""
    if len(templates) == 0:
        raise EvaluationError(
            "There is no face to evaluate: none was found in any photo. Choose other photos."
        )
    broken = np.array(~np.isfinite(templates).all(axis=1))
    _refuse(broken, photos, what="is not made of finite numbers")
    lengths = np.linalg.norm(templates.astype(float), axis=1)
    _refuse(np.array(np.abs(lengths - 1.0) > _UNIT_TOLERANCE), photos, what="is not of unit length")
    if len(templates) > 1 and np.ptp(templates, axis=0).max() == 0:
        raise EvaluationError(
            "The model gives the same embedding for every photo, so it tells nobody apart. "
            "Check its weights with: mien models pull"
        )


def _refuse(is_bad: NDArray[np.bool_], photos: Sequence[str], *, what: str) -> None:
    bad = [photos[i] for i in np.flatnonzero(is_bad).tolist()]
    if bad:
        others = f" (and {len(bad) - _NAMED:,} more)" if len(bad) > _NAMED else ""
        raise EvaluationError(
            f"The embedding of {', '.join(bad[:_NAMED])}{others} {what}: the model is broken, and "
            "nothing measured with it would mean anything. Fetch its weights again."
        )


def _check_pairs(sample: Sample) -> None:
    if len(sample.names) < 2:  # noqa: PLR2004  (it takes two to be strangers)
        raise EvaluationError(
            f"All {len(sample):,} faces are of one person, {sample.names[0]}: there is no stranger "
            "to tell them from. Add photos of other people."
        )
    if sample.photos_per_person.max() < 2:  # noqa: PLR2004  (it takes two photos to compare)
        raise EvaluationError(
            f"Each of the {len(sample.names):,} people has one photo with a face: there is no "
            "second one to know anybody again by. Add more photos of some of them."
        )


def _group_people(codes: Codes, groups: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    grouped = {key: _group(codes, of) for key, of in groups.items()}
    return {key: of for key, of in grouped.items() if len(set(of) - {""}) > 1}


def _group(codes: Codes, groups: Sequence[str]) -> tuple[str, ...]:
    named: dict[int, set[str]] = {}
    for code, group in zip(codes.tolist(), groups, strict=True):
        named.setdefault(code, set()).add(group)
    return tuple(of.pop() if len(of) == 1 else "" for _, of in sorted(named.items()))


def _choose(words: Sequence[str], is_wanted: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(words[i] for i in np.flatnonzero(is_wanted).tolist())
