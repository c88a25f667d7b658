"""What score normalisation with a cohort of nobody gains, and which cohort to take.

The people of `lfw-view1` are parted in halves by ten seeds. In each half every pair of photos
is compared, with a cohort that was fitted on the other half, so that nobody is judged by a
cohort made with their own photo. Each figure is the mean over the twenty halves. Intervals are of
people drawn again with replacement (see mien.evaluation.resampling); those of gains are of the
difference to the cosine on the same draws.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bench.card import with_levels_of_others
from bench.faces import embed_people
from bench.fused import tabulate_fused
from bench.mixture import CENTRES, fit_cohort, pick_one_each
from bench.rows import make_row
from bench.weights import WEIGHTS
from numpy.typing import NDArray

from mien.evaluation.figures import find_interval
from mien.evaluation.halves import part
from mien.evaluation.resampling import Resampling, halve_people
from mien.evaluation.sample import Sample, make_sample
from mien.evaluation.trials import Trials, compare_all
from mien.evaluation.verification import miss_rates
from mien.evidence.cohort import find_levels
from mien.evidence.strength import Band, judge
from mien.index.exact import ExactIndex
from mien.service.gallery import Gallery
from mien.service.weigh import weigh
from mien.types import FaceId, Vectors
from mien.vision.cards import get_pack, load_calibration, load_cohort

NAME = "cohort"
RATES = np.array([1e-2, 1e-3, 1e-4, 1e-5])
JUDGED = 2
"""Place of 1e-4 in `RATES`, the lowest that a half of lfw-view1 carries."""
PARTINGS = 10
SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
COSINE = "cosine"
SHIPPED = f"mixture of {CENTRES}, without end, highest 0.2"
_REPLICATES = 200
_SEARCHES = 500

_Numbers = NDArray[np.float64]
_Levels = tuple[_Numbers, _Numbers]
_Fit = Callable[[Vectors], Callable[[Vectors], _Levels]]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """True match rates at `RATES`, and of each replicate, shape (replicates, rates)."""

    tmr: _Numbers
    drawn: _Numbers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", type=Path, default=WEIGHTS)


def run(arguments: argparse.Namespace) -> dict[str, object]:
    people = embed_people(arguments.data / "lfw-view1" / "images", weights=arguments.weights)
    names = [str(person) for person in people.person]
    sample = make_sample(people.templates, names, photos=names)
    outcomes = {name: measure(sample, fit) for name, fit in iter_cohorts()}
    tables = {
        "Cohorts": _tabulate(outcomes),
        "Fused templates": tabulate_fused(sample),
        "Pairs of one person in each band, by faces searched": _tabulate_bands(sample),
    }
    rows = [*_iter_rows(outcomes), _time_weighing(people.templates)]
    return {"rows": rows, "tables": tables}


def iter_cohorts() -> Iterator[tuple[str, _Fit | None]]:
    """Names of what is compared, and how a cohort is fitted on one template a person."""
    yield COSINE, None
    for size in (1_000, 5_000, 20_000):
        yield f"one Gaussian, {size:,} drawn, highest 0.2", draw_from_gaussian(size, share=0.2)
    for share in (0.05, 0.1, 0.4, 1.0):
        yield f"one Gaussian, 5,000 drawn, highest {share}", draw_from_gaussian(5_000, share=share)
    for centres in (1, 4, 8, CENTRES, 24):
        yield f"mixture of {centres}, without end, highest 0.2", without_end(centres)


def draw_from_gaussian(size: int, *, share: float) -> _Fit:
    """A cohort of so many vectors, of which the highest `share` counts."""

    def fit(templates: Vectors) -> Callable[[Vectors], _Levels]:
        mean, covariance = templates.mean(axis=0), np.cov(templates.T)
        values, axes = np.linalg.eigh(covariance)
        normal = np.random.default_rng(0).standard_normal((size, len(mean)))
        drawn = mean + normal @ (axes * np.sqrt(np.maximum(values, 0))).T
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)

        def find(some: Vectors) -> _Levels:
            scores = np.sort(some @ drawn.T.astype(np.float32), axis=1)
            top = scores[:, -int(size * share) :].astype(float)
            return top.mean(axis=1), top.std(axis=1)

        return find

    return fit


def without_end(centres: int) -> _Fit:
    def fit(templates: Vectors) -> Callable[[Vectors], _Levels]:
        cohort = fit_cohort(templates, centres=centres)

        def find(some: Vectors) -> _Levels:
            levels = find_levels(cohort, some)
            return levels.means, levels.deviations

        return find

    return fit


def measure(sample: Sample, fit: _Fit | None) -> Outcome:
    halves = list(_iter_halves(sample, fit))
    resampling = Resampling(replicates=_REPLICATES)
    drawn = [_find_tmr(halves, weights) for weights in resampling.iter_weights(len(sample.names))]
    return Outcome(_find_tmr(halves, np.ones(len(sample.names))), np.array(drawn))


def _iter_halves(sample: Sample, fit: _Fit | None) -> Iterator[Trials]:
    """The trials within each half, its levels known from the other."""
    if fit is None:
        trials = compare_all(sample)
        for seed in range(PARTINGS):
            yield from part(trials, seed=seed)
        return
    one_each = pick_one_each(sample.people)
    for seed in range(PARTINGS):
        is_first = halve_people(len(sample.names), seed=seed)
        for number, is_fitted in enumerate((~is_first, is_first)):
            chosen = one_each[is_fitted[sample.people[one_each]]]
            means, deviations = fit(sample.templates[chosen])(sample.templates)
            levelled = sample.with_levels(means.astype(np.float32), deviations.astype(np.float32))
            yield part(compare_all(levelled), seed=seed)[number]


def _find_tmr(halves: list[Trials], weights: _Numbers) -> _Numbers:
    missed = np.array([miss_rates(half, weights, rates=RATES) for half in halves])
    tmr: _Numbers = 1 - np.nanmean(missed, axis=0)
    return tmr


def _iter_rows(outcomes: Mapping[str, Outcome]) -> Iterator[dict[str, object]]:
    for name in (COSINE, SHIPPED):
        outcome = outcomes[name]
        low, high = find_interval(outcome.drawn[:, JUDGED])
        what = f"LFW halves, true match rate at FMR 1e-4, {name} ({low:.3f} to {high:.3f})"
        yield make_row(what, float(outcome.tmr[JUDGED]), at_least=0.85 if name == SHIPPED else None)


def _time_weighing(templates: Vectors) -> dict[str, object]:
    """What calibration adds to a search: 20 candidates chosen from 60 and judged."""
    recogniser = get_pack("open").recogniser
    index = ExactIndex(templates.shape[1])
    index.add(np.arange(len(templates)), templates)
    gallery = Gallery(index, cohort=load_cohort(recogniser))
    calibration, times_ms = load_calibration(recogniser), []
    for probe in templates[:_SEARCHES, np.newaxis]:
        hits = index.search(probe, limit=60)
        pairs = zip(hits.ids[0].tolist(), hits.scores[0].tolist(), strict=True)
        scored = [(FaceId(face_id), score) for face_id, score in pairs]
        began_s = time.perf_counter()
        weigh(gallery, scored, probe=probe, calibration=calibration, limit=20)
        times_ms.append((time.perf_counter() - began_s) * 1000)
    what = "Weighing the candidates of a search, median"
    return make_row(what, float(np.median(times_ms)), unit="ms", at_most=0.2)


def _tabulate_bands(sample: Sample) -> list[dict[str, object]]:
    """How strong the card calls pairs of one person, whose cohort is of other people."""
    calibration = load_calibration(get_pack("open").recogniser)
    assert calibration is not None  # noqa: S101  (the default pack is calibrated)
    mated = compare_all(with_levels_of_others(sample)).mated.astype(float)
    rows: list[dict[str, object]] = []
    for faces in SIZES:
        bands = [strength.band for strength in judge(mated, calibration, faces=faces)]
        shares = {band.value: f"{bands.count(band) / len(bands):.0%}" for band in Band}
        rows.append({"faces": f"{faces:,}", **shares})
    return rows


def _tabulate(outcomes: Mapping[str, Outcome]) -> list[dict[str, object]]:
    """The rate at 1e-5 rests on about three false matches a half; it is marked so."""
    base = outcomes[COSINE]
    rows: list[dict[str, object]] = []
    for name, outcome in outcomes.items():
        row: dict[str, object] = {"scores": name}
        for place, rate in enumerate(RATES.tolist()):
            mark = " (weak)" if place > JUDGED else ""
            row[f"TMR at {rate:g}{mark}"] = f"{outcome.tmr[place]:.3f}"
        for place in (JUDGED, JUDGED + 1):
            low, high = find_interval(outcome.drawn[:, place] - base.drawn[:, place])
            gain = outcome.tmr[place] - base.tmr[place]
            row[f"gain at {RATES[place]:g}"] = f"{gain:+.3f} ({low:+.3f} to {high:+.3f})"
        rows.append(row)
    return rows
