from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from evaluation.drawn import QUICK, draw_people
from mien.evaluation.figures import Standing
from mien.evaluation.identification import (
    GallerySize,
    Identification,
    IdentificationPoint,
    measure_identification,
)
from mien.evaluation.resampling import halve_people
from mien.evaluation.sample import Sample


def point_at(fpir: float, size: GallerySize) -> IdentificationPoint:
    return next(point for point in size.points if point.fpir == fpir)


@pytest.fixture(scope="module")
def easy() -> Identification:
    return measure_identification(draw_people(300, 3, noise=0.3), resampling=QUICK)


def test_people_who_look_like_themselves_come_first(easy: Identification) -> None:
    assert easy.splits == 10
    assert [size.gallery for size in easy.sizes] == [100, 150]
    largest = easy.sizes[-1]
    assert largest.rank_one.value is not None
    assert largest.rank_one.value > 0.99
    assert (largest.mated_probes, largest.stranger_probes) == (300, 450)


def test_a_miss_is_counted_as_by_hand() -> None:
    """One parting, gone through search by search."""
    sample = draw_people(80, 2, noise=0.9)
    found = measure_identification(sample, resampling=QUICK, splits=1, fpirs=(0.1,))
    misses, alarms, firsts = search_slowly(sample, fpir=0.1, seed=0)
    size = found.sizes[-1]
    assert size.mated_probes == 40
    assert size.stranger_probes == alarms == 80
    assert point_at(0.1, size).fnir.value == pytest.approx(misses)
    assert size.rank_one.value == pytest.approx(firsts)


def search_slowly(sample: Sample, *, fpir: float, seed: int) -> tuple[float, int, float]:
    """FNIR, the number of searches for people not enrolled, and the rate of rank 1."""
    is_enrolled = halve_people(len(sample.names), seed=seed)
    order = np.random.default_rng(seed).permutation(len(sample)).tolist()
    chosen: dict[int, int] = {}
    for photo in order:
        chosen.setdefault(int(sample.people[photo]), photo)
    gallery = {person: photo for person, photo in chosen.items() if is_enrolled[person]}
    table = sample.score(np.arange(len(sample)), np.arange(len(sample)))
    mated, strangers = [], []
    for photo, person in enumerate(sample.people.tolist()):
        best = max((float(table[photo, one]), who) for who, one in gallery.items())
        if person in gallery and gallery[person] != photo:
            mated.append(best[0] if best[1] == person else -np.inf)
        elif person not in gallery:
            strangers.append(best[0])
    threshold = sorted(strangers, reverse=True)[int(fpir * len(strangers))]
    misses = np.mean([score <= threshold for score in mated])
    return float(misses), len(strangers), float(np.mean([np.isfinite(m) for m in mated]))


def test_larger_galleries_are_harder() -> None:
    found = measure_identification(draw_people(400, 2, noise=0.9), resampling=QUICK, splits=4)
    small, large = found.sizes[0], found.sizes[-1]
    assert (small.gallery, large.gallery) == (100, 200)
    assert small.rank_one.value is not None
    assert large.rank_one.value is not None
    assert small.rank_one.value > large.rank_one.value
    misses = [point_at(0.03, size).fnir.value for size in (small, large)]
    assert misses[0] is not None
    assert misses[1] is not None
    assert misses[0] < misses[1]


def test_fewer_false_alarms_cost_more_misses(easy: Identification) -> None:
    values = [point.fnir.value for point in easy.sizes[-1].points if point.fnir.value is not None]
    assert values == sorted(values)


def test_a_rate_without_one_false_alarm_gets_no_figure(easy: Identification) -> None:
    point = point_at(1e-3, easy.sizes[-1])
    assert point.fnir.value is None
    assert point.fnir.standing is Standing.NOT_CARRIED
    assert "450 searches for people who are not enrolled" in point.fnir.note


def test_few_false_alarms_are_marked(easy: Identification) -> None:
    fnir = point_at(3e-3, easy.sizes[-1]).fnir
    assert fnir.standing is Standing.WEAK
    assert "rests on 1 false alarms" in fnir.note


def test_the_same_seed_gives_the_same_figures(easy: Identification) -> None:
    again = measure_identification(draw_people(300, 3, noise=0.3), resampling=QUICK)
    assert again == easy


def test_random_directions_are_found_by_luck_alone() -> None:
    """A model that knows nobody ranks the mate first once in a gallery."""
    found = measure_identification(draw_people(100, 4, noise=40.0), resampling=QUICK)
    rank_one = found.sizes[-1].rank_one
    assert rank_one.value is not None
    tries = 50 * 3 * 10
    assert abs(rank_one.value - 1 / 50) < norm.isf(1e-4) * (0.02 / tries) ** 0.5
