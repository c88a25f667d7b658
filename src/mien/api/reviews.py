"""`/v1/reviews`: the random share of searches that an auditor looks at."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from mien.api.shapes import BodyIn, Text
from mien.http.asking import Asking, needs
from mien.http.doorkeeper import reviews_of
from mien.http.paging import Paged
from mien.http.problem import get_allowed
from mien.permission.caller import Operation
from mien.service.reviews import DrawnSearch, Finding

router = APIRouter(prefix="/v1/reviews", tags=["reviews"])

Auditing = Annotated[Asking, needs(Operation.AUDIT)]


class ReviewOut(BaseModel):
    """What was found, and by whom."""

    finding: Finding
    comment: str
    reviewer: str
    at: str


class DrawnSearchOut(BaseModel):
    """A search that stands for review; whom it showed is not told."""

    seq: int
    at: str
    actor: str
    collection: str
    purpose: str
    reason: str
    shown: int
    was_refused: bool
    is_own: bool
    review: ReviewOut | None


class ReviewsOut(BaseModel):
    """Searches that stand for review, the newest first, and where the list goes on."""

    items: list[DrawnSearchOut]
    next_cursor: str | None


class ReviewIn(BodyIn):
    """What you find; whoever objects says why."""

    finding: Finding
    comment: Text = ""


@router.get("")
def list_reviews(asking: Auditing, paging: Paged) -> ReviewsOut:
    """Searches that stand for review."""
    before = int(paging.after) if paging.after else None
    found = reviews_of(asking).list(before=before, limit=paging.limit + 1)
    page = found[: paging.limit]
    is_more = len(found) > paging.limit
    return ReviewsOut(
        items=[_describe(one) for one in page],
        next_cursor=paging.tell_next(str(page[-1].seq)) if is_more else None,
    )


@router.get("/{seq}")
def show_review(asking: Auditing, seq: int) -> DrawnSearchOut:
    """One of them."""
    return _describe(reviews_of(asking).get(seq))


@router.put("/{seq}")
def review_search(asking: Auditing, seq: int, *, review: ReviewIn) -> DrawnSearchOut:
    """Mark a search as fine, or object to it; a later review takes the place of an earlier one."""
    reviews = reviews_of(asking)
    return _describe(
        get_allowed(reviews.review(seq, finding=review.finding, comment=review.comment))
    )


def _describe(search: DrawnSearch) -> DrawnSearchOut:
    review = search.review
    return DrawnSearchOut(
        seq=search.seq,
        at=search.at,
        actor=search.actor,
        collection=search.collection,
        purpose=search.purpose,
        reason=search.reason,
        shown=search.shown,
        was_refused=search.was_refused,
        is_own=search.is_own,
        review=None
        if review is None
        else ReviewOut(
            finding=review.finding,
            comment=review.comment,
            reviewer=review.reviewer,
            at=review.at,
        ),
    )
