"""`POST /v1/searches`: every photo of a person, by photos that are handed in or by a face."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mien.api.seen import (
    BoxOut,
    CreditOut,
    OpinionOut,
    ProbeOut,
    QualityOut,
    ReasonOut,
    StrengthOut,
    describe_box,
    describe_credit,
    describe_opinion,
    describe_probe,
    describe_quality,
    describe_reasons,
    describe_strength,
)
from mien.api.sent_search import BODY, Sent, SentSearch
from mien.errors import SettingsError
from mien.http.asking import Asking, needs
from mien.http.problem import check
from mien.permission.caller import Operation
from mien.service.ranking import Candidate
from mien.service.search_desk import SearchDesk
from mien.service.seeking import SearchResult

router = APIRouter(prefix="/v1/searches", tags=["searches"])


class CandidateOut(BaseModel):
    """A face that may be of the person: no candidate is an identification.

    The score is the cosine; what it is worth says `strength`, unless the model was never measured.
    """

    rank: int
    score: float
    strength: StrengthOut | None
    face_id: str
    photo_id: str
    box: BoxOut
    photo_width_px: int
    photo_height_px: int
    quality: QualityOut
    places: list[str]
    credit: CreditOut
    has_picture: bool = Field(description="Whether a grant allows showing it, or the link alone.")
    opinion: OpinionOut | None


class AnswerOut(BaseModel):
    """The candidates for one face, strongest first; none where there are `reasons`.

    `rejected` more were left out, since somebody said that they are not this person.
    """

    probes: list[ProbeOut]
    candidates: list[CandidateOut]
    rejected: int
    may_be_several: bool
    reasons: list[ReasonOut]


class SearchOut(BaseModel):
    """An answer for each face that was searched with. Judgements and exports name the search."""

    search_id: str
    collection: str
    purpose: str
    faces_searched: int
    unreadable_faces: int
    answers: list[AnswerOut]


@router.post("", openapi_extra=dict(BODY))
def search(asking: Annotated[Asking, needs(Operation.SEARCH)], sent: Sent) -> SearchOut:
    """Search a collection for a person, or for everybody in a photo.

    Photos that are handed in are kept nowhere. Who searched, and why, is entered into the log.
    """
    terms = sent.terms
    asking.check(collection=terms.collection, purpose=terms.purpose)
    _check_probe(sent)
    with asking.site.turnstile.enter():
        search_id, results = _search(asking, sent)
    first = results[0] if results else None
    return SearchOut(
        search_id=search_id,
        collection=terms.collection,
        purpose=terms.purpose,
        faces_searched=max((one.faces_searched for one in results), default=0),
        unreadable_faces=0 if first is None else first.unreadable_faces,
        answers=[_describe_answer(one) for one in results],
    )


def _check_probe(sent: SentSearch) -> None:
    """Raises `SettingsError` where it is not said in one way what is searched with."""
    terms = sent.terms
    if (terms.face_id is None) is not bool(sent.photos):
        raise SettingsError("Search with photos, or with the id of a face: with one of the two.")
    if terms.faces == "all" and len(sent.photos) != 1:
        raise SettingsError("Every face is searched for in one photo, and no more.")
    if terms.face_id is not None and terms.face is not None:
        raise SettingsError("A face is chosen by its number in a photo, and else by its id alone.")


def _search(asking: Asking, sent: SentSearch) -> tuple[str, list[SearchResult]]:
    """The search's id, and an answer for each face. Raises a problem where it is refused."""
    parts, terms = asking.library.parts, sent.terms
    desk = SearchDesk(parts)
    request = terms.make_request(max_file_bytes=parts.max_file_bytes)
    if terms.faces == "all":
        found = desk.search_faces(sent.photos[0], request)
        asking.site.metrics.count_search(found.verdict)
        check(found.verdict)
        return found.search_id, list(found.answers)
    if terms.face_id is not None:
        result = desk.search_face(str(terms.face_id), request)
    else:
        result = desk.search_photos(sent.photos, request)
    asking.site.metrics.count_search(result.verdict)
    check(result.verdict)
    return result.search_id, [result]


def _describe_answer(result: SearchResult) -> AnswerOut:
    return AnswerOut(
        probes=[describe_probe(probe) for probe in result.probes],
        candidates=[_describe_candidate(one) for one in result.candidates],
        rejected=result.rejected,
        may_be_several=result.may_be_several,
        reasons=describe_reasons(result.verdict),
    )


def _describe_candidate(candidate: Candidate) -> CandidateOut:
    face = candidate.face
    opinion = candidate.opinion
    return CandidateOut(
        rank=candidate.rank,
        score=round(candidate.score, 6),
        strength=describe_strength(candidate.strength),
        face_id=face.stored.uuid,
        photo_id=face.stored.photo_uuid,
        box=describe_box(face.box),
        photo_width_px=face.width_px,
        photo_height_px=face.height_px,
        quality=describe_quality(face.quality),
        places=[place.uri for place in face.locations],
        credit=describe_credit(face.credit),
        has_picture=face.is_for_display,
        opinion=None if opinion is None else describe_opinion(opinion),
    )
