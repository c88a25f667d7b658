"""The pages of cases: the inbox with its deadlines, one case, and all that is done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from mien.errors import NotFoundError, SettingsError
from mien.http.asking import Asking, needs
from mien.permission.caller import Operation
from mien.permission.case import CaseKind, Channel, is_undecided, may_counter
from mien.service.case import Case
from mien.service.case_answer import draft_answer
from mien.service.case_book import CaseBook
from mien.service.case_pictures import read_crops
from mien.service.case_target import target_of
from mien.service.erase import preview_erasure
from mien.service.packing import pack_contents
from mien.web.case_form import WAYS, read_draft
from mien.web.filled import WHOLE, Filled, Typed, go
from mien.web.show import show, show_file

router = APIRouter(include_in_schema=False)

Casework = Annotated[Asking, needs(Operation.CASE)]

_SOON = timedelta(days=7)
_GRANT, _REFUSE = "grant", "refuse"


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in the inbox; `tone` says how pressing it is."""

    case: Case
    tone: str
    days: int


@router.get("/cases")
def list_cases(asking: Casework) -> Response:
    """Open cases, the one that is due first before the others."""
    book, now = _open_book(asking), _now(asking)
    lines = [_line(one, now=now) for one in book.list() if not one.is_closed]
    return show("cases", asking=asking, lines=lines, here="open")


@router.get("/cases/closed")
def list_closed_cases(asking: Casework) -> Response:
    """Those that are over, the last one first."""
    book, now = _open_book(asking), _now(asking)
    lines = [_line(one, now=now) for one in reversed(book.list()) if one.is_closed]
    return show("cases", asking=asking, lines=lines, here="closed")


@router.get("/cases/new")
def ask_for_case(asking: Casework) -> Response:
    """The form to open one."""
    _open_book(asking)
    return _show_form(asking, Filled())


@router.post("/cases/new")
def open_case(asking: Casework, typed: Typed) -> Response:
    """Opens it, hides at once what it means to hide, and shows it."""
    book = _open_book(asking)
    found = read_draft(asking, typed)
    if found is not None:
        draft, photo = found
        with typed.telling(), asking.site.turnstile.enter():
            opened = book.open(draft, like=photo)
            return go(f"/cases/{opened.case.case_id}?told=opened")
    return _show_form(asking, typed)


@router.get("/cases/{case_id}")
def show_case(asking: Casework, case_id: UUID, *, told: str = "") -> Response:
    """One case, what happened to it, and what can be done next."""
    case = _open_book(asking).get(str(case_id))
    return _show_case(asking, case, form=Filled(), told=told)


@router.get("/cases/{case_id}/acknowledgement")
def get_acknowledgement(asking: Casework, case_id: UUID) -> Response:
    """What is sent back at once: that it came in, and until when it is answered."""
    signed = _open_book(asking).acknowledge(str(case_id))
    return show_file(f"{signed}\n".encode(), name=f"acknowledgement-{case_id}.json")


@router.get("/cases/{case_id}/faces/{face_id}")
def get_face(asking: Casework, case_id: UUID, *, face_id: UUID) -> Response:
    """A face that was found by a photo, for whoever has to look at it."""
    case = _open_book(asking).get(str(case_id))
    meant = {one.face_id for one in case.request.lookalikes} if case.request else set()
    crops = read_crops(asking.library.parts.deployment, {str(face_id)} & meant)
    if not crops:
        raise NotFoundError(f"There is no face {face_id} in this case.")
    return Response(crops[str(face_id)], media_type="image/jpeg")


@router.post("/cases/{case_id}/confirm")
def confirm_faces(asking: Casework, case_id: UUID, *, typed: Typed) -> Response:
    """Which of the faces that were found are the person's; perhaps none."""
    faces, is_nobody = typed.many("faces"), bool(typed.text("nobody"))
    if bool(faces) is is_nobody:
        typed.errors["faces"] = "Tick the faces that are theirs, or say that none is."

    def do(book: CaseBook) -> Case:
        return book.confirm(str(case_id), faces=faces)

    return _act(asking, case_id, do=do, form=typed, told="confirmed")


@router.post("/cases/{case_id}/counter")
def counter_case(asking: Casework, case_id: UUID, *, typed: Typed) -> Response:
    """What the other side says to a takedown."""
    name = typed.text("counter_name", is_needed=True)
    statement = typed.text("counter_statement", is_needed=True)

    def do(book: CaseBook) -> Case:
        return book.counter(str(case_id), name=name, statement=statement)

    return _act(asking, case_id, do=do, form=typed, told="countered")


