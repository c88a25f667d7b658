"""`/v1/judgements`: what you say of a candidate: worth keeping, not this person, this person."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from mien.api.seen import OpinionOut, describe_opinion
from mien.api.shapes import BodyIn, answer_tagged
from mien.http.asking import Asking, needs
from mien.http.idempotency import Once
from mien.http.problem import check
from mien.permission.caller import Operation
from mien.service.judgements import JudgementDraft, JudgementKind, Judgements, Said
from mien.service.requests import Outcome

router = APIRouter(prefix="/v1/judgements", tags=["judgements"])

_Judging = Annotated[Asking, needs(Operation.JUDGE)]


class JudgementIn(BodyIn):
    """What you say of a face that a search of yours showed."""

    search_id: UUID
    face_id: UUID
    kind: JudgementKind


class JudgementOut(BaseModel):
    """What you said, and what everybody says of this candidate now."""

    judgement_id: str
    search_id: str
    face_id: str
    collection: str
    kind: JudgementKind
    opinion: OpinionOut


@router.post("", status_code=201)
def judge(asking: _Judging, body: JudgementIn, *, once: Once) -> JudgementOut:
    """Say of a candidate whether to keep it, or whether it is the person.

    It takes the place of what you said of it before. What was rejected is left out the next time
    anybody searches with the same photo. A match is confirmed by as many people as its collection
    asks, and by no key.
    """
    book = _open_book(asking)
    draft = JudgementDraft(search_id=str(body.search_id), face_id=str(body.face_id), kind=body.kind)

    now: list[Said] = []

    def make() -> Outcome:
        judged = book.judge(draft)
        check(judged.verdict)
        now.extend([judged.said] if judged.said else [])
        made = judged.judgement_id
        return Outcome(201, f"/v1/judgements/{made}", {"judgement": made})

    outcome = once.do(asking, make)
    # What was said just now is told as it was recorded: its place may be taken the next moment.
    return _describe(now[0] if now else book.get(str(outcome.facts["judgement"])))


@router.get("/{judgement_id}", response_model=JudgementOut)
def get_judgement(asking: _Judging, judgement_id: UUID, *, request: Request) -> Response:
    """A judgement of yours, as it stands."""
    return answer_tagged(request, _describe(_open_book(asking).get(str(judgement_id))))


@router.delete("/{judgement_id}", status_code=204)
def withdraw_judgement(asking: _Judging, judgement_id: UUID) -> None:
    """Take back what you said."""
    _open_book(asking).withdraw(str(judgement_id))


def _open_book(asking: Asking) -> Judgements:
    return Judgements(asking.library.parts, caller=asking.caller)


def _describe(said: Said) -> JudgementOut:
    return JudgementOut(
        judgement_id=said.judgement_id,
        search_id=said.search_id,
        face_id=said.face_id,
        collection=said.collection,
        kind=said.kind,
        opinion=describe_opinion(said.opinion),
    )
