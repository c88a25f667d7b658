"""`/v1/collections`: galleries of faces that are searched together."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from mien.api.shapes import BodyIn, Line, PageOut, Slug, answer_tagged
from mien.errors import NotFoundError
from mien.http.asking import Asking, needs
from mien.http.idempotency import Once
from mien.http.paging import Paged
from mien.permission.basis import Basis
from mien.permission.caller import Operation, may_reach
from mien.permission.charter import ALONE, TOGETHER
from mien.service.collections import CollectionDraft, CollectionSummary, create_collection
from mien.service.requests import Outcome

router = APIRouter(prefix="/v1/collections", tags=["collections"])

Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, pattern=r"^[^/\x00-\x1f\x7f]+$"),
    Field(examples=["family"]),
]


class CollectionOut(BaseModel):
    """A collection, what it is for, and how much it holds."""

    name: str
    basis: str
    purposes: list[str]
    model: str
    photos: int
    faces: int
    confirmations: int


class CollectionsOut(PageOut[CollectionOut]):
    """All collections that the caller may reach."""


class CollectionIn(BodyIn):
    """A collection to be made.

    With purposes, it is searched for no other. A documented basis names a purpose, an assessment
    and a retention. `confirmations` is how many people confirm a match.
    """

    name: Name
    basis: Basis
    purposes: list[Slug] = Field(default=[], examples=[["family-album"]])
    assessment: Line = ""
    retention_days: int | None = Field(default=None, ge=1, le=36_500)
    confirmations: int | None = Field(default=None, ge=ALONE, le=TOGETHER)


@router.get("")
def list_collections(
    asking: Annotated[Asking, needs(Operation.VIEW)], paging: Paged
) -> CollectionsOut:
    """All collections that you may reach, by name."""
    found = [one for one in asking.library.collections() if may_reach(asking.caller, one.name)]
    page, cursor = paging.cut(found, key=lambda one: one.name)
    return CollectionsOut(items=[_describe(one) for one in page], next_cursor=cursor)


@router.post("", status_code=201)
def make_collection(
    asking: Annotated[Asking, needs(Operation.GRANT)], body: CollectionIn, once: Once
) -> CollectionOut:
    """Make an empty collection.

    Who is bound to some collections or purposes makes none but those.
    """
    asking.check(collection=body.name)
    for purpose in body.purposes or [""]:  # with none it may be searched for any
        asking.check(purpose=purpose)
    draft = CollectionDraft(**body.model_dump())
    deployment = asking.library.parts.deployment

    def make() -> Outcome:
        create_collection(deployment, draft)
        return Outcome(201, f"/v1/collections/{quote(body.name, safe='')}")

    once.do(asking, make)
    return _describe(_get(asking, body.name))


@router.get("/{name}", response_model=CollectionOut)
def get_collection(
    asking: Annotated[Asking, needs(Operation.VIEW)], name: Name, request: Request
) -> Response:
    """One collection."""
    return answer_tagged(request, _describe(_get(asking, name)))


def _get(asking: Asking, name: str) -> CollectionSummary:
    """Raises `NotFoundError` for what the caller may not reach, too."""
    for one in asking.library.collections():
        if one.name == name and may_reach(asking.caller, name):
            return one
    raise NotFoundError(f"There is no collection {name!r}.")


def _describe(found: CollectionSummary) -> CollectionOut:
    return CollectionOut(
        name=found.name,
        basis=found.basis,
        purposes=sorted(found.charter.purposes),
        model=found.model_id,
        photos=found.photos,
        faces=found.faces,
        confirmations=found.charter.confirmations,
    )
