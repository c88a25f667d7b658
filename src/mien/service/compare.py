"""Compare two photos: how alike a face in each is, and what that is worth. Nothing is kept.

It asks for the permission of a search in a collection, whose model it uses; nothing of the
collection is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.evidence.cohort import find_levels, normalise
from mien.evidence.strength import Strength, judge
from mien.permission.verdict import ALLOWED, Reason, Verdict, refuse
from mien.service.audit import Action
from mien.service.begun import begin_session
from mien.service.deployment import Deployment
from mien.service.handed_in import HandedIn
from mien.service.probe import Probe, look_for_faces, read_probes
from mien.service.searched import Asked
from mien.types import EmbeddingModel, Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of two photos, and which of its faces is meant; the largest, where none is chosen."""

    photo: HandedIn
    face: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareRequest:
    """Why, and under which collection's leave and model."""

    asked: Asked
    threads: int = 1
    max_file_bytes: int


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """How alike the two faces are; no score where a photo shows none, and nothing where refused.

    The score is the cosine. The strength is that of one pair: the strangers to be expected are
    those of a single comparison.
    """

    verdict: Verdict
    probes: tuple[Probe, ...] = ()
    score: float | None = None
    strength: Strength | None = None
    search_id: str = ""


def compare_photos(
    deployment: Deployment, request: CompareRequest, *, sides: tuple[Side, Side]
) -> Comparison:
    """Raises `PhotoError` for a photo that cannot be read, `SettingsError` for a face number."""
    begun = begin_session(deployment, request.asked, action=Action.COMPARISON)
    if isinstance(begun, Verdict):
        return Comparison(begun)
    session, _ = begun
    contents = list(read_probes([side.photo for side in sides], max_bytes=request.max_file_bytes))
    session.note_probes([content for _, content in contents])
    with deployment.cores.take(most=request.threads) as threads:
        vision = deployment.vision(threads=threads)
        sought = [
            look_for_faces([content], vision=vision, chosen=side.face)
            for content, side in zip(contents, sides, strict=True)
        ]
    probes = tuple(probe for one in sought for probe in one.probes)
    embeddings = [one.embeddings for one in sought if len(one.embeddings)]
    if shows_suppressed(deployment, embeddings):
        verdict = refuse(Reason.FACE_SUPPRESSED)
        session.end(verdict)
        return Comparison(verdict)
    session.end(ALLOWED)
    if len(embeddings) < len(sides):
        return Comparison(ALLOWED, probes, search_id=session.id)
    pair: Vectors = np.concatenate(embeddings)
    score = float(np.clip(pair[0] @ pair[1], -1, 1))
    return Comparison(ALLOWED, probes, score, weigh_pair(deployment.model, pair), session.id)


def weigh_pair(model: EmbeddingModel, pair: Vectors) -> Strength | None:
    """What the likeness of two embeddings, (2, dimension), is worth; nothing if never measured."""
    (strength,) = weigh_each(model, pair[:1], others=pair[1:])
    return strength


def weigh_each(
    model: EmbeddingModel, one: Vectors, *, others: Vectors
) -> Sequence[Strength | None]:
    """What the likeness of one embedding, (1, dimension), to each of the others is worth."""
    if model.cohort is None or model.calibration is None or not len(others):
        return [None] * len(others)
    levels = find_levels(model.cohort, np.concatenate([one, others]))
    cosines = (one @ others.T).astype(np.float64)
    normalised = normalise(cosines, probes=levels[:1], candidates=levels[1:])[0]
    return judge(normalised, model.calibration, faces=1)


def shows_suppressed(deployment: Deployment, embeddings: Sequence[Vectors]) -> bool:
    """Whether one of these faces, not turned, is like that of somebody who opted out."""
    suppressed = deployment.suppressed.load(deployment.model).faces
    return any(suppressed.find_owner(one) is not None for found in embeddings for one in found)
