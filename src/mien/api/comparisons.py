"""`POST /v1/comparisons`: how alike a face in each of two photos is. Neither is kept."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, UploadFile
from pydantic import BaseModel, Field

from mien.api.seen import ProbeOut, StrengthOut, describe_probe, describe_strength
from mien.api.shapes import BodyIn, Slug, read_upload
from mien.http.asking import Asking, needs
from mien.http.problem import check
from mien.permission.caller import Operation
from mien.service.collections import DEFAULT_COLLECTION
from mien.service.compare import Side
from mien.service.search_desk import SearchDesk
from mien.service.searched import Asked
from mien.service.seeking import LONGEST_REASON

router = APIRouter(prefix="/v1/comparisons", tags=["searches"])


class ComparisonIn(BodyIn):
    """Two photos, and the collection whose leave and model are used."""

    first: UploadFile
    second: UploadFile
    first_face: int | None = Field(default=None, ge=0, description="The largest unless said.")
    second_face: int | None = Field(default=None, ge=0)
    collection: Annotated[str, Field(max_length=255)] = DEFAULT_COLLECTION
    purpose: Slug = ""
    reason: str = Field(default="", max_length=LONGEST_REASON)


class ComparisonOut(BaseModel):
    """How alike they are, and what that is worth; no score where a photo shows no face.

    The strangers to be expected are those of this one comparison.
    """

    score: float | None
    strength: StrengthOut | None
    probes: list[ProbeOut]


@router.post("")
def compare(
    asking: Annotated[Asking, needs(Operation.SEARCH)],
    body: Annotated[ComparisonIn, Form(media_type="multipart/form-data")],
) -> ComparisonOut:
    """Compare two photos, face to face.

    It asks for the same permission as a search in the collection, and is entered into the log.
    """
    asking.check(collection=body.collection, purpose=body.purpose)
    asked = Asked(purpose=body.purpose, collection=body.collection, reason=body.reason)
    first = Side(read_upload(asking, body.first), body.first_face)
    second = Side(read_upload(asking, body.second), body.second_face)
    with asking.site.turnstile.enter():
        found = SearchDesk(asking.library.parts).compare(first, second, asked=asked)
    check(found.verdict)
    return ComparisonOut(
        score=None if found.score is None else round(found.score, 6),
        strength=describe_strength(found.strength),
        probes=[describe_probe(probe) for probe in found.probes],
    )
