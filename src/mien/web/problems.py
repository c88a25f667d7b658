"""A problem as a page, for those who asked for a page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from mien.http.asking import Asking
from mien.http.problem import ProblemError
from mien.web.show import show


def wants_page(request: Request) -> bool:
    """Whether a browser asks for a page, and not a program for an answer of the interface."""
    is_interface = request.url.path.startswith("/v1/")
    return not is_interface and "text/html" in request.headers.get("Accept", "")


def show_problem(request: Request, problem: ProblemError) -> Response:
    """The page that tells it; with the menu, where it is known who asks."""
    asking: Asking | None = getattr(request.state, "asking", None)
    page = show(
        "problem",
        asking=asking,
        status=problem.status.value,
        detail=problem.detail,
        reasons=problem.more.get("reasons", []),
    )
    page.headers.update(problem.headers or {})
    return page
