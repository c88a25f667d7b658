"""`/v1/grants`: by whose permission, for what, where and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, UploadFile
from pydantic import BaseModel, Field
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
    answer_tagged,
    format_body,
    hand_in,
)
from mien.errors import NotFoundError
from mien.http.asking import Asking, needs
from mien.http.etag import check_unchanged, make_etag
from mien.http.idempotency import Once
from mien.http.paging import Paged
from mien.http.problem import check
from mien.permission.basis import Basis
from mien.permission.caller import Operation
from mien.permission.grant import Evidence, Grant, GrantKind, may_apply
from mien.permission.use import Use
from mien.permission.verdict import Reason, refuse
from mien.service.audit import format_time
from mien.service.grant_evidence import hash_evidence
from mien.service.grant_reach import find_reach, may_change_grant, may_see_grant
from mien.service.grants import DEFAULT_USES, GrantDraft, Narrowing
from mien.service.requests import Outcome

router = APIRouter(prefix="/v1/grants", tags=["grants"])

_UNTIL = Field(description="The last day on which it holds, in UTC.", examples=["2031-12-31"])


class EvidenceOut(BaseModel):
    """What shows that a permission was given: its hash is kept, and no copy."""

    name: str
    sha256: str
    media_type: str
    obtained_at: datetime


class GrantOut(BaseModel):
    """A grant. It is in force where there are no `reasons` against it."""

    grant_id: str
    kind: GrantKind
    grantor: str
    contact: str
    scope: list[str]
    uses: list[str]
    purposes: list[str]
    bases: list[str]
    valid_from: datetime
    valid_until: datetime
    revoked_at: datetime | None
    verified_by: str
    jurisdiction: str
    assessment: str
    retention_days: int | None
    terms: str
    evidence: list[EvidenceOut]
    in_force: bool
    reasons: list[str]


class GrantsOut(PageOut[GrantOut]):
    """Grants, in the order they were recorded."""


class EvidenceIn(BodyIn):
    """What shows the permission: an address and the hash of what lies there, or a file's hash."""

    name: Line = Field(examples=["letter.pdf"])
    sha256: Sha256
    media_type: Line = "application/octet-stream"


class EvidenceFileIn(BodyIn):
    """A file that shows a permission."""

    file: UploadFile


class GrantIn(BodyIn):
    """What somebody allowed. A folder of the server is named with `mien grant add` alone."""

    kind: GrantKind
    grantor: Line = Field(min_length=1, examples=["Anna Berg"])
    scope: list[Address] = Field(min_length=1, max_length=1000)
    purposes: list[Slug] = Field(min_length=1, max_length=100, examples=[["family-album"]])
    bases: list[Basis] = Field(min_length=1)
    until: date = _UNTIL
    uses: list[Use] = Field(default=list(DEFAULT_USES), min_length=1)
    contact: Line = ""
    verified_by: Line = ""
    jurisdiction: Line = Field(default="", examples=["FR"])
    evidence: list[EvidenceIn] = Field(default=[], max_length=100)
    assessment: Line = ""
    retention_days: int | None = Field(default=None, ge=1, le=36_500)
    terms: Text = ""


class NarrowingIn(BodyIn):
    """What a grant is to allow from now on; what is left out stays as it is."""

    scope: list[Address] = Field(default=[], max_length=1000)
    purposes: list[Slug] = Field(default=[], max_length=100)
    uses: list[Use] = Field(default=[], max_length=20)
    until: date | None = None
    retention_days: int | None = Field(default=None, ge=1, le=36_500)


@router.get("")
def list_grants(asking: Annotated[Asking, needs(Operation.GRANT)], paging: Paged) -> GrantsOut:
    """All grants, in the order they were recorded.

    Who is bound to some collections sees those that brought photos into one of them, or into none;
    who is bound to some purposes, those that are for one of them.
    """
    reach = find_reach(asking.library.parts.deployment)
    found = [
        one for one in asking.library.grants() if may_see_grant(asking.caller, one, reach=reach)
    ]
    page, cursor = paging.cut(found, key=_sort_key)
    return GrantsOut(items=[_describe(asking, one) for one in page], next_cursor=cursor)


