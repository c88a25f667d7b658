"""Search: every photo of the person whose face is handed in, as far as permission reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from mien.errors import SettingsError
from mien.permission.verdict import ALLOWED
from mien.service.deployment import Deployment
from mien.service.gallery import Galleries
from mien.service.handed_in import HandedIn
from mien.service.opinion import ProbeKey, refer_to_photos
from mien.service.probe import Probe, Sought, look_for_faces, read_probes
from mien.service.ranking import Candidate
from mien.service.seeking import (
    SearchRequest,
    SearchResult,
    Seeking,
    Target,
    begin_search,
    check_request,
    refuse_suppressed,
)

__all__ = ["Candidate", "Probe", "SearchRequest", "SearchResult", "search_photos"]


def search_photos(
    deployment: Deployment,
    request: SearchRequest,
    *,
    galleries: Galleries,
    photos: Sequence[HandedIn],
) -> SearchResult:
    """Searches a collection for the person in the photos: the largest face of each, or the chosen.

    The photos are not even read before permission was given. Raises `PhotoError` where one
    cannot be read, `SettingsError` for a face number or a limit out of range.
    """
    check_request(deployment, request)
    if not photos:
        raise SettingsError("There is no photo to search with.")
    if len(photos) > 1 and request.face is not None:
        raise SettingsError("A face can be chosen in one photo only; with several, leave it out.")
    seeking = begin_search(deployment, request)
    if isinstance(seeking, SearchResult):
        return seeking
    contents = list(read_probes(photos, max_bytes=request.max_file_bytes))
    seeking.session.note_probes([content for _, content in contents])
    with deployment.cores.take(most=request.threads) as threads:
        vision = deployment.vision(threads=threads)
        sought = look_for_faces(
            contents, vision=vision, chosen=request.face, quality=request.quality
        )
    if not len(sought.embeddings):
        seeking.end([])
        return SearchResult(ALLOWED, sought.probes, search_id=seeking.session.id)
    key = _refer_to(deployment, sought, contents=[content for _, content in contents])
    return _search(deployment, seeking, galleries=galleries, sought=sought, key=key)


def _search(
    deployment: Deployment,
    seeking: Seeking,
    *,
    galleries: Galleries,
    sought: Sought,
    key: ProbeKey,
) -> SearchResult:
    fused = sought.fuse()
    if seeking.is_suppressed(sought.embeddings) or seeking.is_suppressed(fused):
        return refuse_suppressed(seeking)
    refusal = seeking.renew_leave()
    if refusal is not None:
        return SearchResult(refusal)
    seeking.session.note_keys([key])
    seeking.open_gallery(galleries)
    target = Target(
        deployment.vault.rotation_of(fused.shape[1]).turn(fused),
        key,
        may_be_several=sought.may_be_several(deployment.model),
    )
    result = replace(seeking.find(target), probes=sought.probes)
    seeking.end([result])
    return result


def _refer_to(deployment: Deployment, sought: Sought, *, contents: Sequence[bytes]) -> ProbeKey:
    """By the photos that show a face, each with the number of the one that is meant."""
    return refer_to_photos(
        deployment,
        (
            (sha256(content).hexdigest(), probe.searched)
            for content, probe in zip(contents, sought.probes, strict=True)
            if probe.searched is not None
        ),
    )
