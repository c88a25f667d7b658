"""Evaluate: how well the model of this home tells people apart, on photos whose people are known.

Photos of a folder are looked at in memory: nothing of them is kept, written or entered anywhere.
A collection holds templates that were taken for a purpose, so reading them takes the leave that
a search takes, and is entered into the audit log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mien.errors import EvaluationError
from mien.evaluation.acquisition import (
    Acquisition,
    Detection,
    measure_acquisition,
    measure_detection,
)
from mien.evaluation.figures import Figure, Standing
from mien.evaluation.judge import Card, PairList, check_libraries, judge_pairs, judge_sample
from mien.evaluation.labels import Suspicions, suspect_labels
from mien.evaluation.likelihood import LikelihoodCurve
from mien.evaluation.report import Judgement, Kind, Report, ScoreName, describe_report
from mien.evaluation.resampling import Resampling
from mien.evaluation.sample import Sample, Scores, make_sample
from mien.evidence.cohort import find_levels
from mien.permission.verdict import ALLOWED, Verdict
from mien.service import audit
from mien.service.deployment import Deployment
from mien.service.gallery import Galleries
from mien.service.judged_collection import read_collection
from mien.service.judged_photos import Seen, SeenPhotos, find_boxes, look_at
from mien.sources.labels import Labelled, LabelledPair, read_boxes, read_labels
from mien.types import Box, Cohort, EmbeddingModel, Vectors

__all__ = [
    "Evaluated",
    "EvaluationRequest",
    "Figure",
    "Judgement",
    "Report",
    "Standing",
    "check_libraries",
    "describe_report",
    "evaluate_collection",
    "evaluate_photos",
]
_OF_THE_CARD = (
    "Normalised scores and the card's likelihood ratios come from the model's card, which was "
    "measured on {measured_on}. Of those very photos they would say too much."
)


def _unseen(_done: int, _of: int) -> None:
    pass


Normalise = Callable[[Sample], Sample]
"""Gives the templates of a sample their levels against a cohort."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRequest:
    """Which photos, by a folder or a list; where a list's photos lie, and a list of true boxes.

    `normalise` takes the place of the model card's cohort, where that was made of these people.
    """

    labels: Path
    photos: Path | None = None
    boxes: Path | None = None
    resampling: Resampling = field(default_factory=Resampling)
    normalise: Normalise | None = None
    threads: int = 1
    max_file_bytes: int


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What came of evaluating a collection; no report where the verdict is a no."""

    verdict: Verdict
    report: Report | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Material:
    """What a report is made of, whatever it was read from."""

    title: str
    kind: Kind
    sample: Sample
    pairs: PairList | None
    acquisition: Acquisition
    detection: Detection | None
    notes: Sequence[str]
    normalise: Normalise | None = None
    card: Card | None = None


def evaluate_photos(
    deployment: Deployment, request: EvaluationRequest, *, seen: Seen = _unseen
) -> Report:
    """Looks at labelled photos and measures.

    Raises `SettingsError` for labels that cannot be read, and `EvaluationError` where they,
    or what the model makes of the photos, carry no figure.
    """
    began = time.monotonic()
    check_libraries()
    labelled = read_labels(request.labels, photos=request.photos)
    truth = None if request.boxes is None else read_boxes(request.boxes)
    looked = look_at(
        labelled.photos,
        vision=deployment.vision(threads=1),
        opted_out=deployment.suppressed.load(deployment.model).faces,
        threads=request.threads,
        max_bytes=request.max_file_bytes,
        seen=seen,
    )
    sample = _make_sample(looked)
    material = _Material(
        title=labelled.title,
        kind=Kind.PHOTOS if labelled.pairs is None else Kind.PAIRS,
        sample=sample,
        pairs=None if labelled.pairs is None else _number_pairs(sample, labelled.pairs),
        acquisition=measure_acquisition(
            len(looked.all), faceless=looked.faceless, unreadable=looked.unreadable
        ),
        detection=None if truth is None else _detect(looked, truth),
        notes=_tell(looked, labelled, sample=sample),
        normalise=request.normalise,
        card=make_card(deployment.model),
    )
    return _report(deployment, material, resampling=request.resampling, began=began)


def evaluate_collection(
    deployment: Deployment,
    galleries: Galleries,
    *,
    collection: str,
    purpose: str,
    resampling: Resampling,
) -> Evaluated:
    """Measures on the faces of a collection that are known to be of somebody enrolled.

    Raises `NotFoundError`, and `EvaluationError` where they carry no figure.
    """
    began = time.monotonic()
    check_libraries()
    read = read_collection(deployment, galleries, collection=collection, purpose=purpose)
    if isinstance(read, Verdict):
        return Evaluated(read)
    if not len(read.templates):
        raise EvaluationError(
            f"No face of {collection} that may be read is of somebody enrolled, so nobody's name "
            "is known. Evaluate a folder of labelled photos instead."
        )
    sample = make_sample(read.templates, read.people, photos=read.photos)
    material = _Material(
        title=collection,
        kind=Kind.COLLECTION,
        sample=sample,
        pairs=None,
        acquisition=measure_acquisition(
            len(sample) + read.unreadable, faceless=read.unreadable, unreadable=read.unreadable
        ),
        detection=None,
        notes=read.notes,
        card=make_card(deployment.model, cohort=read.cohort),
    )
    report = _report(deployment, material, resampling=resampling, began=began)
    return Evaluated(ALLOWED, report)


def _make_sample(looked: SeenPhotos) -> Sample:
    labelled = [seen.labelled for seen in looked.with_face]
    attributes = list(labelled[0].groups) if labelled else []
    return make_sample(
        looked.templates,
        [one.person for one in labelled],
        photos=[one.name for one in labelled],
        groups={key: [one.groups.get(key, "") for one in labelled] for key in attributes},
        qualities=looked.qualities,
    )


def _number_pairs(sample: Sample, pairs: Sequence[LabelledPair]) -> PairList:
    """The pairs of which both photos gave a face. Raises `EvaluationError` where none did."""
    number = {photo: i for i, photo in enumerate(sample.photos)}
    known = [pair for pair in pairs if pair.one in number and pair.other in number]
    if not known:
        raise EvaluationError("No pair of the list has a face in both photos. Choose other pairs.")
    return PairList(
        np.array([number[pair.one] for pair in known]),
        np.array([number[pair.other] for pair in known]),
        np.array([pair.is_mated for pair in known]),
    )


def _detect(looked: SeenPhotos, truth: dict[str, list[Box]]) -> Detection:
    return measure_detection(truth, find_boxes(looked, truth))


def _tell(looked: SeenPhotos, labelled: Labelled, *, sample: Sample) -> list[str]:
    """What the figures leave out."""
    notes = ["In each photo the face nearest the centre counts, or nearest that of its box."]
    if looked.faceless:
        notes.append(
            f"{looked.faceless:,} photos without a usable face are in no comparison; counted as "
            "misses they would raise every rate of misses."
        )
    if looked.opted_out:
        notes.append(f"{looked.opted_out:,} faces are like those of people who opted out here.")
    if labelled.pairs is not None:
        notes.append("People are not named: photos joined by mated pairs count as one person.")
    for attribute, of in sample.groups.items():
        unknown = sum(not group for group in of)
        if unknown:
            notes.append(f"{unknown:,} people have no single group by {attribute}.")
    return notes


def _report(
    deployment: Deployment, material: _Material, *, resampling: Resampling, began: float
) -> Report:
    sample = material.sample
    return Report(
        title=material.title,
        kind=material.kind,
        made_at=audit.format_time(deployment.clock()),
        model=deployment.model.model_id,
        model_digest=deployment.model.digest,
        replicates=resampling.replicates,
        seed=resampling.seed,
        photos=material.acquisition.photos,
        faces=len(sample),
        people=len(sample.names),
        acquisition=material.acquisition,
        detection=material.detection,
        suspicions=_suspect(material),
        judgements=_judge_scores(material, resampling=resampling),
        notes=(*material.notes, *_tell_cohort(deployment.model, material)),
        seconds=time.monotonic() - began,
    )


def _suspect(material: _Material) -> Suspicions | None:
    """A list of pairs has no labels to suspect."""
    if material.pairs is not None:
        return None
    return suspect_labels(material.sample)


def make_card(model: EmbeddingModel, *, cohort: Cohort | None = None) -> Card | None:
    """What the model knows of normalised scores; `cohort` is its own, turned as templates are."""
    known = cohort or model.cohort
    if known is None:
        return None

    def level(templates: Vectors) -> tuple[Scores, Scores]:
        levels = find_levels(known, templates)
        return levels.means.astype(np.float32), levels.deviations.astype(np.float32)

    if model.calibration is None:
        return Card(level)
    log_ratios = model.calibration.log10_ratio * np.log(10)
    ratios = LikelihoodCurve(tuple(model.calibration.scores.tolist()), tuple(log_ratios.tolist()))
    return Card(level, ratios)


def _judge_scores(material: _Material, *, resampling: Resampling) -> tuple[Judgement, ...]:
    """By the cosine, and by the normalised score where there is a cohort; both at once."""
    sample, card = material.sample, material.card
    asked: list[tuple[Sample, ScoreName, Card | None]] = [(sample, ScoreName.COSINE, None)]
    if material.normalise is not None:
        asked.append((material.normalise(sample), ScoreName.NORMALISED, None))
    elif card is not None:
        asked.append((card.normalise(sample), ScoreName.NORMALISED, card))

    def judge(one: tuple[Sample, ScoreName, Card | None]) -> Judgement:
        judged, score, known = one
        return _judge(material, judged, score=score, resampling=resampling, card=known)

    with ThreadPoolExecutor(len(asked)) as pool:
        return tuple(pool.map(judge, asked))


def _judge(
    material: _Material,
    sample: Sample,
    *,
    score: ScoreName,
    resampling: Resampling,
    card: Card | None = None,
) -> Judgement:
    if material.pairs is not None:
        return judge_pairs(sample, material.pairs, score=score, resampling=resampling)
    return judge_sample(sample, score=score, resampling=resampling, card=card)


def _tell_cohort(model: EmbeddingModel, material: _Material) -> list[str]:
    """What normalised scores rest on."""
    if material.normalise is not None:
        return ["Normalised scores come from cohorts made of other people than those compared."]
    if material.card is None:
        return []
    return [_OF_THE_CARD.format(measured_on=model.measured_on or "other people")]
