"""A page as an answer, and the files that pages refer to."""

from __future__ import annotations

import mimetypes
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from mien.http.asking import Asking
from mien.http.problem import ProblemError
from mien.pages.web import read_static, render_page

router = APIRouter(include_in_schema=False)


def show(name: str, *, asking: Asking | None = None, status: int = 200, **values: Any) -> Response:  # noqa: ANN401
    """The page with these values; `me` and `csrf_token` are those of whoever is signed in."""
    known = {
        "page": name,
        "status": status,
        "me": None if asking is None else asking.caller,
        "csrf_token": "" if asking is None else asking.csrf_token,
    }
    return HTMLResponse(render_page(name, {**known, **values}), status)


def show_file(content: bytes, *, name: str, media_type: str = "") -> Response:
    """A file to be saved under this name, plain ASCII."""
    kind = media_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type=kind)


@router.get("/static/{name}")
def get_static(name: str, request: Request) -> Response:
    """A style sheet, a script or a drawing of ours."""
    content = read_static(name)
    if content is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "not-found", f"There is no file {name} here.")
    etag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if request.headers.get("If-None-Match") == etag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    kind, _ = mimetypes.guess_type(name)
    return Response(content, headers=headers, media_type=kind or "application/octet-stream")
