"""`/v1/audit`: what was done here, and the proof that nothing of it was changed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from mien.api.shapes import BodyIn, PageOut, Text, answer_tagged
from mien.http.asking import Asking, needs
from mien.http.idempotency import Once
from mien.http.paging import Paged
from mien.permission.caller import Operation
from mien.service.audit_read import count_entries, list_checkpoints, read_range
from mien.service.requests import Outcome

router = APIRouter(prefix="/v1/audit", tags=["audit"])

_MOST = 1 << 62


class EntryOut(BaseModel):
    """An entry of the log. It names nobody: who and what stand in it as keyed references."""

    seq: int
    time: datetime
    action: str
    outcome: str
    actor: str | None
    purpose: str | None
    grant: str | None
    consent: str | None
    subject_ref: str | None
    reasons: list[str]
    facts: dict[str, Any]
    details_commit: str


class EntriesOut(PageOut[EntryOut]):
    """Entries of the log."""


class ShownEntryOut(BaseModel):
    """An entry and its details, as far as the keys exist that open them."""

    entry: EntryOut
    details: dict[str, Any] | None
    matches: list[dict[str, Any]]


class CheckpointOut(BaseModel):
    """A signed head of the log (C2SP tlog-checkpoint) over so many entries."""

    size: int
    note: str


class CheckpointsOut(PageOut[CheckpointOut]):
    """Every signed head, the smallest first, and the key that verifies those of the log now."""

    verification_key: str


class FindingOut(BaseModel):
    """One thing that is wrong: the number of the entry, or the size of the checkpoint."""

    fault: str
    number: int
    explanation: str


class CutOut(BaseModel):
    """Where the log was cut, and which entry acknowledges it."""

    signed: int
    kept: int
    explanation: str
    acknowledged_in: int | None


class VerificationIn(BodyIn):
    """A checkpoint that was kept elsewhere, if there is one."""

    against: Text | None = None


class VerificationOut(BaseModel):
    """What was checked, and everything that is wrong."""

    is_sound: bool
    entries: int
    checkpoints: int
    findings: list[FindingOut]
    cuts: list[CutOut]


_Auditing = Annotated[Asking, needs(Operation.AUDIT)]


@router.get("/entries")
def list_entries(asking: _Auditing, paging: Paged, *, newest_first: bool = False) -> EntriesOut:
    """The entries of the log, in order or backwards.

    A cursor goes on in the direction that it came from.
    """
    asking.check_everywhere()
    deployment = asking.library.parts.deployment
    size = count_entries(deployment)
    if newest_first:
        end = int(paging.after or size)
        first = max(0, end - paging.limit)
        found = read_range(deployment, first=first, limit=end - first)[::-1]
        cursor = paging.tell_next(str(first)) if first else None
    else:
        first = int(paging.after or 0)
        found = read_range(deployment, first=first, limit=paging.limit)
        end = first + paging.limit
        cursor = paging.tell_next(str(end)) if end < size else None
    return EntriesOut(items=[_describe(one) for one in found], next_cursor=cursor)


@router.get("/entries/{seq}", response_model=ShownEntryOut)
def get_entry(
    asking: _Auditing, seq: Annotated[int, Path(ge=0, le=_MOST)], request: Request
) -> Response:
    """One entry with its details."""
    asking.check_everywhere()
    shown = asking.library.audit().entry(seq)
    out = ShownEntryOut(
        entry=_describe(shown.entry), details=shown.details, matches=list(shown.matches)
    )
    return answer_tagged(request, out)


@router.get("/checkpoints")
def list_signed_heads(asking: _Auditing, paging: Paged) -> CheckpointsOut:
    """Every signed head of the log. Keep one elsewhere: it proves what the log held then."""
    asking.check_everywhere()
    found = list_checkpoints(asking.library.parts.deployment)
    page, cursor = paging.cut(found, key=lambda one: f"{one.size:020}")
    return CheckpointsOut(
        items=[CheckpointOut(size=one.size, note=one.note) for one in page],
        next_cursor=cursor,
        verification_key=asking.library.audit().verification_key,
    )


@router.post("/checkpoints", status_code=201)
def sign_head(asking: _Auditing, once: Once) -> CheckpointsOut:
    """Sign the head of the log as it is, and get the newest one."""
    asking.check_everywhere()

    def make() -> Outcome:
        asking.library.audit().checkpoint()
        return Outcome(201, "/v1/audit/checkpoints")

    once.do(asking, make)
    newest = list_checkpoints(asking.library.parts.deployment)[-1:]
    return CheckpointsOut(
        items=[CheckpointOut(size=one.size, note=one.note) for one in newest],
        next_cursor=None,
        verification_key=asking.library.audit().verification_key,
    )


@router.post("/verify")
def verify_log(asking: _Auditing, body: VerificationIn) -> VerificationOut:
    """Check everything: each entry, each signature, and a checkpoint that was kept elsewhere."""
    asking.check_everywhere()
    with asking.site.turnstile.enter():
        report = asking.library.audit().verify(against=body.against)
    return VerificationOut(
        is_sound=report.is_sound,
        entries=report.entries,
        checkpoints=report.checkpoints,
        findings=[
            FindingOut(fault=one.fault, number=one.number, explanation=one.explanation)
            for one in report.findings
        ],
        cuts=[
            CutOut(
                signed=one.signed,
                kept=one.kept,
                explanation=one.explanation,
                acknowledged_in=one.acknowledged_in,
            )
            for one in report.cuts
        ],
    )


def _describe(entry: dict[str, object]) -> EntryOut:
    return EntryOut.model_validate(entry)
