"""A search as it is sent: a form with photos, or JSON that names a face of the collection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request

from mien.api.shapes import BodyIn, Slug, check_size
from mien.catalog.faces import Wanted
from mien.errors import SettingsError
from mien.http.site import site_of
from mien.service.collections import DEFAULT_COLLECTION
from mien.service.leave import Filters
from mien.service.seeking import LONGEST_REASON, SearchRequest

MOST_PHOTOS = 10
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


class SearchIn(BodyIn):
    """What is searched for, why, and how far: photos of one person, or a face of the collection."""

    collection: Annotated[str, Field(max_length=255)] = DEFAULT_COLLECTION
    purpose: Slug = Field(default="", description="A purpose that a grant allows.")
    reason: str = Field(
        default="",
        max_length=LONGEST_REASON,
        description="What it is about, for whoever reviews searches. It is sealed into the log, "
        "and stays there: name nobody.",
    )
    face_id: UUID | None = Field(default=None, description="Instead of photos.")
    face: int | None = Field(default=None, ge=0, description="Which face of one photo, from 0.")
    faces: Literal["one", "all"] = Field(
        default="one", description="Whether every face of one photo is searched for."
    )
    limit: int = Field(default=20, ge=1, le=200)
    min_score: float = Field(default=-1.0, ge=-1, le=1)
    max_fmr: float | None = Field(default=None, gt=0, le=1)
    source: str = Field(
        default="", max_length=4000, description="An address: what lies there, or below it."
    )
    grant: UUID | None = None
    added_from: datetime | None = None
    added_before: datetime | None = None
    shows_rejected: bool = Field(
        default=False, description="Whether those are shown that somebody said are not the person."
    )

    def make_request(self, *, max_file_bytes: int) -> SearchRequest:
        wanted = Wanted(
            below=self.source,
            added_from=_with_zone(self.added_from),
            added_before=_with_zone(self.added_before),
        )
        return SearchRequest(
            purpose=self.purpose,
            collection=self.collection,
            reason=self.reason,
            limit=self.limit,
            min_score=self.min_score,
            max_fmr=self.max_fmr,
            face=self.face,
            filters=Filters(grant_id="" if self.grant is None else str(self.grant), wanted=wanted),
            is_showing_rejected=self.shows_rejected,
            max_file_bytes=max_file_bytes,
        )


@dataclass(frozen=True, slots=True)
class SentSearch:
    """The terms, and the photos that came with them."""

    terms: SearchIn
    photos: tuple[bytes, ...]


async def _hold_search(request: Request) -> AsyncIterator[SentSearch]:
    """Until it is answered. Raises as `_read_search`."""
    try:
        yield await _read_search(request)
    finally:
        await request.close()


async def _read_search(request: Request) -> SentSearch:
    """Raises `RequestValidationError` for what cannot be used, `SettingsError` for too much."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in _FORMS:
        return SentSearch(_parse(await _read_json(request)), ())
    async with request.form() as form:
        sent = form.multi_items()
        files = [value for name, value in sent if not isinstance(value, str) and name == "photos"]
        if len(files) > MOST_PHOTOS:
            raise SettingsError(f"At most {MOST_PHOTOS} photos of one person are searched with.")
        # A form sends what was left empty, too.
        fields = {name: value for name, value in sent if isinstance(value, str) and value}
        most = site_of(request).library.parts.max_file_bytes
        photos = [await _read_photo(file, most_bytes=most) for file in files if file.size]
    return SentSearch(_parse(fields), tuple(photos))


async def _read_photo(file: UploadFile, *, most_bytes: int) -> bytes:
    content = await file.read(most_bytes + 1)
    check_size(content, most_bytes=most_bytes)
    return content


async def _read_json(request: Request) -> object:
    try:
        return await request.json()
    except (ValueError, RecursionError) as error:  # one of 100,000 brackets is no search either
        raise RequestValidationError(
            [{"type": "json_invalid", "loc": ("body",), "msg": "This is no JSON."}]
        ) from error


def _parse(values: object) -> SearchIn:
    try:
        return SearchIn.model_validate(values)
    except ValidationError as error:
        told = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(told) from error


def _with_zone(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo is not None else at.replace(tzinfo=UTC)


def _describe_body() -> Mapping[str, Any]:
    """What OpenAPI says of both forms."""
    schema = SearchIn.model_json_schema()
    photos = {"type": "array", "items": {"type": "string", "format": "binary"}}
    form = {**schema, "properties": {**schema["properties"], "photos": photos}}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": form},
                "application/json": {"schema": schema},
            },
        }
    }


Sent = Annotated[SentSearch, Depends(_hold_search)]
"""The search of a request, as an argument of a route; after the one that says who asks."""

BODY = _describe_body()
