"""`/`: where whoever comes in goes first, by what they may do."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mien.http.asking import find_signed_in
from mien.permission.caller import Operation

router = APIRouter(include_in_schema=False)

_FIRST = (
    (Operation.SEARCH, "/search"),
    (Operation.VIEW, "/photos"),
    (Operation.AUDIT, "/audit"),
    (Operation.OPERATE, "/users"),
)


@router.get("/")
async def go_in(request: Request) -> Response:
    """To the first page that the caller may open, or to sign in."""
    signed_in = await find_signed_in(request)
    if signed_in is None:
        return RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    may = signed_in.caller.operations
    first = next((path for operation, path in _FIRST if operation in may), "/account")
    return RedirectResponse(first, HTTPStatus.SEE_OTHER)
