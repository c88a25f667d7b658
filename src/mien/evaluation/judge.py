"""Everything that can be measured of a sample, or of a list of pairs, with one score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from mien.errors import EvaluationError
from mien.evaluation.halves import measure_halves
from mien.evaluation.identification import measure_identification
from mien.evaluation.report import Judgement, ScoreName
from mien.evaluation.resampling import Codes, Resampling
from mien.evaluation.sample import Sample
from mien.evaluation.trials import compare_all, compare_listed
from mien.evaluation.verification import measure_verification


@dataclass(frozen=True, slots=True, eq=False)
class PairList:
    """Pairs of templates by their numbers in a sample, and whether each is mated; all (pairs,)."""

    one: Codes
    other: Codes
    is_mated: NDArray[np.bool_]


def check_libraries(names: Sequence[str] = ("scipy",)) -> None:
    """Raises `EvaluationError` where a library is missing that only an evaluation needs."""
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise EvaluationError(
            f"An evaluation needs {' and '.join(missing)}, which the main installation leaves "
            'out. Install what is missing with: pip install "mien[evaluate]"'
        )


def judge_sample(sample: Sample, *, score: ScoreName, resampling: Resampling) -> Judgement:
    """Every photo against every other, and what follows from it."""
    trials = compare_all(sample)
    return Judgement(
        score=score,
        histogram=trials.histogram,
        verification=measure_verification(trials, resampling=resampling),
        halves=measure_halves(trials, resampling=resampling),
        identification=measure_identification(sample, resampling=resampling),
    )


def judge_pairs(
    sample: Sample, pairs: PairList, *, score: ScoreName, resampling: Resampling
) -> Judgement:
    """The pairs of a list alone."""
    trials = compare_listed(sample, pairs.one, pairs.other, pairs.is_mated, names=sample.names)
    return Judgement(
        score=score,
        histogram=trials.histogram,
        verification=measure_verification(trials, resampling=resampling),
        halves=(),
        identification=None,
    )
