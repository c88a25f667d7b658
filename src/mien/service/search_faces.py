"""Search with every face of one photo at once: asked once, logged once, an answer for each face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from mien.errors import SettingsError
from mien.permission.verdict import ALLOWED, Reason, Verdict, refuse
from mien.service.deployment import Deployment
from mien.service.gallery import Galleries
from mien.service.handed_in import HandedIn, naming
from mien.service.opinion import refer_to_photos
from mien.service.probe import Probe, read_probes, show_probe
from mien.service.seeking import (
    SearchRequest,
    SearchResult,
    Seeking,
    Target,
    as_row,
    begin_search,
    check_request,
    refuse_suppressed,
)
from mien.types import EmbeddedFace

MOST_FACES = 20


@dataclass(frozen=True, slots=True, eq=False)
class FacesResult:
    """One answer for each face of a photo, the largest face first; none where the verdict is a no.

    Of many faces only the largest are searched for. The answer for somebody who opted out is a
    refusal of its own.
    """

    verdict: Verdict
    answers: tuple[SearchResult, ...] = ()
    search_id: str = ""


def search_every_face(
    deployment: Deployment, request: SearchRequest, *, galleries: Galleries, photo: HandedIn
) -> FacesResult:
    """Searches a collection for everybody in a photo, 20 of them at the most.

    Raises as `search_photos`.
    """
    check_request(deployment, request)
    if request.face is not None:
        raise SettingsError("Either one face is chosen, or every face is searched for.")
    seeking = begin_search(deployment, request)
    if isinstance(seeking, SearchResult):
        return FacesResult(seeking.verdict)
    ((_, content),) = read_probes([photo], max_bytes=request.max_file_bytes)
    seeking.session.note_probes([content])
    with naming(photo), deployment.cores.take(most=request.threads) as threads:
        analysis = deployment.vision(threads=threads).analyse(content)
    faces = analysis.faces[:MOST_FACES]
    probes = [show_probe(analysis, number) for number in range(len(faces))]
    targets = _make_targets(deployment, faces, content=content)
    allowed = [not seeking.is_suppressed(face.embedding[None]) for face in faces]
    if faces and not any(allowed):
        return FacesResult(refuse_suppressed(seeking).verdict)
    if faces:
        refusal = seeking.renew_leave()
        if refusal is not None:
            return FacesResult(refusal)
        seeking.session.note_keys([target.key for target in targets])
        seeking.open_gallery(galleries)
    answers = [
        _answer(seeking, target, probe=probe, is_allowed=is_allowed)
        for target, probe, is_allowed in zip(targets, probes, allowed, strict=True)
    ]
    seeking.end(answers)
    return FacesResult(ALLOWED, tuple(answers), seeking.session.id)


def _make_targets(
    deployment: Deployment, faces: Sequence[EmbeddedFace], *, content: bytes
) -> list[Target]:
    digest = sha256(content).hexdigest()
    rotation = deployment.vault.rotation_of(deployment.model.dimension)
    return [
        Target(
            rotation.turn(as_row(face.embedding)),
            refer_to_photos(deployment, [(digest, number)]),
        )
        for number, face in enumerate(faces)
    ]


def _answer(seeking: Seeking, target: Target, *, probe: Probe, is_allowed: bool) -> SearchResult:
    if not is_allowed:
        return SearchResult(refuse(Reason.FACE_SUPPRESSED), (probe,))
    return replace(seeking.find(target), probes=(probe,))
