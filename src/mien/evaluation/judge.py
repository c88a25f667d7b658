"""Everything that can be measured of a sample, or of a list of pairs, with one score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from mien.errors import EvaluationError
from mien.evaluation.calibration import Calibration, apply, cross_fit, measure_calibration
from mien.evaluation.differentials import measure_differentials
from mien.evaluation.discard import measure_discard
from mien.evaluation.fusion import measure_fusion
from mien.evaluation.halves import measure_halves
from mien.evaluation.identification import measure_identification
from mien.evaluation.likelihood import LikelihoodCurve
from mien.evaluation.report import Judgement, ScoreName
from mien.evaluation.resampling import Codes, Resampling
from mien.evaluation.sample import Sample, Scores
from mien.evaluation.tail import FmrCurve, fit_fmr_curve, has_tail
from mien.evaluation.trials import Trials, compare_all, compare_listed
from mien.evaluation.verification import measure_verification
from mien.types import Vectors


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


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """What a model's card knows of normalised scores: the level of a template, and its ratios."""

    level: Callable[[Vectors], tuple[Scores, Scores]]
    ratios: LikelihoodCurve | None = None

    def normalise(self, sample: Sample) -> Sample:
        """The sample, to be judged by normalised scores."""
        return sample.with_levels(*self.level(sample.templates))


def judge_sample(
    sample: Sample, *, score: ScoreName, resampling: Resampling, card: Card | None = None
) -> Judgement:
    """Every photo against every other, and what follows from it."""
    trials = compare_all(sample)
    level = None if card is None else card.level
    return Judgement(
        score=score,
        histogram=trials.histogram,
        verification=measure_verification(trials, resampling=resampling),
        halves=measure_halves(trials, resampling=resampling),
        identification=measure_identification(sample, resampling=resampling),
        fmr_curve=_fit_curve(trials, resampling=resampling),
        calibration=_calibrate(sample, resampling=resampling),
        card_calibration=_judge_card(sample, card, resampling=resampling),
        differentials=measure_differentials(sample, trials, resampling=resampling),
        discard=measure_discard(sample, trials, resampling=resampling),
        fusion=measure_fusion(sample, resampling=resampling, level=level),
    )


def judge_pairs(
    sample: Sample, pairs: PairList, *, score: ScoreName, resampling: Resampling
) -> Judgement:
    """The pairs of a list alone: nothing that needs every pair, or whose each photo is."""
    trials = compare_listed(sample, pairs.one, other=pairs.other, is_mated=pairs.is_mated)
    return Judgement(
        score=score,
        histogram=trials.histogram,
        verification=measure_verification(trials, resampling=resampling),
        halves=(),
        identification=None,
        fmr_curve=None,
        calibration=None,
        card_calibration=None,
        differentials=(),
        discard=(),
        fusion=(),
    )


def _calibrate(sample: Sample, *, resampling: Resampling) -> Calibration | None:
    """None where there are too few people to part."""
    ratios = cross_fit(sample)
    if ratios is None:
        return None
    return measure_calibration(ratios, resampling=resampling, people=len(sample.names))


def _judge_card(sample: Sample, card: Card | None, *, resampling: Resampling) -> Calibration | None:
    """Whether the card's own ratios mean what they say of these people."""
    if card is None or card.ratios is None:
        return None
    ratios = apply(card.ratios, sample)
    return measure_calibration(ratios, resampling=resampling, people=len(sample.names), folds=0)


def _fit_curve(trials: Trials, *, resampling: Resampling) -> FmrCurve | None:
    """None where the tail holds too few pairs to be fitted."""
    if not has_tail(trials):
        return None
    return fit_fmr_curve(trials, resampling=resampling)
