"""`/request`: anybody asks what is held, opts out, objects, has things taken down or put right."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mien.errors import PhotoError, SettingsError
from mien.http.form import Form, reads_form
from mien.http.site import Site
from mien.http.visitor import PUBLIC, check_public, name_visitor, not_found
from mien.service.request_desk import ANSWER_KEPT, RequestDesk, Standing, StrangersDraft
from mien.service.request_words import Matter, Wish
from mien.web.show import show

router = APIRouter(include_in_schema=False)

MOST_BYTES = 20 * 2**20
_EACH_AN_HOUR, _ALL_AN_HOUR = 10, 60
_LOOKS_A_MINUTE = 60
_TRAP = "website"
_ESCAPED = re.compile(r"\\([^\w\s])")
_TEXTS = ("name", "contact", "words", "number", "address", "field", "value")


@router.get("/request")
def get_form(request: Request) -> Response:
    """The form, empty."""
    return _show_form(check_public(request, "requests"), Form())


@router.post("/request")
def take_request(
    request: Request, form: Annotated[Form, reads_form(max_bytes=MOST_BYTES)]
) -> Response:
    """Opens a case, and leads to the page that tells how it stands."""
    site = check_public(request, "requests")
    if form.text(_TRAP):  # a field that no person sees; the program that filled it in is done
        return show("request_trap", status=HTTPStatus.OK)
    site.throttle.check_hour(f"request:{name_visitor(request)}", an_hour=_EACH_AN_HOUR)
    site.throttle.check_hour("request:everybody", an_hour=_ALL_AN_HOUR)
    try:
        draft = _read_draft(form)
        with site.turnstile.enter():
            token = _desk(site).open(draft)
    except (SettingsError, PhotoError) as error:
        return _show_form(site, form, wrong=str(error))
    return RedirectResponse(f"/request/{token}?new", HTTPStatus.SEE_OTHER)


@router.get("/request/{token}")
def get_standing(request: Request, token: str) -> Response:
    """How a request stands, and its answer once there is one."""
    site, standing = _find(request, token)
    files = sorted(standing.answer or ())
    return show(
        "request_standing",
        has_policy=site.library.settings.is_public("policy"),
        standing=standing,
        token=token,
        is_new="new" in request.query_params,
        link=f"{site.origin}/request/{token}",
        letter=_read_letter(standing.answer),
        files=files,
        kept_days=ANSWER_KEPT.days,
    )


@router.get("/request/{token}/acknowledgement.json")
def get_acknowledgement(request: Request, token: str) -> Response:
    """The signed acknowledgement, to keep."""
    site, standing = _find(request, token)
    name = f"acknowledgement-{standing.case_id[:8]}.json"
    return _hand_out(
        (_desk(site).acknowledge(token) or "").encode(), name=name, media_type="application/json"
    )


@router.get("/request/{token}/answer.zip")
def get_answer(request: Request, token: str) -> Response:
    """The whole answer as an archive."""
    _, standing = _find(request, token)
    if standing.answer is None:
        raise not_found()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(standing.answer.items()):
            archive.writestr(name, content)
    name = f"answer-{standing.case_id[:8]}.zip"
    return _hand_out(buffer.getvalue(), name=name, media_type="application/zip")


def _find(request: Request, token: str) -> tuple[Site, Standing]:
    """Raises a problem for a token of none; whoever tries many is slowed down."""
    site = check_public(request, "requests")
    site.throttle.check(f"standing:{name_visitor(request)}", a_minute=_LOOKS_A_MINUTE)
    standing = _desk(site).find(token)
    if standing is None:
        raise not_found()
    return site, standing


def _desk(site: Site) -> RequestDesk:
    return RequestDesk(site.library.acting(PUBLIC).parts)


def _read_draft(form: Form) -> StrangersDraft:
    """Raises `SettingsError` where it is not said what is wanted, or about what."""
    wish, matter = form.text("wish"), form.text("matter")
    if wish not in set(Wish):
        raise SettingsError("Choose what you want.")
    if matter not in set(Matter):
        raise SettingsError("Choose what it is about.")
    return StrangersDraft(
        wish=Wish(wish),
        matter=Matter(matter),
        photo=form.file("photo"),
        is_intimate=form.is_ticked("intimate"),
        **{name: form.text(name) for name in _TEXTS},
    )


def _show_form(site: Site, form: Form, *, wrong: str = "") -> Response:
    settings = site.library.settings
    known = {name: form.text(name) for name in (*_TEXTS, "wish", "matter")}
    return show(
        "request",
        has_policy=settings.is_public("policy"),
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        wrong=wrong,
        known=known,
        is_intimate=form.is_ticked("intimate"),
        controller=settings.controller,
        contact=settings.contact,
        most_mb=MOST_BYTES // 2**20,
    )


def _read_letter(answer: Mapping[str, bytes] | None) -> list[tuple[str, str]]:
    """The letter's lines, each with what it is: it has no Markdown but headings and lists."""
    text = "" if answer is None else answer.get("letter.md", b"").decode()
    return [_read_line(line) for line in text.splitlines() if line.strip()]


def _read_line(line: str) -> tuple[str, str]:
    kinds = {"# ": "title", "## ": "heading", "- ": "item"}
    mark = next((mark for mark in kinds if line.startswith(mark)), "")
    return kinds.get(mark, "text"), _ESCAPED.sub(r"\1", line.removeprefix(mark))


def _hand_out(content: bytes, *, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type=media_type)
