"""`/photos`: the photos of a collection page by page, and one photo with its faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.responses import Response

from mien.catalog.faces import Wanted
from mien.http.asking import Asking, needs
from mien.permission.caller import Operation, may_reach
from mien.service.browsing import BookPhoto
from mien.service.leave import Filters
from mien.service.photo_book import Order, PhotoBook, PhotoQuery
from mien.service.search_terms import list_search_terms
from mien.service.source_book import SourceBook
from mien.web.days import begin_of, end_of, last_day
from mien.web.places import Place, describe_place
from mien.web.show import show

router = APIRouter(include_in_schema=False)

A_PAGE = 48


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form above the list asks for; empty is everything."""

    collection: str = ""
    source: str = ""
    since: str = ""
    until: str = ""
    order: Order = Order.NEWEST
    after: str = ""

    def address(self, after: str) -> str:
        """The page of the same list that begins there."""
        values = {
            "collection": self.collection,
            "source": self.source,
            "since": self.since,
            "until": self.until,
            "order": "" if self.order is Order.NEWEST else self.order,
            "after": after,
        }
        return f"/photos?{urlencode({name: value for name, value in values.items() if value})}"


@dataclass(frozen=True, slots=True)
class Tile:
    """A photo in a list: its first place, and what stands in for a picture that is not shown."""

    photo: BookPhoto
    place: Place

    @property
    def ratio(self) -> str:
        row = self.photo.photo
        return f"{row.width_px}/{row.height_px}"


@router.get("/photos")
def list_photos(
    asking: Annotated[Asking, needs(Operation.VIEW)], wish: Annotated[Wish, Depends()]
) -> Response:
    """A page of a collection's photos."""
    names = list_names(asking)
    known: dict[str, Any] = {"section": "photos", "wish": wish, "collections": names}
    if not names:
        return show("photos", asking=asking, **known, tiles=[], sources=[], reasons=[], next="")
    chosen = wish.collection or names[0]
    query = PhotoQuery(
        collection=chosen,
        filters=Filters(
            grant_id=wish.source,
            wanted=Wanted(added_from=begin_of(wish.since), added_before=end_of(wish.until)),
        ),
        order=wish.order,
        after=wish.after,
        limit=A_PAGE,
    )
    page = open_book(asking).list_photos(query)
    return show(
        "photos",
        asking=asking,
        **known,
        chosen=chosen,
        tiles=[make_tile(photo) for photo in page.photos],
        sources=[one for one in open_sources(asking).list_sources() if one.collection == chosen],
        reasons=page.verdict.reasons,
        next=wish.address(page.next) if page.next else "",
    )


@router.get("/photos/{photo_id}")
def show_photo(
    asking: Annotated[Asking, needs(Operation.VIEW)], photo_id: str, collection: str = ""
) -> Response:
    """One photo: its faces with boxes, where it was found and by whose permission."""
    photo = open_book(asking).get_photo(photo_id, collection=collection)
    grants = {one.grant.grant_id: one.grant for one in open_sources(asking).list_sources()}
    terms = [
        one
        for one in list_search_terms(asking.library.parts.deployment)
        if one.collection == photo.collection
    ]
    return show(
        "photo",
        asking=asking,
        section="photos",
        photo=photo,
        places=[(describe_place(one.uri), one) for one in photo.photo.places],
        grants=grants,
        last_day=last_day,
        terms=terms[0] if terms else None,
    )


def open_book(asking: Asking) -> PhotoBook:
    """The photos that the caller may look at."""
    return PhotoBook(asking.library.parts, bounds=asking.caller.collections)


def open_sources(asking: Asking) -> SourceBook:
    """The sources that the caller may know of."""
    return SourceBook(asking.library.parts, bounds=asking.caller.collections)


def list_names(asking: Asking) -> list[str]:
    """The collections that the caller may reach."""
    found = asking.library.collections()
    return [one.name for one in found if may_reach(asking.caller, one.name)]


def make_tile(photo: BookPhoto) -> Tile:
    """As lists show it."""
    return Tile(photo, describe_place(photo.photo.places[0].uri))
