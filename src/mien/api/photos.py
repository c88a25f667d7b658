"""`/v1/photos`: photos to look at, page by page and one by one, as far as grants allow it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from mien.api.seen import PhotoOut, describe_photo
from mien.api.shapes import PageOut, answer_tagged
from mien.catalog.faces import Wanted
from mien.http.asking import Asking, needs
from mien.http.etag import answer, answer_unchanged, is_known, make_etag
from mien.http.paging import LONGEST, USUAL
from mien.http.problem import check
from mien.permission.caller import Operation
from mien.service.collections import DEFAULT_COLLECTION
from mien.service.leave import Filters
from mien.service.photo_book import (
    LONGEST_PX,
    MOST_A_PAGE,
    Order,
    PhotoBook,
    PhotoQuery,
)

router = APIRouter(prefix="/v1", tags=["photos"])

JPEG = "image/jpeg"
JPEG_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {JPEG: {"schema": {"type": "string", "format": "binary"}}}},
    304: {"description": "You have it already."},
}

Viewing = Annotated[Asking, needs(Operation.VIEW)]
CollectionName = Annotated[str, Query(max_length=255)]
_Source = Annotated[
    str, Query(max_length=4000, description="An address: what lies there, or below it.")
]
_Added = Annotated[
    datetime | None, Query(description="When a photo came in; in UTC where no zone is said.")
]


class PhotosOut(PageOut[PhotoOut]):
    """Photos of a collection that you may look at."""


def read_filters(
    *,
    source: _Source = "",
    grant: UUID | None = None,
    added_from: _Added = None,
    added_before: _Added = None,
) -> Filters:
    """What is wanted of a collection, as it stands in the address of a request."""
    wanted = Wanted(
        below=source, added_from=_with_zone(added_from), added_before=_with_zone(added_before)
    )
    return Filters(grant_id="" if grant is None else str(grant), wanted=wanted)


_Filters = Annotated[Filters, Depends(read_filters)]


def open_book(asking: Asking) -> PhotoBook:
    """The photos that whoever asks may reach."""
    return PhotoBook(asking.library.parts, bounds=asking.caller.collections)


@router.get("/photos")
def list_photos(
    asking: Viewing,
    filters: _Filters,
    *,
    collection: CollectionName = DEFAULT_COLLECTION,
    order: Order = Order.NEWEST,
    limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE)] = USUAL,
    cursor: Annotated[str, Query(max_length=8192)] = "",
) -> PhotosOut:
    """The photos of a collection: the newest first, or by the name of their place."""
    query = PhotoQuery(
        collection=collection, filters=filters, order=order, after=cursor, limit=limit
    )
    return _list(asking, query)


@router.get("/people/{person_id}/photos")
def list_photos_of_person(
    asking: Viewing,
    person_id: UUID,
    *,
    collection: CollectionName = "",
    limit: Annotated[int, Query(ge=1, le=LONGEST)] = USUAL,
    cursor: Annotated[str, Query(max_length=8192)] = "",
) -> PhotosOut:
    """Photos with a face that is kept for somebody; of the first collection that has any."""
    shown = open_book(asking).get_person(str(person_id))
    query = PhotoQuery(
        collection=collection or shown.collections[0],
        person_id=str(person_id),
        after=cursor,
        limit=limit,
    )
    return _list(asking, query)


@router.get("/photos/{photo_id}", response_model=PhotoOut)
def get_photo(
    asking: Viewing, photo_id: str, *, request: Request, collection: CollectionName = ""
) -> Response:
    """A photo by its id or its SHA-256, with its faces, places and credits."""
    found = open_book(asking).get_photo(photo_id, collection=collection)
    return answer_tagged(request, describe_photo(found))


@router.get("/photos/{photo_id}/thumbnail", response_class=Response, responses=JPEG_ANSWER)
def get_thumbnail(
    asking: Viewing, photo_id: str, *, request: Request, collection: CollectionName = ""
) -> Response:
    """A small JPEG of a photo, 320 px at the most."""
    book = open_book(asking)
    found = book.get_photo(photo_id, collection=collection)
    return answer(request, book.read_thumbnail(found), media_type=JPEG)


@router.get("/photos/{photo_id}/image", response_class=Response, responses=JPEG_ANSWER)
def get_image(
    asking: Viewing,
    photo_id: str,
    *,
    request: Request,
    collection: CollectionName = "",
    longest: Annotated[int, Query(ge=1, le=LONGEST_PX)] = 2048,
) -> Response:
    """A JPEG of the photo as it lies where it was found, its longer side at most `longest` px.

    Each look is entered into the audit log. Nothing of the file's own metadata is in it.
    """
    book = open_book(asking)
    found = book.get_photo(photo_id, collection=collection)
    etag = make_etag("photo", found.photo.sha256, str(longest))
    if is_known(request, etag):
        book.read_thumbnail(found)  # as long as a picture of it may be seen
        return answer_unchanged(etag)
    with asking.site.turnstile.enter():
        content = book.open_photo(found, longest_px=longest)
    return answer(request, content, media_type=JPEG, etag=etag)


def _list(asking: Asking, query: PhotoQuery) -> PhotosOut:
    page = open_book(asking).list_photos(query)
    check(page.verdict)
    return PhotosOut(
        items=[describe_photo(photo) for photo in page.photos], next_cursor=page.next or None
    )


def _with_zone(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo is not None else at.replace(tzinfo=UTC)