@router.post("/cases/{case_id}/decide")
def decide_case(asking: Casework, case_id: UUID, *, typed: Typed) -> Response:
    """Decides it and does what follows."""
    decision = typed.text("decision")
    if decision not in {_GRANT, _REFUSE}:
        typed.errors["decision"] = "Choose one of these."
    reason = typed.text("reason")
    if decision == _REFUSE and not reason:
        typed.errors["reason"] = "A refusal gives its reason: it stands in the answer."

    def do(book: CaseBook) -> Case:
        return book.decide(str(case_id), is_granted=decision == _GRANT, reason=reason)

    return _act(asking, case_id, do=do, form=typed, told="decided")


@router.post("/cases/{case_id}/answer")
def answer_case(asking: Casework, case_id: UUID, *, typed: Typed) -> Response:
    """Writes the answer, to be downloaded from the page of the case."""

    def do(book: CaseBook) -> Case:
        if not book.get(str(case_id)).is_checked:
            raise SettingsError("Look first at the faces that were found.")
        return book.hand_out(str(case_id)).case

    return _act(asking, case_id, do=do, form=typed, told="answered")


@router.get("/cases/{case_id}/answer")
def get_answer(asking: Casework, case_id: UUID) -> Response:
    """The answer as one archive: letter, certificates, proof, and what is held."""
    case, parts = _open_book(asking).get(str(case_id)), asking.library.parts
    if not case.is_answered or case.is_closed:
        raise NotFoundError(f"There is no answer to hand out in the case {case_id}.")
    draft = draft_answer(parts.deployment, case.case_id, terms=parts.terms, operator=parts.operator)
    with pack_contents(draft.contents) as packed:
        return show_file(packed.read(), name=f"answer-{case_id}.zip")


@router.post("/cases/{case_id}/close")
def close_case(asking: Casework, case_id: UUID, *, typed: Typed) -> Response:
    """Ends it; what is known of it is forgotten some time later."""

    def do(book: CaseBook) -> Case:
        return book.close(str(case_id))

    return _act(asking, case_id, do=do, form=typed, told="closed")


def _open_book(asking: Asking) -> CaseBook:
    """A case may be about anything in any collection, so it is for those who may reach all."""
    asking.check_everywhere()
    return asking.library.cases()


def _now(asking: Asking) -> datetime:
    return asking.library.parts.deployment.clock()


def _line(case: Case, *, now: datetime) -> CaseLine:
    left = case.due_at - now
    if case.is_closed:
        return CaseLine(case, "", left.days)
    tone = "bad" if case.is_overdue(now) else "warn" if left <= _SOON else ""
    return CaseLine(case, tone, left.days)


def _act(
    asking: Asking, case_id: UUID, *, do: Callable[[CaseBook], Case], form: Filled, told: str
) -> Response:
    """Does it and shows the case; where it cannot be done, with the form as it was filled in."""
    book = _open_book(asking)
    if form.is_sound:
        with form.telling(), asking.site.turnstile.enter():
            do(book)
            return go(f"/cases/{case_id}?told={told}")
    return _show_case(asking, book.get(str(case_id)), form=form)


def _show_form(asking: Asking, form: Filled) -> Response:
    return show(
        "case_new",
        asking=asking,
        status=form.status,
        form=form,
        kinds=list(CaseKind),
        channels=[Channel.MAIL, Channel.DESK, Channel.WEB],
        ways=WAYS,
    )


def _show_case(asking: Asking, case: Case, *, form: Filled, told: str = "") -> Response:
    return show(
        "case",
        asking=asking,
        status=form.status,
        form=form,
        whole=form.errors.get(WHOLE, ""),
        line=_line(case, now=_now(asking)),
        case=case,
        may_decide=is_undecided(case.state) and case.is_checked,
        may_counter=may_counter(case.kind, case.state),
        meant=_preview(asking, case),
        corrections=dict(case.request.corrections) if case.request else {},
        about=_describe_about(case),
        told=told,
    )


def _preview(asking: Asking, case: Case) -> Mapping[str, int]:
    """How much would go if it is granted; nothing where that takes nothing, or is decided."""
    if not case.kind.hides or not is_undecided(case.state) or not case.is_checked:
        return {}
    parts = asking.library.parts
    with suppress(NotFoundError, SettingsError):
        return preview_erasure(parts.deployment, target_of(case), galleries=parts.galleries)
    return {}


def _describe_about(case: Case) -> Sequence[str]:
    """What it is about, each on a line of its own."""
    if case.request is None or case.request.about.kind == "like":
        return ()
    about = case.request.about
    one = about.source or about.host or about.grantor or about.person
    return (one,) if one else about.photos or about.faces
