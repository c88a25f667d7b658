"""Evaluation as one object: of labelled photos, or of a collection."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mien.evaluation.report import Report
from mien.evaluation.resampling import Resampling
from mien.service.deployment import Deployment
from mien.service.evaluate import (
    Evaluated,
    EvaluationRequest,
    Normalise,
    evaluate_collection,
    evaluate_photos,
)
from mien.service.gallery import Galleries
from mien.service.judged_photos import Seen


def _unseen(_done: int, _of: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Workers:
    """How many photos are looked at at once, and how large each may be."""

    threads: int
    max_file_bytes: int


@dataclass(frozen=True)
class Evaluation:
    """How well people are told apart by this home's model."""

    _deployment: Deployment
    _galleries: Galleries
    _workers: Workers
    _resampling: Resampling

    def of_photos(
        self,
        labels: Path | str,
        *,
        photos: Path | str | None = None,
        boxes: Path | str | None = None,
        normalise: Normalise | None = None,
        seen: Seen = _unseen,
    ) -> Report:
        """On a folder with a folder for each person, or a list in a CSV file; nothing is kept.

        `photos` is where a list's photos lie, `boxes` a list of where faces are, and `normalise`
        takes the place of the model card's cohort.
        Raises `SettingsError` and `EvaluationError`.
        """
        request = EvaluationRequest(
            labels=Path(labels),
            photos=None if photos is None else Path(photos),
            boxes=None if boxes is None else Path(boxes),
            resampling=self._resampling,
            normalise=normalise,
            threads=self._workers.threads,
            max_file_bytes=self._workers.max_file_bytes,
        )
        return evaluate_photos(self._deployment, request, seen=seen)

    def of_collection(self, name: str, *, purpose: str) -> Evaluated:
        """On the faces of enrolled people, for a purpose that a grant allows.

        Raises `NotFoundError` and `EvaluationError`.
        """
        return evaluate_collection(
            self._deployment,
            self._galleries,
            collection=name,
            purpose=purpose,
            resampling=self._resampling,
        )
