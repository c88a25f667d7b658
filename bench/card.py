"""Measures a recogniser for its card: cohort, calibration, and the scores of false match rates.

    PYTHONPATH=src python -m bench.card ../shared/data/lfw-view1/images --weights DIR

The face nearest the centre of each photo counts; files are named Name_Surname_0001.jpg. The cohort
and the Gaussian are made of one photo a person. For the calibration people are parted in ten
folds, and two photos are compared by a cohort without the folds of both, so that no pair is
judged by a cohort that knows either. What is written are numbers about a model.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bench.faces import People, embed_people
from bench.mixture import fit_cohort, pick_one_each
from numpy.typing import NDArray

from mien.evaluation.likelihood import fit_likelihood
from mien.evaluation.resampling import Resampling, fold_people
from mien.evaluation.sample import Sample, make_sample
from mien.evaluation.tail import fit_fmr_curve
from mien.evaluation.trials import Trials, compare_all
from mien.evaluation.verification import last_refused, miss_rates
from mien.evidence.cohort import find_levels
from mien.types import Calibration, Cohort, Vectors
from mien.vision.cards import get_pack

CARDS = Path(__file__).parents[1] / "src" / "mien" / "cards"
RATES = (1e-2, 1e-3, 1e-4)
FOLDS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Rate:
    """The cosine from which on strangers match this often, and the share of mates below it."""

    fmr: float
    score: float
    missed: float


def calibrate(sample: Sample) -> Calibration:
    """What the normalised scores of a sample are worth."""
    trials = compare_all(with_levels_of_others(sample))
    curve = fit_fmr_curve(trials, resampling=Resampling())
    ratios = fit_likelihood(trials.mated, trials.strangers)
    scores = np.array([knot.score for knot in curve.knots])
    # Only the highest strangers' scores are kept, so the ratio is put right by their share.
    share = len(trials.strangers) / trials.stranger_count
    log10_ratio = (ratios.find_log_ratios(scores.astype(np.float32)) - np.log(share)) / np.log(10)
    return Calibration(
        scores=scores,
        log10_fmr=np.array([knot.log10_fmr for knot in curve.knots]),
        log10_fmr_low=np.array([knot.low for knot in curve.knots]),
        log10_fmr_high=np.array([knot.high for knot in curve.knots]),
        log10_ratio=log10_ratio,
        extrapolated_from=curve.extrapolates_from,
    )


class OtherPeople:
    """Cohorts of a sample's people without those of two folds, each fitted when first asked for."""

    def __init__(self, sample: Sample) -> None:
        self._sample = sample
        self.fold_of_person = fold_people(len(sample.names), folds=FOLDS, seed=0)
        self._one_each = pick_one_each(sample.people)
        self._cohorts: dict[tuple[int, int], Cohort] = {}

    def find_levels(
        self, templates: Vectors, people: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Means and deviations (n, folds) of templates, for the fold of whom each meets."""
        folds = self.fold_of_person[people]
        means = np.empty((len(templates), FOLDS), np.float32)
        deviations = np.empty_like(means)
        for own in range(FOLDS):
            rows = np.flatnonzero(folds == own)
            for met in range(FOLDS):
                found = find_levels(self._fit(min(own, met), max(own, met)), templates[rows])
                means[rows, met], deviations[rows, met] = found.means, found.deviations
        return means, deviations

    def normalise(self) -> Sample:
        """The sample itself, with these levels."""
        sample = self._sample
        means, deviations = self.find_levels(sample.templates, sample.people)
        return sample.with_levels(means, deviations, folds=self.fold_of_person[sample.people])

    def _fit(self, one: int, other: int) -> Cohort:
        if (one, other) not in self._cohorts:
            fold = self.fold_of_person[self._sample.people[self._one_each]]
            rest = self._one_each[(fold != one) & (fold != other)]
            self._cohorts[one, other] = fit_cohort(self._sample.templates[rest])
        return self._cohorts[one, other]


def with_levels_of_others(sample: Sample) -> Sample:
    """Levels by cohorts that were made without the people of either side of a comparison."""
    return OtherPeople(sample).normalise()


def measure_cosines(trials: Trials) -> list[Rate]:
    rates, everybody = np.array(RATES), np.ones(trials.people)
    scores = last_refused(trials, everybody, rates=rates)
    missed = miss_rates(trials, everybody, rates=rates)
    return [Rate(*row) for row in zip(RATES, scores.tolist(), missed.tolist(), strict=True)]


def write_arrays(target: Path, people: People, sample: Sample) -> None:
    one_each = people.templates[pick_one_each(people.person)]
    cohort, calibration = fit_cohort(one_each), calibrate(sample)
    columns = ("scores", "log10_fmr", "log10_fmr_low", "log10_fmr_high", "log10_ratio")
    np.savez(
        target,
        mean=one_each.mean(axis=0).astype(np.float32),
        covariance=np.cov(one_each, rowvar=False).astype(np.float32),
        centres=cohort.centres,
        weights=cohort.weights,
        spread=cohort.spread,
        people=np.array(len(one_each)),
        extrapolated_from=np.array(calibration.extrapolated_from),
        **{name: getattr(calibration, name) for name in columns},
    )


def rewrite_rates(card: str, trials: Trials) -> str:
    """The card's text with what was measured now."""
    for name in ("score", "missed"):
        for rate in measure_cosines(trials):
            label = f"1e{round(np.log10(rate.fmr))}"
            pattern = rf'(\[embedding\.{name}_by_fmr\][^\[]*?"{label}" = )[0-9.]+'
            value = f"{rate.score:.4f}" if name == "score" else f"{rate.missed:.2g}"
            card = re.sub(pattern, rf"\g<1>{value}", card)
    measured = (
        f"{trials.stranger_count:,} pairs of different people and {len(trials.mated):,} pairs of "
        "one person, in photos of public figures (lfw-view1)"
    )
    return re.sub(r'measured_on = ".*"', f'measured_on = "{measured}"', card)


def make_named_sample(people: People) -> Sample:
    names: NDArray[np.str_] = people.person.astype(str)
    return make_sample(people.templates, names.tolist(), photos=names.tolist())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--pack", default="open")
    arguments = parser.parse_args()
    recogniser = get_pack(arguments.pack).recogniser
    if recogniser.embedding is None:
        raise SystemExit(f"the recogniser of {arguments.pack} gives no embeddings")
    people = embed_people(arguments.photos, weights=arguments.weights)
    sample = make_named_sample(people)
    write_arrays(CARDS / recogniser.embedding.gaussian, people, sample)
    page = CARDS / f"{recogniser.id}.toml"
    text = rewrite_rates(page.read_text(encoding="utf-8"), compare_all(sample))
    page.write_text(text, encoding="utf-8")
    print(f"{len(sample.names)} people, written to {page} and its arrays")


if __name__ == "__main__":
    main()
