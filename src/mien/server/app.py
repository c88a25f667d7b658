"""Every route in one application."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from mien import __version__
from mien.errors import MienError
from mien.http.limits import BodyLimits, keep_forms_in_memory
from mien.http.problem import ProblemError, tell_error
from mien.http.site import Site
from mien.http.turnstile import BusyError
from mien.rekognition import wire
from mien.server import interface, pages
from mien.server.headers import SECURITY_HEADERS, SecurityHeaders
from mien.server.hosts import KnownHosts
from mien.server.measure import Measure
from mien.server.openapi import describe_with, name_operation
from mien.web import account, problems


def make_app(site: Site) -> FastAPI:
    """The application of one site; it neither opens nor closes its library."""
    app = FastAPI(
        title="Mien",
        version=__version__,
        summary="Face search for photos that their holder has permission to search.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        generate_unique_id_function=name_operation,
    )
    app.state.site = site
    for router in (*interface.ROUTERS, wire.router, *pages.ROUTERS):
        app.include_router(router)
    describe_with(app)
    keep_forms_in_memory(site.limits)
    app.add_middleware(BodyLimits, limits=site.limits, tell=_tell_unread)
    app.add_middleware(Measure, metrics=site.metrics)
    app.add_middleware(KnownHosts, origin=site.origin, tell=_tell_unread)
    app.add_middleware(SecurityHeaders, is_secure=site.is_secure)
    app.add_exception_handler(ProblemError, _tell_problem)
    app.add_exception_handler(MienError, _tell_problem)
    app.add_exception_handler(BusyError, _tell_problem)
    app.add_exception_handler(HTTPException, _tell_problem)
    app.add_exception_handler(RequestValidationError, _tell_problem)
    app.add_exception_handler(Exception, _tell_crash)
    return app


def _tell_unread(scope: Scope, problem: ProblemError) -> Response:
    """What is wrong with a request before any route has seen it."""
    return wire.tell_error(problem) if wire.is_call(Request(scope)) else problem.as_response()


async def _tell_crash(request: Request, error: Exception) -> Response:
    """What nobody expected. It is answered outside of everything that adds to an answer."""
    if wire.is_call(request):
        return wire.tell_error(error)
    problem = ProblemError(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal",
        "Something went wrong here that nobody expected; the log of the server says what.",
        headers={**SECURITY_HEADERS, "Cache-Control": "no-store"},
    )
    if problems.wants_page(request):
        return problems.show_problem(request, problem)
    return problem.as_response()


async def _tell_problem(request: Request, error: Exception) -> Response:
    if wire.is_call(request):
        return wire.tell_error(error)
    problem = _find_problem(error)
    way_in = account.find_way_in(request, problem)
    if way_in is not None:
        return way_in
    if problems.wants_page(request):
        return problems.show_problem(request, problem)
    return problem.as_response()


def _find_problem(error: Exception) -> ProblemError:
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, MienError):
        return tell_error(error)
    if isinstance(error, BusyError):
        wait = {"Retry-After": str(error.retry_after_s)}
        return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "busy", str(error), headers=wait)
    if isinstance(error, RequestValidationError):
        places = [".".join(str(part) for part in one["loc"]) for one in error.errors()]
        messages = [str(one["msg"]) for one in error.errors()]
        told = [
            {"at": place, "message": text} for place, text in zip(places, messages, strict=True)
        ]
        detail = "; ".join(f"{one['at']}: {one['message']}" for one in told)
        return ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "malformed-request", detail, more={"errors": told}
        )
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.status_code)
        code = status.phrase.lower().replace(" ", "-")
        return ProblemError(status, code, str(error.detail), headers=error.headers)
    raise error
