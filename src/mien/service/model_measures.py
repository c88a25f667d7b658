"""Thresholds of a model out of a report of `mien evaluate`, as far as its data carry them."""

from __future__ import annotations

import json
from pathlib import Path

from mien.errors import ModelError
from mien.evaluation.figures import ENOUGH_ERRORS, Standing
from mien.evaluation.report import Report, ScoreName, parse_report
from mien.evaluation.verification import OperatingPoint
from mien.types import EmbeddingModel
from mien.vision.measures import Measures

WANTED = (1e-2, 1e-3, 1e-4)
"""The rates that opting out and enrolled-only collections ask for."""

_CARRIED = frozenset({Standing.CARRIED, Standing.WEAK})


def read_report(path: Path) -> Report:
    """Raises `ModelError` for a file that cannot be read, `EvaluationError` for no report."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelError(f"The report {path} cannot be read: {error}.") from error
    if not isinstance(document, dict):
        raise ModelError(f"The report {path} is none: write it with mien evaluate --json.")
    return parse_report(document)


def take_measures(report: Report, model: EmbeddingModel) -> Measures:
    """The thresholds that the report's data carry, for the model it is about.

    Raises `ModelError` for a report about another model, or one that carries none of them.
    """
    if report.model_digest != model.digest:
        raise ModelError(
            f"The report is about {report.model} ({report.model_digest[:12]}), and not about "
            f"{model.model_id} ({model.digest[:12]}). Measure with: MIEN_PACK=PACK mien evaluate"
        )
    points = [
        point
        for judgement in report.judgements
        if judgement.score is ScoreName.COSINE
        for point in judgement.verification.points
        if _is_carried(point)
    ]
    if not points:
        raise ModelError(
            "The report carries no threshold: its photos show too few people. Measure on more."
        )
    return Measures(
        model_digest=model.digest,
        measured_on=f"{report.people:,} people in {report.photos:,} photos ({report.title})",
        score_by_fmr={point.fmr: float(point.threshold or 0.0) for point in points},
        missed_by_fmr={point.fmr: 1 - float(point.tmr.value or 0.0) for point in points},
    )


def _is_carried(point: OperatingPoint) -> bool:
    is_wanted = point.fmr in WANTED and point.threshold is not None
    is_wanted &= point.false_matches >= ENOUGH_ERRORS
    return is_wanted and point.tmr.value is not None and point.tmr.standing in _CARRIED
