"""`/people`: who is enrolled and until when they consent, and the photos of one of them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from mien.errors import NotFoundError
from mien.http.asking import Asking, needs
from mien.permission.caller import Operation
from mien.permission.consent import Consent, ends_at
from mien.service.people import Person
from mien.service.photo_book import PersonShown, PhotoBook, PhotoQuery
from mien.web.days import last_day
from mien.web.photos import A_PAGE, make_tile, open_book
from mien.web.show import show

router = APIRouter(include_in_schema=False)


@router.get("/people")
def list_people(asking: Annotated[Asking, needs(Operation.VIEW)]) -> Response:
    """Everybody of whom the caller may see a face; all who are enrolled, for who enrols."""
    book = open_book(asking)
    found = [(person, _find_shown(book, person)) for person in asking.library.people()]
    told = [(person, shown) for person, shown in found if shown or _may_know_all(asking)]
    return show("people", asking=asking, section="people", people=told, last_day=_last_day_of)


@router.get("/people/{person_id}")
def show_person(
    asking: Annotated[Asking, needs(Operation.VIEW)],
    person_id: str,
    collection: str = "",
    after: str = "",
) -> Response:
    """One person, with the photos that show them."""
    book = open_book(asking)
    found = [one for one in asking.library.people() if one.stored.uuid == person_id]
    shown = _find_shown(book, found[0]) if found else None
    if not found or not (shown or _may_know_all(asking)):
        raise NotFoundError(f"There is nobody {person_id} here of whom a face may be seen.")
    names = shown.collections if shown else ()
    chosen = collection if collection in names else next(iter(names), "")
    tiles, following = [], ""
    if chosen:
        query = PhotoQuery(collection=chosen, person_id=person_id, after=after, limit=A_PAGE)
        page = book.list_photos(query)
        tiles, following = [make_tile(photo) for photo in page.photos], page.next
    return show(
        "person",
        asking=asking,
        section="people",
        person=found[0],
        collections=names,
        chosen=chosen,
        tiles=tiles,
        next=following,
        last_day=_last_day_of,
    )


def _last_day_of(consent: Consent) -> date:
    return last_day(ends_at(consent))


def _find_shown(book: PhotoBook, person: Person) -> PersonShown | None:
    try:
        return book.get_person(person.stored.uuid)
    except NotFoundError:
        return None


def _may_know_all(asking: Asking) -> bool:
    """Whether the caller keeps the register, and of no collection alone."""
    caller = asking.caller
    return Operation.ENROL in caller.operations and caller.collections is None
