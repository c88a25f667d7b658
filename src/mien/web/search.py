"""`/search`: a photo, a reason, and candidates; the work is done by the interface under /v1."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from mien.http.asking import Asking, needs
from mien.permission.caller import Caller, Operation, may_reach
from mien.service.search_terms import SearchTerms, list_search_terms
from mien.web.photos import open_book
from mien.web.show import show

router = APIRouter(include_in_schema=False)


@router.get("/search")
def show_search(
    asking: Annotated[Asking, needs(Operation.SEARCH)], face: str = "", collection: str = ""
) -> Response:
    """The page; with a face of a collection, that is what is searched with."""
    found = list_search_terms(asking.library.parts.deployment)
    terms = [
        told
        for one in found
        if may_reach(asking.caller, one.collection) and (told := _tell(one, caller=asking.caller))
    ]
    chosen = open_book(asking).get_face(face) if face else None
    return show(
        "search",
        asking=asking,
        section="search",
        terms=terms,
        chosen=chosen.collection if chosen else collection,
        face=chosen,
    )


def _tell(terms: SearchTerms, *, caller: Caller) -> dict[str, Any] | None:
    """As the page needs it; nothing where the caller has no purpose there."""
    may_be = caller.purposes
    purposes = [one for one in terms.purposes if may_be is None or one in may_be]
    if not purposes:
        return None
    return {
        "collection": terms.collection,
        "faces": terms.faces,
        "confirmations": terms.confirmations,
        "purposes": purposes,
        "sources": [{"id": one.grant_id, "name": one.grantor} for one in terms.sources],
    }
