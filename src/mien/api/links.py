"""`/v1/links`: one collection opened to those who were photographed, by a link that ends."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from mien.api.shapes import BodyIn, Line, Slug
from mien.http.asking import Asking, needs
from mien.http.linked import describe_address, get_reached, links_of, list_reached
from mien.http.paging import Paged
from mien.http.problem import tell_refusal
from mien.pages.qr import draw_qr
from mien.permission.caller import Operation
from mien.permission.verdict import Verdict
from mien.service.link import GuestRequest, Link, LinkDraft

router = APIRouter(prefix="/v1/links", tags=["links"])

Sharing = Annotated[Asking, needs(Operation.SHARE)]


class LinkIn(BodyIn):
    """What is to be opened, for what, how long, and how often it may be used."""

    name: str = Field(max_length=120, description="The event, as guests know it.")
    collection: Line
    purpose: Slug
    days: int = Field(default=7, ge=1, le=30)
    approves: bool = Field(default=True, description="Whether you look at each request.")
    searches_each: int = Field(default=3, ge=1, le=20)
    searches_hourly: int = Field(default=60, ge=1, le=1_000)
    searches_total: int = Field(default=500, ge=1, le=20_000)


class LinkOut(BaseModel):
    """A link; `address` is what guests open. Anybody who has it may ask."""

    id: str
    name: str
    collection: str
    purpose: str
    address: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    approves: bool
    searches_each: int
    searches_hourly: int
    searches_total: int


class LinksOut(BaseModel):
    """Links, the newest first, and how to get the next ones."""

    items: list[LinkOut]
    next_cursor: str | None = None


class GuestRequestOut(BaseModel):
    """A request of a guest: when, what became of it, how much they saw. It names nobody."""

    id: str
    state: str
    asked_at: datetime
    decided_at: datetime | None
    answered_at: datetime | None
    ends_at: datetime
    shown: int
    downloads: int
    consent_version: str


class GuestRequestsOut(BaseModel):
    """The log of a link, the newest request first."""

    items: list[GuestRequestOut]
    next_cursor: str | None = None


@router.get("")
def list_links(asking: Sharing, paging: Paged) -> LinksOut:
    """All links to collections that you may reach."""
    reached = {_order(number): one for number, one in enumerate(list_reached(asking))}
    keys, cursor = paging.cut(reached, key=str)
    return LinksOut(items=[_describe(asking, reached[key]) for key in keys], next_cursor=cursor)


@router.post("", status_code=201)
def open_link(asking: Sharing, wanted: LinkIn) -> LinkOut:
    """Open a collection to guests."""
    asking.check(collection=wanted.collection, purpose=wanted.purpose)
    made = links_of(asking).make(LinkDraft(**wanted.model_dump()))
    if isinstance(made, Verdict):
        raise tell_refusal(made)
    return _describe(asking, made)


@router.get("/{link_id}")
def get_link(asking: Sharing, link_id: str) -> LinkOut:
    """One of them."""
    return _describe(asking, get_reached(asking, link_id))


@router.delete("/{link_id}")
def end_link(asking: Sharing, link_id: str) -> LinkOut:
    """End a link at once, with all that waits there. It stays, with its log."""
    found = get_reached(asking, link_id)
    return _describe(asking, links_of(asking).revoke(found.link_id))


@router.get("/{link_id}/qr", response_class=Response)
def get_qr(asking: Sharing, link_id: str) -> Response:
    """The address as a QR code, an SVG drawing."""
    found = get_reached(asking, link_id)
    return Response(draw_qr(describe_address(asking, found)), media_type="image/svg+xml")


@router.get("/{link_id}/requests")
def list_guest_requests(asking: Sharing, link_id: str, *, paging: Paged) -> GuestRequestsOut:
    """Who asked when, what became of it, and how many photos they saw."""
    found = get_reached(asking, link_id)
    asked = links_of(asking).requests(found.link_id)
    by_key = {_order(number): one for number, one in enumerate(asked)}
    keys, cursor = paging.cut(by_key, key=str)
    return GuestRequestsOut(items=[_tell(by_key[key]) for key in keys], next_cursor=cursor)


@router.get("/{link_id}/requests/{request_id}/face", response_class=Response)
def get_guest_face(asking: Sharing, link_id: str, *, request_id: str) -> Response:
    """The face of who waits, as a JPEG; gone once you decided."""
    found = get_reached(asking, link_id)
    look = links_of(asking).look(found.link_id, request_id)
    return Response(look.jpeg, media_type="image/jpeg")


@router.post("/{link_id}/requests/{request_id}/approve")
def approve_guest(asking: Sharing, link_id: str, *, request_id: str) -> GuestRequestOut:
    """Let a guest see their photos."""
    return _decide(asking, link_id, request_id=request_id, is_approved=True)


@router.post("/{link_id}/requests/{request_id}/deny")
def deny_guest(asking: Sharing, link_id: str, *, request_id: str) -> GuestRequestOut:
    """Do not; what they handed in is deleted."""
    return _decide(asking, link_id, request_id=request_id, is_approved=False)


def _decide(asking: Asking, link_id: str, *, request_id: str, is_approved: bool) -> GuestRequestOut:
    found = get_reached(asking, link_id)
    decided = links_of(asking).decide(found.link_id, request_id, is_approved=is_approved)
    return _tell(decided)


def _order(number: int) -> str:
    """In the order they come, as text."""
    return f"{number:08}"


def _describe(asking: Asking, link: Link) -> LinkOut:
    terms = link.terms
    return LinkOut(
        id=link.link_id,
        name=link.name,
        collection=link.collection,
        purpose=link.purpose,
        address=describe_address(asking, link),
        made_at=link.made_at,
        expires_at=terms.expires_at,
        revoked_at=link.revoked_at,
        approves=terms.approves,
        searches_each=terms.searches_each,
        searches_hourly=terms.searches_hourly,
        searches_total=terms.searches_total,
    )


def _tell(asked: GuestRequest) -> GuestRequestOut:
    return GuestRequestOut(
        id=asked.request_id,
        state=asked.state,
        asked_at=asked.asked_at,
        decided_at=asked.decided_at,
        answered_at=asked.answered_at,
        ends_at=asked.ends_at,
        shown=asked.shown,
        downloads=asked.downloads,
        consent_version=asked.consent_version,
    )
