"""The cookie of a session: set and cleared here, and nowhere else.

No script reads it, no other site's page sends it, and over HTTPS its name binds it to this host.
It ends with the browser, or with the session if that is earlier.
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from mien.http.asking import name_cookie
from mien.http.problem import ProblemError
from mien.http.site import Site, site_of

_OUR_OWN = frozenset({"same-origin", "none"})


def find_session_token(request: Request) -> str:
    """What the browser sends; empty where it sends none."""
    return request.cookies.get(name_cookie(site_of(request)), "")


def set_session(response: Response, site: Site, *, token: str) -> None:
    response.set_cookie(
        name_cookie(site),
        token,
        path="/",
        secure=site.is_secure,
        httponly=True,
        samesite="strict",
    )


def clear_session(response: Response, site: Site) -> None:
    response.delete_cookie(
        name_cookie(site), path="/", secure=site.is_secure, httponly=True, samesite="strict"
    )


def check_same_origin(request: Request) -> None:
    """Raises a problem for a form that a page of somebody else sent, before anybody signed in."""
    sent_from = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin", "null")
    # Pages of ours hand on no referrer, so that their forms come from the origin "null".
    is_ours = sent_from in _OUR_OWN if sent_from else origin in {"null", site_of(request).origin}
    if not is_ours:
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "foreign-form",
            "The form was sent by a page of another site. Open the page here and try again.",
        )
