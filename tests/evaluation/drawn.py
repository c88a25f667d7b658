"""Drawn people with templates or scores whose truth is known in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from mien.evaluation.resampling import Codes, Resampling
from mien.evaluation.sample import Sample, make_sample
from mien.evaluation.trials import Histogram, Trials

QUICK = Resampling(replicates=60)
NO_HISTOGRAM = Histogram((), (), ())


def draw_people(
    people: int, photos: int, *, seed: int = 0, noise: float = 0.6, **columns: Any
) -> Sample:
    """People with so many photos each, as directions near one of their own."""
    whose = np.repeat(np.arange(people), photos)
    return make_sample(
        draw_templates(whose, seed=seed, noise=noise),
        [f"p{one:05}" for one in whose],
        photos=[f"{one:05}-{i}.jpg" for i, one in enumerate(whose)],
        **columns,
    )


def draw_templates(
    whose: Codes, *, seed: int = 0, noise: float = 0.6, dimension: int = 16
) -> NDArray[np.float32]:
    """A direction for each person, and noise of that length for each photo; (n, dimension)."""
    generator = np.random.default_rng(seed)
    own = generator.standard_normal((int(whose.max()) + 1, dimension))
    vectors = own[whose] + noise * generator.standard_normal((len(whose), dimension))
    unit: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(
        np.float32
    )
    return unit


def draw_trials(
    mated: Sequence[float] | NDArray[np.float64],
    strangers: Sequence[float] | NDArray[np.float64],
    *,
    people: int = 1000,
    seed: int = 0,
) -> Trials:
    """Trials of these scores, as a list of pairs of people drawn at random."""
    generator = np.random.default_rng(seed)
    falling = np.sort(np.asarray(strangers, np.float32))[::-1]
    one = generator.integers(people, size=len(falling))
    other = (one + generator.integers(1, people, size=len(falling))) % people
    return Trials(
        people=people,
        photos=None,
        mated=np.sort(np.asarray(mated, np.float32)),
        mated_people=generator.integers(people, size=len(mated)).astype(np.int64),
        strangers=falling,
        strangers_people=np.stack([one, other], axis=1).astype(np.int32),
        stranger_count=len(falling),
        histogram=NO_HISTOGRAM,
    )


def draw_gaussian_trials(
    distance: float, *, mated: int, strangers: int, seed: int = 0, people: int = 1000
) -> Trials:
    """Strangers score as N(0, 1), one person as N(distance, 1), every pair by itself."""
    generator = np.random.default_rng(seed)
    return draw_trials(
        generator.normal(distance, 1, mated),
        generator.normal(0, 1, strangers),
        people=people,
        seed=seed,
    )


def true_match_rate(distance: float, fmr: float) -> float:
    """What `draw_gaussian_trials` tends to at a false match rate."""
    return float(norm.sf(norm.isf(fmr) - distance))
