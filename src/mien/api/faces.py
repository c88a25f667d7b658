"""`/v1/faces`: one face, and a small picture of it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mien.api.photos import JPEG, JPEG_ANSWER, Viewing, open_book
from mien.api.seen import FaceOut, describe_face
from mien.api.shapes import answer_tagged
from mien.http.asking import Asking, needs
from mien.http.etag import answer
from mien.permission.caller import Operation

router = APIRouter(prefix="/v1/faces", tags=["photos"])


Signing = Annotated[Asking, needs(Operation.VIEW, is_signable=True)]
"""Whoever may look, clients of Amazon's interface among them."""


@router.get("/{face_id}", response_model=FaceOut)
def get_face(asking: Signing, face_id: UUID, *, request: Request) -> Response:
    """A face: its photo and collection, where in the photo it is, and how well it is seen."""
    return answer_tagged(request, describe_face(open_book(asking).get_face(str(face_id))))


@router.get("/{face_id}/crop", response_class=Response, responses=JPEG_ANSWER)
def get_crop(asking: Viewing, face_id: UUID, *, request: Request) -> Response:
    """A small JPEG of a face, 160 px at the most."""
    book = open_book(asking)
    return answer(request, book.read_crop(book.get_face(str(face_id))), media_type=JPEG)
