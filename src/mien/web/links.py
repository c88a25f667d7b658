"""`/links`: a host makes links for guests, prints them, sees who waits, and decides."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mien.errors import ConflictError, ModelError, NotFoundError, SettingsError
from mien.http.asking import Asking, needs
from mien.http.linked import describe_address, get_reached, links_of, list_reached
from mien.permission.caller import Operation, may_reach
from mien.permission.link import LONGEST, GuestState
from mien.permission.verdict import Verdict
from mien.service.link import GuestRequest, Link, LinkDraft
from mien.service.search_terms import list_search_terms
from mien.web.show import show

router = APIRouter(prefix="/links", include_in_schema=False)

Sharing = Annotated[Asking, needs(Operation.SHARE)]

_NUMBERS = ("days", "searches_each", "searches_hourly", "searches_total")
_USUAL = {
    "name": "",
    "collection": "",
    "purpose": "find-my-photos",
    "days": "7",
    "searches_each": "3",
    "searches_hourly": "60",
    "searches_total": "500",
}


@router.get("")
def list_links(asking: Sharing) -> Response:
    """All links, and the form to make one."""
    return _show_list(asking, known={**_USUAL, "approves": "yes"})


@router.post("")
async def make_link(request: Request, asking: Sharing) -> Response:
    """Makes one, and leads to its page."""
    async with request.form() as form:  # no field of it is a file
        said = {name: value for name, value in form.items() if isinstance(value, str)}
    return await run_in_threadpool(_make, asking, said)


@router.get("/{link_id}")
def get_link(asking: Sharing, link_id: str) -> Response:
    """One link: its address and code, who waits, and its log."""
    link = get_reached(asking, link_id)
    asked = links_of(asking).requests(link.link_id)
    waiting = [one for one in asked if one.state is GuestState.WAITING]
    return show(
        "link",
        asking=asking,
        section="links",
        link=link,
        address=describe_address(asking, link),
        is_public=asking.site.library.settings.is_public("find"),
        is_over=_is_over(asking, link),
        waiting=[(one, _find_name(asking, link, asked=one)) for one in waiting],
        log=[one for one in asked if one.state is not GuestState.WAITING],
    )


@router.get("/{link_id}/poster")
def get_poster(asking: Sharing, link_id: str) -> Response:
    """A page to print: the name of the event, the code, and what to do with it."""
    link = get_reached(asking, link_id)
    address = describe_address(asking, link)
    return show("link_poster", asking=asking, section="links", link=link, address=address)


@router.post("/{link_id}/end")
def end_link(asking: Sharing, link_id: str) -> Response:
    """Ends a link at once."""
    link = get_reached(asking, link_id)
    links_of(asking).revoke(link.link_id)
    return _back_to(link)


@router.post("/{link_id}/requests/{request_id}/approve")
def approve(asking: Sharing, link_id: str, *, request_id: str) -> Response:
    """Lets a guest see their photos."""
    return _decide(asking, link_id, request_id=request_id, is_approved=True)


@router.post("/{link_id}/requests/{request_id}/deny")
def deny(asking: Sharing, link_id: str, *, request_id: str) -> Response:
    """Does not."""
    return _decide(asking, link_id, request_id=request_id, is_approved=False)


def _make(asking: Asking, said: Mapping[str, str]) -> Response:
    try:
        draft = _read_draft(said)
        asking.check(collection=draft.collection, purpose=draft.purpose)
        made = links_of(asking).make(draft)
    except (SettingsError, NotFoundError, ModelError) as error:
        return _show_list(asking, known={**_USUAL, **said}, wrong=str(error))
    if isinstance(made, Verdict):
        told = " ".join(reason.explanation for reason in made.reasons)
        return _show_list(asking, known={**_USUAL, **said}, wrong=told)
    return _back_to(made)


def _read_draft(said: Mapping[str, str]) -> LinkDraft:
    """Raises `SettingsError` for what is no number."""
    try:
        numbers = {name: int(said.get(name, _USUAL[name])) for name in _NUMBERS}
    except ValueError as error:
        raise SettingsError("Days and searches are whole numbers.") from error
    texts = {name: said.get(name, "").strip() for name in ("name", "collection", "purpose")}
    return LinkDraft(**texts, approves="approves" in said, **numbers)  # type: ignore[arg-type]


def _decide(asking: Asking, link_id: str, *, request_id: str, is_approved: bool) -> Response:
    """A request that was decided, or is over, is shown as it is."""
    link = get_reached(asking, link_id)
    with suppress(ConflictError):
        links_of(asking).decide(link.link_id, request_id, is_approved=is_approved)
    return _back_to(link)


def _back_to(link: Link) -> Response:
    return RedirectResponse(f"/links/{link.link_id}", HTTPStatus.SEE_OTHER)


def _find_name(asking: Asking, link: Link, *, asked: GuestRequest) -> str:
    try:
        return links_of(asking).look(link.link_id, asked.request_id).name
    except NotFoundError:  # it was over in this moment
        return ""


def _is_over(asking: Asking, link: Link) -> bool:
    now = asking.library.parts.deployment.clock()
    return link.revoked_at is not None or now >= link.terms.expires_at


def _list_purposes(asking: Asking) -> list[str]:
    """Those that a link of the caller's may be for, as grants in force name them."""
    may_be = asking.caller.purposes
    found = {
        purpose
        for one in list_search_terms(asking.library.parts.deployment)
        if may_reach(asking.caller, one.collection)
        for purpose in one.purposes
    }
    return sorted(found if may_be is None else found & may_be)


def _show_list(asking: Asking, *, known: Mapping[str, Any], wrong: str = "") -> Response:
    links = list_reached(asking)
    waits = {
        one.link_id: sum(
            asked.state is GuestState.WAITING for asked in links_of(asking).requests(one.link_id)
        )
        for one in links
        if not _is_over(asking, one)
    }
    names = [one.name for one in asking.library.collections() if may_reach(asking.caller, one.name)]
    return show(
        "links",
        asking=asking,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        section="links",
        links=links,
        waits=waits,
        collections=names,
        known=known,
        wrong=wrong,
        longest_days=LONGEST.days,
        purposes=_list_purposes(asking),
        is_public=asking.site.library.settings.is_public("find"),
    )
