"""What an evaluation found, as one frozen value that goes to JSON and comes back the same.

The names of its fields are the keys of the document (docs/guide/evaluate.md). `FORMAT` rises
when one changes its meaning; a reader refuses what it does not know.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mien.errors import EvaluationError
from mien.evaluation.acquisition import Acquisition, Detection
from mien.evaluation.calibration import Calibration
from mien.evaluation.differentials import Differentials
from mien.evaluation.discard import Discard
from mien.evaluation.fusion import FusedPhotos
from mien.evaluation.halves import HalvesPoint
from mien.evaluation.identification import Identification
from mien.evaluation.labels import Suspicions
from mien.evaluation.tail import FmrCurve
from mien.evaluation.trials import Histogram
from mien.evaluation.verification import Verification

FORMAT = 1


class Kind(StrEnum):
    """What was evaluated: labelled photos, a list of pairs, or a collection."""

    PHOTOS = "photos"
    PAIRS = "pairs"
    COLLECTION = "collection"


class ScoreName(StrEnum):
    """Which score was judged."""

    COSINE = "cosine"
    NORMALISED = "normalised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Everything that was measured of one score; none where the data or their form have none."""

    score: ScoreName
    histogram: Histogram
    verification: Verification
    halves: tuple[HalvesPoint, ...]
    identification: Identification | None
    fmr_curve: FmrCurve | None
    calibration: Calibration | None
    card_calibration: Calibration | None
    differentials: tuple[Differentials, ...]
    discard: tuple[Discard, ...]
    fusion: tuple[FusedPhotos, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One evaluation. `notes` say what its figures leave out, and why."""

    format: int = FORMAT
    title: str
    kind: Kind
    made_at: str
    model: str
    model_digest: str
    replicates: int
    seed: int
    seconds: float
    photos: int
    faces: int
    people: int
    acquisition: Acquisition
    detection: Detection | None
    suspicions: Suspicions | None
    judgements: tuple[Judgement, ...]
    notes: tuple[str, ...]


def describe_report(report: Report) -> dict[str, object]:
    """The report as JSON values, each float to six significant digits."""
    described = _describe(report)
    assert isinstance(described, dict)  # noqa: S101  (for the type checker)
    return described


def parse_report(document: Mapping[str, Any]) -> Report:
    """The report that a document describes. Raises `EvaluationError` where it is none."""
    if document.get("format") != FORMAT:
        raise EvaluationError(
            f"The document is no report of format {FORMAT}. Write it anew with: mien evaluate "
            "--json"
        )
    try:
        report: Report = _parse(Report, document)
    except (KeyError, TypeError, ValueError) as error:
        raise EvaluationError(
            f"The report lacks a part or has a wrong one ({error}). Write it anew with: mien "
            "evaluate --json"
        ) from error
    return report


def _describe(value: Any) -> object:  # noqa: ANN401  (any field of a report)
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return {field.name: _describe(getattr(value, field.name)) for field in fields}
    if isinstance(value, tuple):
        return [_describe(one) for one in value]
    if isinstance(value, StrEnum):
        return value.value
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _parse(kind: Any, value: Any) -> Any:  # noqa: ANN401  (any field of a report)
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        fields = [field.name for field in dataclasses.fields(kind)]
        return typing.cast("Any", kind)(**{n: _parse(hints[n], value[n]) for n in fields})
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in {types.UnionType, typing.Union}:
        return None if value is None else _parse(inner[0], value)
    if origin is tuple:
        return tuple(_parse(inner[0], one) for one in value)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(value)
    if not isinstance(value, (int, float) if kind is float else kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