@router.post("", status_code=201)
def record_grant(
    asking: Annotated[Asking, needs(Operation.GRANT)], body: GrantIn, once: Once
) -> GrantOut:
    """Record what somebody allowed."""
    for purpose in body.purposes:
        asking.check(purpose=purpose)
    now = asking.library.parts.deployment.clock()
    evidence = [Evidence(**one.model_dump(), obtained_at=now) for one in body.evidence]
    draft = GrantDraft(**{**body.model_dump(), "evidence": evidence})

    def make() -> Outcome:
        grant_id = asking.library.record(draft).grant_id
        return Outcome(201, f"/v1/grants/{grant_id}", {"grant": grant_id})

    outcome = once.do(asking, make)
    return _describe(asking, asking.library.get_grant(str(outcome.facts["grant"])))


@router.post("/evidence")
def hash_grant_evidence(
    asking: Annotated[Asking, needs(Operation.GRANT)],
    body: Annotated[EvidenceFileIn, Form(media_type="multipart/form-data")],
) -> EvidenceOut:
    """Hash a file that shows a permission, for a grant that is recorded next.

    The file is read and not kept: keep it where you can show it.
    """
    now = asking.library.parts.deployment.clock()
    handed_in = hand_in(asking, body.file)
    return _describe_evidence(hash_evidence(handed_in.name, handed_in.content, at=now))


@router.get("/{grant_id}", response_model=GrantOut)
def get_grant(
    asking: Annotated[Asking, needs(Operation.GRANT)], grant_id: UUID, request: Request
) -> Response:
    """One grant."""
    return answer_tagged(request, _describe(asking, _get(asking, grant_id)))


@router.patch("/{grant_id}")
def narrow_grant(
    asking: Annotated[Asking, needs(Operation.GRANT)],
    grant_id: UUID,
    *,
    body: NarrowingIn,
    request: Request,
    response: Response,
) -> GrantOut:
    """Let a grant allow less from now on; what it covers no more waits for erasure.

    With `If-Match`, only as you have seen it. May be repeated.
    """
    grant = _get(asking, grant_id, to_change=True)
    check_unchanged(request, make_etag(format_body(_describe(asking, grant))))
    narrowing = Narrowing(**body.model_dump())
    out = _describe(asking, asking.library.narrow(grant.grant_id, narrowing))
    response.headers["ETag"] = make_etag(format_body(out))
    return out


@router.post("/{grant_id}/revoke")
def revoke_grant(asking: Annotated[Asking, needs(Operation.GRANT)], grant_id: UUID) -> GrantOut:
    """End a grant: nothing enters and nothing is found under it from now on. May be repeated."""
    grant = _get(asking, grant_id, to_change=True)
    return _describe(asking, asking.library.revoke(grant.grant_id))


def _get(asking: Asking, grant_id: UUID, *, to_change: bool = False) -> Grant:
    """Raises `NotFoundError`, for what the caller may not see too, and a problem."""
    grant = asking.library.get_grant(str(grant_id))
    reach = find_reach(asking.library.parts.deployment)
    if not may_see_grant(asking.caller, grant, reach=reach):
        raise NotFoundError(f"There is no grant {grant_id}.")
    if to_change and not may_change_grant(asking.caller, grant, reach=reach):
        for purpose in grant.purposes:
            asking.check(purpose=purpose)
        check(refuse(Reason.COLLECTION_NOT_YOURS))
    return grant


def _sort_key(grant: Grant) -> str:
    return f"{format_time(grant.valid_from)} {grant.grant_id}"


def _describe(asking: Asking, grant: Grant) -> GrantOut:
    verdict = may_apply(grant, at=asking.library.parts.deployment.clock())
    return GrantOut(
        grant_id=grant.grant_id,
        kind=grant.kind,
        grantor=grant.grantor,
        contact=grant.contact,
        scope=list(grant.scope),
        uses=_sort(grant.uses),
        purposes=_sort(grant.purposes),
        bases=_sort(grant.bases),
        valid_from=grant.valid_from,
        valid_until=grant.valid_until,
        revoked_at=grant.revoked_at,
        verified_by=grant.verified_by,
        jurisdiction=grant.jurisdiction,
        assessment=grant.assessment,
        retention_days=None if grant.retention is None else grant.retention.days,
        terms=grant.terms,
        evidence=[_describe_evidence(one) for one in grant.evidence],
        in_force=verdict.is_allowed,
        reasons=list(map(str, verdict.reasons)),
    )


def _describe_evidence(one: Evidence) -> EvidenceOut:
    return EvidenceOut(
        name=one.name, sha256=one.sha256, media_type=one.media_type, obtained_at=one.obtained_at
    )


def _sort(words: Sequence[str] | frozenset[str]) -> list[str]:
    return sorted(map(str, words))
