"""`/v1/faces`: one face, where it was found and by whose leave, and a small picture of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from mien.api.photos import JPEG, JPEG_ANSWER, CollectionName, open_book
from mien.api.seen import CreditOut, FaceOut, PlaceOut, describe_credit, describe_face
from mien.api.shapes import PageOut, answer_tagged
from mien.http.asking import Asking, needs
from mien.http.etag import answer
from mien.http.paging import Paged
from mien.http.problem import check
from mien.permission.caller import Operation
from mien.permission.consent import ends_at
from mien.permission.grant import Grant
from mien.service.collections import DEFAULT_COLLECTION
from mien.service.face_record import FaceRecord, FaceRecords
from mien.service.grant_reach import Reach, find_reach, may_see_grant

router = APIRouter(prefix="/v1/faces", tags=["photos"])


Signing = Annotated[Asking, needs(Operation.VIEW, is_signable=True)]
"""Whoever may look, clients of Amazon's interface among them."""

_Name = Annotated[str, Query(min_length=1, max_length=255, pattern=r"^[a-zA-Z0-9_.\-:]+$")]


class FaceGrantOut(BaseModel):
    """The permission that a photo is here under; who gave it, for those who may see grants."""

    grant_id: str
    grantor: str | None
    purposes: list[str]
    valid_until: datetime


class FaceConsentOut(BaseModel):
    """What the person of a face consented to, as long as that is in force."""

    state: str
    purposes: list[str]
    valid_until: datetime


class FaceRecordOut(FaceOut):
    """A face, the places where its photo was found, and what allows it to be here.

    `photo_id` is the ImageId of Amazon's interface, and `face_id` the FaceId.
    """

    width_px: int
    height_px: int
    external_image_id: str | None
    has_picture: bool = Field(description="Whether a grant allows showing it, or the link alone.")
    credit: CreditOut
    places: list[PlaceOut]
    grants: list[FaceGrantOut]
    consents: list[FaceConsentOut]


class FacesOut(PageOut[FaceRecordOut]):
    """Faces of photos of one name, in the order they came in."""


@router.get("")
def find_faces(
    asking: Signing,
    external_image_id: _Name,
    *,
    paging: Paged,
    collection: CollectionName = DEFAULT_COLLECTION,
) -> FacesOut:
    """The faces of photos that were indexed with this ExternalImageId."""
    page = _open_records(asking).find_named(
        external_image_id, collection=collection, after=int(paging.after or 0), limit=paging.limit
    )
    check(page.verdict)
    reach = _find_reach(asking)
    return FacesOut(
        items=[_describe(asking, one, reach=reach) for one in page.records],
        next_cursor=paging.tell_next(str(page.last)) if page.last else None,
    )


@router.get("/{face_id}", response_model=FaceRecordOut)
def get_face(asking: Signing, face_id: UUID, *, request: Request) -> Response:
    """A face: where its photo was found, under which grants, and with whose consent."""
    record = _open_records(asking).get(str(face_id))
    return answer_tagged(request, _describe(asking, record, reach=_find_reach(asking)))


@router.get("/{face_id}/crop", response_class=Response, responses=JPEG_ANSWER)
def get_crop(asking: Signing, face_id: UUID, *, request: Request) -> Response:
    """A small JPEG of a face, 160 px at the most."""
    record = _open_records(asking).get(str(face_id))
    return answer(request, open_book(asking).read_crop(record.face), media_type=JPEG)


def _open_records(asking: Asking) -> FaceRecords:
    parts = asking.library.parts
    return FaceRecords(parts, bounds=asking.caller.collections, terms=asking.terms)


def _find_reach(asking: Asking) -> Reach | None:
    """By which grants are judged; nothing for whoever may see none."""
    if Operation.GRANT not in asking.caller.operations:
        return None
    return find_reach(asking.library.parts.deployment)


def _describe(asking: Asking, record: FaceRecord, *, reach: Reach | None) -> FaceRecordOut:
    face = record.face.face
    return FaceRecordOut(
        **describe_face(record.face).model_dump(),
        width_px=face.width_px,
        height_px=face.height_px,
        external_image_id=record.name or None,
        has_picture=face.is_for_display,
        credit=describe_credit(face.credit),
        places=[
            PlaceOut(uri=place.uri, grant_id=place.grant_id, added_at=place.added_at)
            for place in record.places
        ],
        grants=[_describe_grant(asking, grant, reach=reach) for grant in record.grants],
        consents=[
            FaceConsentOut(
                state=consent.state,
                purposes=sorted(consent.purposes),
                valid_until=ends_at(consent),
            )
            for consent in record.consents
        ],
    )


def _describe_grant(asking: Asking, grant: Grant, *, reach: Reach | None) -> FaceGrantOut:
    caller = asking.caller
    is_told = reach is not None and may_see_grant(caller, grant, reach=reach)
    known = grant.purposes if caller.purposes is None else grant.purposes & caller.purposes
    return FaceGrantOut(
        grant_id=grant.grant_id,
        grantor=grant.grantor if is_told else None,
        purposes=sorted(known),
        valid_until=grant.valid_until,
    )
