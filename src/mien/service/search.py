"""Search: every photo of the person whose face is handed in, as far as permission reaches.

Permission comes first: a refused search decodes nothing, and its answer is the same
whatever the collection holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mien.catalog.audit import Json
from mien.errors import SettingsError
from mien.permission.verdict import ALLOWED, Reason, Verdict, refuse
from mien.service.audit import Note
from mien.service.collections import check_model
from mien.service.deployment import Deployment
from mien.service.drafts import check_texts
from mien.service.gallery import Galleries
from mien.service.handed_in import HandedIn
from mien.service.leave import Leave, ask_leave
from mien.service.left_out import find_left_out
from mien.service.probe import Probe, Sought, look_for_faces, read_probes
from mien.service.ranking import Bounds, Candidate, Ranking
from mien.service.searched import SearchSession
from mien.service.weigh import check_can_tell
from mien.vault.notary import Owner

LONGEST_REASON = 1000

__all__ = ["Candidate", "Probe", "SearchRequest", "SearchResult", "search_photos"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """Why, where and how far to search; `face` chooses one of several in the probe.

    It uses so many `threads` at most: see `mien.service.cores`. `max_fmr` leaves out candidates
    whose score more strangers than that reach. `reason` says in free words what the search is
    about; it is sealed into the audit log.
    """

    purpose: str
    collection: str
    limit: int = 20
    min_score: float = -1.0
    max_fmr: float | None = None
    face: int | None = None
    threads: int = 1
    max_file_bytes: int
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class SearchResult:
    """Candidates, strongest first; none, and no probe, where the verdict is a no.

    `faces_searched` are all those of the collection. `unreadable_faces` are in it too, but their
    templates are lost or damaged. `may_be_several` people are shown by the probes.
    """

    verdict: Verdict
    probes: tuple[Probe, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    faces_searched: int = 0
    unreadable_faces: int = 0
    may_be_several: bool = False

    @property
    def probe(self) -> Probe | None:
        """The first photo that shows a face, or else the first one."""
        with_face = [probe for probe in self.probes if probe.searched is not None]
        return next(iter(with_face or self.probes), None)


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
    _check(deployment, request, photos=photos)
    session = SearchSession(
        deployment,
        purpose=request.purpose,
        collection=request.collection,
        reason=request.reason,
    )
    leave = ask_leave(
        deployment, purpose=request.purpose, collection=request.collection, at=session.began
    )
    if isinstance(leave, Verdict):
        session.end(leave)
        return SearchResult(leave)
    session.collection = leave.collection
    check_model(leave.collection, deployment.model)
    contents = list(read_probes(photos, max_bytes=request.max_file_bytes))
    session.note_probes([content for _, content in contents])
    with deployment.cores.take(most=request.threads) as threads:
        vision = deployment.vision(threads=threads)
        sought = look_for_faces(contents, vision=vision, chosen=request.face)
    if not len(sought.embeddings):
        session.end(ALLOWED)
        return SearchResult(ALLOWED, sought.probes)
    result = _search(deployment, request, galleries=galleries, sought=sought, leave=leave)
    session.end(result.verdict, shown=[_tell_shown(one) for one in result.candidates])
    return result


def _check(deployment: Deployment, request: SearchRequest, *, photos: Sequence[HandedIn]) -> None:
    check_texts(request.reason)
    if len(request.reason) > LONGEST_REASON:
        raise SettingsError(f"The reason has more than {LONGEST_REASON} characters.")
    if request.limit < 1:
        raise SettingsError("The limit must be at least 1.")
    if math.isnan(request.min_score):
        raise SettingsError("The least score must be a number, from -1 to 1.")
    if request.max_fmr is not None:
        if not 0 < request.max_fmr <= 1:
            raise SettingsError("The highest false match rate must be above 0, and 1 at most.")
        check_can_tell(deployment.model, fmr=request.max_fmr)
    if not photos:
        raise SettingsError("There is no photo to search with.")
    if len(photos) > 1 and request.face is not None:
        raise SettingsError("A face can be chosen in one photo only; with several, leave it out.")


def _search(
    deployment: Deployment,
    request: SearchRequest,
    *,
    galleries: Galleries,
    sought: Sought,
    leave: Leave,
) -> SearchResult:
    model = deployment.model
    suppressed = deployment.suppressed.load(model)
    fused, may_be_several = sought.fuse(), sought.may_be_several(model)
    if any(suppressed.faces.find_owner(one) is not None for one in (*sought.embeddings, fused[0])):
        return SearchResult(refuse(Reason.FACE_SUPPRESSED))
    gallery = galleries.load(leave.collection, gaussian=model.gaussian)
    rotation = deployment.vault.rotation_of(leave.collection.dimension)
    left_out = find_left_out(gallery, suppressed, rotation=rotation)
    ranking = Ranking(
        deployment,
        gallery,
        probe=rotation.turn(fused),
        leave=replace(leave, left_out=frozenset(left_out.tolist())),
        bounds=Bounds(request.limit, request.min_score, request.max_fmr),
        # What a mean of two people matches says nothing about either.
        calibration=None if may_be_several else model.calibration,
    )
    return SearchResult(
        ALLOWED,
        sought.probes,
        ranking.find_candidates(),
        faces_searched=len(gallery.index),
        unreadable_faces=gallery.unreadable,
        may_be_several=may_be_several,
    )


def _tell_shown(candidate: Candidate) -> Note:
    """What the audit log keeps of a face that was shown, as long as the face is kept."""
    stored = candidate.face.stored
    details: dict[str, Json] = {
        "face": stored.uuid,
        "rank": candidate.rank,
        "score": round(candidate.score, 4),
    }
    return Note(details, Owner(photo_id=stored.photo_uuid, face_id=stored.uuid))
