"""`/find/…`: find my photos, for guests who come through a link; no account, no script needed."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mien.errors import PhotoError, SettingsError
from mien.http.form import Form, reads_form
from mien.http.problem import check, tell_refusal
from mien.http.site import Site
from mien.http.ticket import Ticket, read_ticket, write_ticket
from mien.http.visitor import check_public, name_visitor, not_found
from mien.permission.link import GuestState
from mien.permission.verdict import Verdict
from mien.service.guest_words import (
    AGREEMENT,
    ENROL_AGREEMENT,
    ENROL_TERMS,
    TERMS,
    version_of,
)
from mien.service.guests import Guests
from mien.service.link import GuestRequest, Link, Selfie
from mien.web.show import show

router = APIRouter(prefix="/find/{token}", include_in_schema=False)

MOST_BYTES = 12 * 2**20
GUEST_COOKIE = "mien-guest"
_GUEST_BYTES = 16
_WRONG_A_MINUTE = 20
_ASKS_AN_HOUR = 120
_NO_SELFIE = "Take a selfie, or choose one."
_LOOKS_AGAIN = frozenset({GuestState.WAITING, GuestState.LOOKING})


@router.get("")
def get_invitation(request: Request, token: str) -> Response:
    """What this is, what happens with a selfie, and the form to hand one in."""
    site, link = _enter(request, token)
    answer = _show_form(site, link, token=token)
    if GUEST_COOKIE not in request.cookies:
        answer.set_cookie(
            GUEST_COOKIE,
            secrets.token_urlsafe(_GUEST_BYTES),
            path=f"/find/{token}",
            max_age=int((link.terms.expires_at - link.made_at).total_seconds()),
            httponly=True,
            samesite="strict",
            secure=site.is_secure,
        )
    return answer


@router.post("")
def ask(
    request: Request, token: str, *, form: Annotated[Form, reads_form(max_bytes=MOST_BYTES)]
) -> Response:
    """A guest consents and hands in a selfie."""
    site, link = _enter(request, token)
    site.throttle.check_hour(f"selfie:{name_visitor(request)}", an_hour=_ASKS_AN_HOUR)
    selfie = Selfie(
        content=form.file("selfie"),
        consent_version=form.text("consent_version") if form.is_ticked("agreed") else "",
        guest=request.cookies.get(GUEST_COOKIE, ""),
        name=form.text("name"),
    )
    if not selfie.content:
        return _show_form(site, link, token=token, wrong=_NO_SELFIE, name=selfie.name)
    try:
        with site.turnstile.enter():
            asked = _guests(site).ask(link, selfie)
    except (SettingsError, PhotoError) as error:
        return _show_form(site, link, token=token, wrong=str(error), name=selfie.name)
    if isinstance(asked, Verdict):
        raise tell_refusal(asked)
    return RedirectResponse(f"/find/{token}/{asked}", HTTPStatus.SEE_OTHER)


@router.get("/photo/{ticket}")
def get_photo(request: Request, token: str, *, ticket: str) -> Response:
    """A picture of an answer, for whoever has the ticket that the answer gave out."""
    site, link = _enter(request, token)
    wanted = read_ticket(site, ticket, link_id=link.link_id)
    if wanted is None:
        raise _wrong(request, site)
    answer = _guests(site).answer(link)
    if not wanted.is_whole:
        small = answer.small(wanted.request_id, wanted.number)
        return Response(small, media_type="image/jpeg")
    with site.turnstile.enter():
        whole = answer.whole(wanted.request_id, wanted.number)
    ending = whole.media_type.rpartition("/")[2].replace("octet-stream", "bin")
    name = f'attachment; filename="photo-{wanted.number + 1}.{ending}"'
    headers = {"Content-Disposition": name}
    return Response(whole.content, headers=headers, media_type=whole.media_type)


@router.get("/{answer}")
def get_answer(request: Request, token: str, *, answer: str) -> Response:
    """How a guest's request stands; their photos, for as long as they may be seen."""
    site, link = _enter(request, token, is_open=False)
    return _show_answer(request, site, link=link, answer=answer)


