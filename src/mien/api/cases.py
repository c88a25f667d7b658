"""`/v1/cases`: what somebody asks for, from the letter to the answer."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, UploadFile
from pydantic import BaseModel, Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from mien.api.shapes import (
    Address,
    BodyIn,
    Line,
    PageOut,
    Sha256,
    Slug,
    Text,
    answer_file,
    answer_tagged,
    read_upload,
)
from mien.http.asking import Asking, needs
from mien.http.idempotency import Once
from mien.http.paging import Paged
from mien.permission.caller import Operation
from mien.permission.case import CaseKind, Channel
from mien.service.audit import format_time
from mien.service.case import About, Case
from mien.service.cases import CaseDraft, OpenedCase
from mien.service.packing import pack_contents
from mien.service.requests import Outcome

router = APIRouter(prefix="/v1/cases", tags=["cases"])


class LookalikeOut(BaseModel):
    """A face that may be of whoever asks; somebody has to look."""

    face_id: str
    collection: str
    score: float


class CaseEventOut(BaseModel):
    """What happened to a case, and its state then."""

    at: datetime
    state: str
    details: dict[str, Any]


class CaseOut(BaseModel):
    """A case; who asked for what is null once it was forgotten."""

    case_id: str
    kind: CaseKind
    state: str
    opened_at: datetime
    due_at: datetime
    is_overdue: bool
    requester: str | None
    contact: str | None
    channel: str | None
    reason: str | None
    statement: str | None
    about: dict[str, Any] | None
    lookalikes: list[LookalikeOut]
    events: list[CaseEventOut]


class CasesOut(PageOut[CaseOut]):
    """Cases, the one that is due first before the others."""


class OpenedCaseOut(BaseModel):
    """A case, what to send back at once (a signed JSON document, as text), and what it hides.

    `held` is in how many places photos were found that are out of every search now; it is null
    where the answer is given again.
    """

    case: CaseOut
    acknowledgement: str
    held: int | None


class AboutIn(BodyIn):
    """What a case is about, in at most one way; in none, the one who asks."""

    photos: list[Sha256] = Field(default=[], max_length=1000)
    faces: list[UUID] = Field(default=[], max_length=1000)
    source: Address | None = None
    host: Line = ""
    grantor: Line = ""
    person: Line = Field(default="", description="A name, or the id of somebody enrolled.")

    @model_validator(mode="after")
    def _says_one(self) -> AboutIn:
        if sum(bool(value) for value in self.model_dump().values()) > 1:
            raise ValueError("say what the case is about, in one way only")
        return self


class _RequestIn(BodyIn):
    """Who asks for what."""

    kind: CaseKind
    requester: Line = Field(
        min_length=1, pattern=r"\S", description="A name, or what they call themselves."
    )
    contact: Line = ""
    channel: Channel = Channel.API
    reason: Text = ""
    statement: Text = ""
    is_intimate: bool = Field(default=False, description="Intimate images: due in 48 hours.")


class CaseIn(_RequestIn):
    """A request as it came in. No proof of identity is needed."""

    about: AboutIn = AboutIn()
    corrections: dict[Slug, Line] = Field(default={}, max_length=20)

    @model_validator(mode="after")
    def _is_about_something(self) -> CaseIn:
        if self.kind is CaseKind.TAKEDOWN and not any(self.about.model_dump().values()):
            raise ValueError("say what is to be taken down, in exactly one way")
        return self


class LookalikeCaseIn(_RequestIn):
    """A request of somebody who hands in a photo of themselves to be found by; it is not kept."""

    photo: UploadFile


class ConfirmationIn(BodyIn):
    """Which of the faces that were found by a photo are the person's; perhaps none."""

    faces: list[UUID] = Field(max_length=1000)


class CounterIn(BodyIn):
    """What the other side says to a takedown."""

    name: Line = Field(min_length=1, pattern=r"\S")
    statement: Text = Field(min_length=1, pattern=r"\S")


class DecisionIn(BodyIn):
    """Whether what was asked for is done. A refusal gives its reason."""

    is_granted: bool
    reason: Text = ""

    @model_validator(mode="after")
    def _gives_a_reason(self) -> DecisionIn:
        if not self.is_granted and not self.reason.strip():
            raise ValueError("a refusal gives its reason")
        return self


class AcknowledgementOut(BaseModel):
    """A signed JSON document, as text."""

    acknowledgement: str


_Handling = Annotated[Asking, needs(Operation.CASE)]


@router.get("")
def list_cases(
    asking: _Handling,
    paging: Paged,
    *,
    include_closed: bool = False,
) -> CasesOut:
    """The open cases, or all of them, the one that is due first before the others."""
    asking.check_everywhere()
    found = [one for one in asking.library.cases().list() if include_closed or not one.is_closed]
    page, cursor = paging.cut(found, key=_sort_key)
    return CasesOut(items=[_describe(asking, one) for one in page], next_cursor=cursor)


@router.post("", status_code=201)
def open_case(asking: _Handling, body: CaseIn, once: Once) -> OpenedCaseOut:
    """Record a request, and hide at once what it means to hide."""
    asking.check_everywhere()
    about = body.about
    draft = CaseDraft(
        **{
            **body.model_dump(),
            "about": About(
                photos=tuple(about.photos),
                faces=tuple(map(str, about.faces)),
                source=about.source or "",
                host=about.host,
                grantor=about.grantor,
                person=about.person,
            ),
        }
    )
    return _open(asking, draft, once=once)


