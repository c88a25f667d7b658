"""The page of searches that stand for review."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.responses import RedirectResponse, Response

from mien.errors import SettingsError
from mien.http.asking import Asking, needs
from mien.http.doorkeeper import reviews_of
from mien.http.problem import get_allowed
from mien.permission.caller import Operation
from mien.service.drafts import parse_word
from mien.service.reviews import Finding
from mien.web.show import show

router = APIRouter(include_in_schema=False)

Auditing = Annotated[Asking, needs(Operation.AUDIT)]
Text = Annotated[str, Form(max_length=4096)]

_ON_A_PAGE = 20


@router.get("/audit/reviews")
def show_reviews(
    asking: Auditing, before: Annotated[int | None, Query(ge=0, le=2**53)] = None
) -> Response:
    """Those that were drawn, the newest first."""
    return _show(asking, before=before)


@router.post("/audit/reviews/{seq}")
def review(asking: Auditing, seq: int, *, finding: Text = "", comment: Text = "") -> Response:
    """Marks one as fine, or objects to it."""
    try:
        word = parse_word(Finding, finding)
        get_allowed(reviews_of(asking).review(seq, finding=word, comment=comment))
    except SettingsError as error:
        return _show(asking, before=seq + 1, refused=str(error))
    return RedirectResponse("/audit/reviews", HTTPStatus.SEE_OTHER)


def _show(asking: Asking, *, before: int | None, refused: str = "") -> Response:
    found = reviews_of(asking).list(before=before, limit=_ON_A_PAGE + 1)
    page = found[:_ON_A_PAGE]
    return show(
        "reviews",
        asking=asking,
        status=HTTPStatus.FORBIDDEN if refused else HTTPStatus.OK,
        section="audit",
        searches=page,
        share=asking.library.settings.review_share,
        next=page[-1].seq if len(found) > _ON_A_PAGE else "",
        refused=refused,
    )
