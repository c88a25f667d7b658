"""`/v1/erasures`: out of every answer, every file, every index and every key."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from mien.api.erased import (
    ErasureCountOut,
    ErasureOut,
    describe_erasure,
    retell_erasure,
    tell_erasure,
)
from mien.api.shapes import Address, BodyIn, Line, PageOut, Sha256, answer_tagged
from mien.http.asking import Asking, needs
from mien.http.idempotency import Once
from mien.http.paging import Paged
from mien.permission.caller import Operation
from mien.service.collections import DEFAULT_COLLECTION
from mien.service.erase import (
    BeforeTarget,
    ErasureReport,
    FacesTarget,
    GrantorTarget,
    GrantTarget,
    PersonTarget,
    PhotoTarget,
    SourceTarget,
    Target,
)
from mien.service.erasure_book import Certified, ErasureBook
from mien.service.face_groups import find_target
from mien.service.parts import Parts
from mien.service.requests import Outcome

router = APIRouter(prefix="/v1/erasures", tags=["erasures"])


class CertificateOut(BaseModel):
    """An erasure that is done. The certificate is a signed JSON document, as text."""

    erasure_id: str
    erased_at: str
    target: str
    certificate: str


class CertificatesOut(PageOut[CertificateOut]):
    """Erasures that are done, in the order they began."""


class FaceGroupIn(BodyIn):
    """All faces of a face group, which Amazon's interface calls a user, and its name."""

    name: str = Field(min_length=1, max_length=128)
    collection: Annotated[str, Field(max_length=255)] = DEFAULT_COLLECTION


class TargetIn(BodyIn):
    """What is to be erased, said in exactly one way."""

    faces: list[UUID] | None = Field(default=None, min_length=1, max_length=1000)
    photo: Sha256 | None = None
    source: Address | None = None
    grantor: Line | None = Field(default=None, min_length=1)
    grant: UUID | None = None
    person: UUID | None = None
    face_group: FaceGroupIn | None = None
    before: date | None = Field(default=None, description="All taken in before this day, in UTC.")

    @model_validator(mode="after")
    def _says_one(self) -> TargetIn:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("say what to erase, in exactly one way")
        return self

    def make_target(self, parts: Parts) -> Target:
        """Raises `NotFoundError` for a face group that is not there."""
        group = self.face_group
        if group is not None:
            return find_target(parts.deployment, group.name, collection=group.collection)
        targets: list[Target | None] = [
            FacesTarget(tuple(map(str, self.faces))) if self.faces else None,
            PhotoTarget(self.photo) if self.photo else None,
            SourceTarget(self.source) if self.source else None,
            GrantorTarget(self.grantor) if self.grantor else None,
            GrantTarget(str(self.grant)) if self.grant else None,
            PersonTarget(str(self.person)) if self.person else None,
            BeforeTarget(self.before) if self.before else None,
        ]
        (target,) = [one for one in targets if one is not None]
        return target


@router.get("")
def list_erasures(
    asking: Annotated[Asking, needs(Operation.CASE)], paging: Paged
) -> CertificatesOut:
    """All erasures that are done, whatever they were done for."""
    asking.check_everywhere()
    numbered = enumerate(ErasureBook(asking.library.parts).list())
    page, cursor = paging.cut(numbered, key=lambda pair: f"{pair[0]:012}")
    return CertificatesOut(items=[_describe(one) for _, one in page], next_cursor=cursor)


@router.post("/preview")
def preview_erasure(
    asking: Annotated[Asking, needs(Operation.CASE)], body: TargetIn
) -> ErasureCountOut:
    """How much an erasure would take; nothing is changed."""
    asking.check_everywhere()
    parts = asking.library.parts
    counts = ErasureBook(parts).preview(body.make_target(parts))
    return ErasureCountOut(would_erase=dict(counts))


@router.post("", status_code=201)
def erase(
    asking: Annotated[Asking, needs(Operation.CASE)], body: TargetIn, once: Once
) -> ErasureOut:
    """Erase something from everything that is held. Nobody can bring it back.

    Files outside Mien's home are never touched.
    """
    asking.check_everywhere()
    done: list[ErasureReport] = []

    def make() -> Outcome:
        parts = asking.library.parts
        done.append(ErasureBook(parts).erase(body.make_target(parts)))
        return tell_erasure(done[0])

    outcome = once.do(asking, make)
    return (
        describe_erasure(done[0]) if done else retell_erasure(asking, str(outcome.facts["erasure"]))
    )


@router.get("/{erasure_id}", response_model=CertificateOut)
def get_erasure(
    asking: Annotated[Asking, needs(Operation.CASE)], erasure_id: UUID, request: Request
) -> Response:
    """One erasure that is done, with its certificate."""
    asking.check_everywhere()
    found = ErasureBook(asking.library.parts).get(str(erasure_id))
    return answer_tagged(request, _describe(found))


def _describe(found: Certified) -> CertificateOut:
    said = json.loads(found.certificate)["certificate"]
    return CertificateOut(
        erasure_id=found.erasure_id,
        erased_at=str(said["done_at"]),
        target=str(said["target"]),
        certificate=found.certificate,
    )