@router.post("/by-photo", status_code=201)
def open_case_by_photo(
    asking: _Handling,
    body: Annotated[LookalikeCaseIn, Form(media_type="multipart/form-data")],
    once: Once,
) -> OpenedCaseOut:
    """Record a request of somebody who is to be found by a photo; somebody has to look then."""
    asking.check_everywhere()
    values = {name: getattr(body, name) for name in _RequestIn.model_fields}
    photo = read_upload(asking, body.photo)
    return _open(asking, CaseDraft(**values), once=once, like=photo)


@router.get("/{case_id}", response_model=CaseOut)
def get_case(asking: _Handling, case_id: UUID, request: Request) -> Response:
    """All of one case."""
    asking.check_everywhere()
    return answer_tagged(request, _describe(asking, asking.library.cases().get(str(case_id))))


@router.get("/{case_id}/acknowledgement")
def get_acknowledgement(asking: _Handling, case_id: UUID) -> AcknowledgementOut:
    """What was to be sent back at once."""
    asking.check_everywhere()
    return AcknowledgementOut(acknowledgement=asking.library.cases().acknowledge(str(case_id)))


@router.post("/{case_id}/confirm")
def confirm_lookalikes(asking: _Handling, case_id: UUID, body: ConfirmationIn) -> CaseOut:
    """Say which of the faces that a photo found are the person's."""
    asking.check_everywhere()
    faces = list(map(str, body.faces))
    return _describe(asking, asking.library.cases().confirm(str(case_id), faces=faces))


@router.post("/{case_id}/counter")
def counter_case(asking: _Handling, case_id: UUID, body: CounterIn) -> CaseOut:
    """Record what the other side says to a takedown that is not decided yet."""
    asking.check_everywhere()
    noted = asking.library.cases().counter(str(case_id), name=body.name, statement=body.statement)
    return _describe(asking, noted)


@router.post("/{case_id}/decide")
def decide_case(asking: _Handling, case_id: UUID, body: DecisionIn) -> CaseOut:
    """Decide a case and do what follows. Where it was cut short, the same goes on."""
    asking.check_everywhere()
    decided = asking.library.cases().decide(
        str(case_id), is_granted=body.is_granted, reason=body.reason
    )
    return _describe(asking, decided)


@router.post(
    "/{case_id}/answer",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}, "description": "A ZIP archive."}},
)
def answer_case(asking: _Handling, case_id: UUID) -> Response:
    """The answer to hand out: letter, certificates, and what is held where that was asked.

    Where a photo found faces that nobody has looked at, it is what there is to look at instead,
    and not for handing out. May be repeated.
    """
    asking.check_everywhere()
    draft = asking.library.cases().hand_out(str(case_id))
    name = "answer" if draft.is_final else "for-you-to-check"
    return answer_file(pack_contents(draft.contents), name=f"{name}-{case_id}.zip")


@router.post("/{case_id}/close")
def close_case(asking: _Handling, case_id: UUID) -> CaseOut:
    """End a case that is done and answered."""
    asking.check_everywhere()
    return _describe(asking, asking.library.cases().close(str(case_id)))


def _open(
    asking: Asking, draft: CaseDraft, *, once: Once, like: bytes | None = None
) -> OpenedCaseOut:
    done: list[OpenedCase] = []

    def make() -> Outcome:
        if like is None:
            done.append(asking.library.cases().open(draft))
        else:
            with asking.site.turnstile.enter():
                done.append(asking.library.cases().open(draft, like=like))
        case_id = done[0].case.case_id
        return Outcome(201, f"/v1/cases/{case_id}", {"case": case_id})

    case_id = str(once.do(asking, make).facts["case"])
    book = asking.library.cases()
    return OpenedCaseOut(
        case=_describe(asking, book.get(case_id)),
        acknowledgement=book.acknowledge(case_id),
        held=done[0].held if done else None,
    )


def _sort_key(case: Case) -> str:
    return f"{format_time(case.due_at)} {case.case_id}"


def _describe(asking: Asking, case: Case) -> CaseOut:
    request = case.request
    return CaseOut(
        case_id=case.case_id,
        kind=case.kind,
        state=case.state,
        opened_at=case.opened_at,
        due_at=case.due_at,
        is_overdue=case.is_overdue(asking.library.parts.deployment.clock()),
        requester=request.requester if request else None,
        contact=request.contact if request else None,
        channel=request.channel if request else None,
        reason=request.reason if request else None,
        statement=request.statement if request else None,
        about=_describe_about(case),
        lookalikes=[
            LookalikeOut(face_id=like.face_id, collection=like.collection, score=like.score)
            for like in (request.lookalikes if request else ())
        ],
        events=[
            CaseEventOut(at=one.at, state=one.state, details=json.loads(json.dumps(one.details)))
            for one in case.events
        ],
    )


def _describe_about(case: Case) -> dict[str, Any] | None:
    if case.request is None:
        return None
    about = case.request.about
    named = {name: getattr(about, name) for name in About.__slots__}
    told = {name: list(v) if isinstance(v, tuple) else v for name, v in named.items() if v}
    corrections = dict(case.request.corrections)
    return {**told, **({"corrections": corrections} if corrections else {})}
