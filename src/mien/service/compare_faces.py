"""Compare the largest face of one photo with those of another: asked once, logged once.

Like `mien.service.compare` it asks for the permission of a search in a collection, whose model
it uses, and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.evidence.strength import Strength
from mien.permission.quality import QualityFilter
from mien.permission.verdict import ALLOWED, Reason, Verdict, refuse
from mien.service.audit import Action
from mien.service.begun import begin_session
from mien.service.compare import shows_suppressed, weigh_each
from mien.service.deployment import Deployment
from mien.service.handed_in import HandedIn, naming
from mien.service.leave import NO_FILTERS, Filters
from mien.service.probe import Probe, find_fit, look_for_faces, read_probes, show_probe
from mien.service.searched import Asked
from mien.types import PhotoAnalysis, Vectors

MOST_FACES = 100
"""So many of the other photo's faces are compared, the largest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareFacesRequest:
    """Why, and under which leave; faces that fall short of `quality` count as not there."""

    asked: Asked
    filters: Filters = NO_FILTERS
    quality: QualityFilter = QualityFilter.NONE
    threads: int = 1
    max_file_bytes: int


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A face of the other photo, by its number there, and how alike it is: the cosine.

    The strength is that of one pair; None where the model was never measured.
    """

    face: int
    score: float
    strength: Strength | None


@dataclass(frozen=True, slots=True, eq=False)
class FacesComparison:
    """How alike each face of the other photo is, the largest first; nothing where refused.

    `source.searched` is None where that photo shows no face: then none is compared.
    """

    verdict: Verdict
    source: Probe | None = None
    target: PhotoAnalysis | None = None
    compared: tuple[Compared, ...] = ()
    search_id: str = ""


def compare_faces(
    deployment: Deployment, request: CompareFacesRequest, *, source: HandedIn, target: HandedIn
) -> FacesComparison:
    """Refused where one of the faces that are compared is of somebody who opted out.

    Raises `PhotoError` for a photo that cannot be read, `NotFoundError` for no such collection.
    """
    begun = begin_session(
        deployment, request.asked, action=Action.COMPARISON, filters=request.filters
    )
    if isinstance(begun, Verdict):
        return FacesComparison(begun)
    session, _ = begun
    contents = list(read_probes([source, target], max_bytes=request.max_file_bytes))
    session.note_probes([content for _, content in contents])
    seen = _look(deployment, request, contents=contents)
    if shows_suppressed(deployment, [seen.one, seen.others]):
        verdict = refuse(Reason.FACE_SUPPRESSED)
        session.end(verdict)
        return FacesComparison(verdict)
    session.end(ALLOWED)
    target_shown = show_probe(seen.target, None).analysis
    return FacesComparison(
        ALLOWED, seen.source, target_shown, _compare(deployment, seen), session.id
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What both photos show: `one` is (1 or 0, dimension), `others` those of these numbers."""

    source: Probe
    target: PhotoAnalysis
    one: Vectors
    numbers: Sequence[int]
    others: Vectors


def _look(
    deployment: Deployment,
    request: CompareFacesRequest,
    *,
    contents: Sequence[tuple[HandedIn, bytes]],
) -> _Seen:
    first, (photo, content) = contents
    with deployment.cores.take(most=request.threads) as threads:
        vision = deployment.vision(threads=threads)
        sought = look_for_faces([first], vision=vision, chosen=None, quality=request.quality)
        with naming(photo):
            target = vision.analyse(content)
    numbers = find_fit(target, request.quality)[:MOST_FACES]
    others = np.array([target.faces[number].embedding for number in numbers], np.float32)
    return _Seen(sought.probes[0], target, sought.embeddings, numbers, others)


def _compare(deployment: Deployment, seen: _Seen) -> tuple[Compared, ...]:
    if not len(seen.one) or not len(seen.others):
        return ()
    scores = np.clip(seen.one @ seen.others.T, -1, 1)[0].tolist()
    strengths = weigh_each(deployment.model, seen.one, others=seen.others)
    rows = zip(seen.numbers, scores, strengths, strict=True)
    return tuple(Compared(number, score, strength) for number, score, strength in rows)