@router.post("/{answer}/show")
def show_photos(request: Request, token: str, *, answer: str) -> Response:
    """Looks for the photos, once the host said yes."""
    site, link = _enter(request, token)
    _get(request, site, link=link, answer=answer)
    with site.turnstile.enter():
        _guests(site).show(link, answer)
    return RedirectResponse(f"/find/{token}/{answer}", HTTPStatus.SEE_OTHER)


@router.post("/{answer}/withdraw")
def withdraw(request: Request, token: str, *, answer: str) -> Response:
    """Ends the consent of somebody who enrolled; it works after the link ended too."""
    site, link = _enter(request, token, is_open=False)
    _get(request, site, link=link, answer=answer)
    _guests(site).withdraw(link, answer)
    return RedirectResponse(f"/find/{token}/{answer}", HTTPStatus.SEE_OTHER)


def _enter(request: Request, token: str, *, is_open: bool = True) -> tuple[Site, Link]:
    """The link of a token. Raises a problem where there is none, or it is not in force."""
    site = check_public(request, "find")
    found = _guests(site).find(token)
    if found is None:
        raise _wrong(request, site)
    link, verdict = found
    if is_open:
        check(verdict)
    return site, link


def _wrong(request: Request, site: Site) -> Exception:
    """Whoever tries tokens is slowed down, and learns nothing."""
    site.throttle.check(f"token:{name_visitor(request)}", a_minute=_WRONG_A_MINUTE)
    return not_found()


def _guests(site: Site) -> Guests:
    return Guests(site.library.parts, max_bytes=MOST_BYTES, runs=site.runs)


def _get(request: Request, site: Site, *, link: Link, answer: str) -> GuestRequest:
    found = _guests(site).find_request(link, answer)
    if found is None:
        raise _wrong(request, site)
    return found


def _show_form(site: Site, link: Link, *, token: str, wrong: str = "", name: str = "") -> Response:
    enrols = _guests(site).enrols(link)
    settings = site.library.settings
    return show(
        "find",
        has_policy=settings.is_public("policy"),
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        link=link,
        token=token,
        wrong=wrong,
        guest_name=name,
        enrols=enrols,
        terms=ENROL_TERMS if enrols else TERMS,
        agreement=ENROL_AGREEMENT if enrols else AGREEMENT,
        version=version_of(enrols=enrols),
        controller=settings.controller,
        contact=settings.contact,
        takes_requests=settings.is_public("requests"),
        most_mb=MOST_BYTES // 2**20,
    )


def _show_answer(request: Request, site: Site, *, link: Link, answer: str) -> Response:
    asked = _get(request, site, link=link, answer=answer)
    found = _guests(site).answer(link)
    until_s = int(asked.ends_at.timestamp())

    def write(number: int, *, is_whole: bool) -> str:
        return write_ticket(
            site,
            Ticket(
                link_id=link.link_id,
                request_id=asked.request_id,
                number=number,
                is_whole=is_whole,
                until_s=until_s,
            ),
        )

    photos = [
        {
            "number": one.number + 1,
            "small": write(one.number, is_whole=False),
            "whole": write(one.number, is_whole=True),
            "shows_all": found.shows_all(one),
            "width": one.face.width_px,
            "height": one.face.height_px,
            "box": one.face.box,
        }
        for one in found.photos(answer)
    ]
    page = show(
        "find_answer",
        has_policy=site.library.settings.is_public("policy"),
        link=link,
        token=request.path_params["token"],
        answer=answer,
        asked=asked,
        photos=photos,
        looks_again=asked.state in _LOOKS_AGAIN,
    )
    if asked.state in _LOOKS_AGAIN:
        page.headers["Refresh"] = "5"
    return page
