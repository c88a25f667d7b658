"""Who asks, made sure of before a route begins: `Annotated[Asking, needs(Operation.VIEW)]`.

A route without it is public, and a test lists those. A change that comes with a cookie has to
bring the session's token too, in the header or the form field below. Only what says so may be
asked with an access key's signature: it shows what came in under the key's grant, and no more.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from mien.http.problem import ProblemError, check, tell_refusal
from mien.http.signature import SignatureError
from mien.http.signed import as_signable, get_signer, is_signed
from mien.http.site import Access, SignedIn, Site, site_of
from mien.library import Library
from mien.permission.access_key import AccessTerms
from mien.permission.caller import Caller, Operation, may_operate, may_operate_everywhere

SESSION_COOKIE = "mien-session"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
_FORM = "application/x-www-form-urlencoded"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request of somebody who may do what the route does.

    Whoever signed it with an access key is bound to its `terms`.
    """

    site: Site
    caller: Caller
    operation: Operation
    csrf_token: str = ""
    terms: AccessTerms | None = None

    @property
    def library(self) -> Library:
        """The library, as the caller acts in it."""
        return self.site.library.acting(self.caller.actor)

    def check(self, *, collection: str | None = None, purpose: str | None = None) -> None:
        """Raises a problem where the caller may not do this there, or for that."""
        check(may_operate(self.caller, self.operation, collection=collection, purpose=purpose))

    def check_everywhere(self) -> None:
        """Raises a problem where the caller is bound, and this is about everything."""
        check(may_operate_everywhere(self.caller))


def needs(operation: Operation, *, is_signable: bool = False) -> Any:  # noqa: ANN401  (FastAPI's own)
    """The dependency of a route that does this.

    One that is signable may be asked with an access key too, and heeds the `terms` of the asking.
    """
    return Depends(_asking_for(operation, is_signable=is_signable))


def _asking_for(
    operation: Operation, *, is_signable: bool
) -> Callable[[Request], Awaitable[Asking]]:
    async def ask(request: Request) -> Asking:
        if is_signed(request):
            access = await _get_signer(request, is_signable=is_signable)
            return _begin(
                request,
                Asking(
                    site=site_of(request),
                    caller=access.caller,
                    operation=operation,
                    terms=access.terms,
                ),
            )
        return await find_asking(request, operation)

    return ask


async def find_asking(request: Request, operation: Operation) -> Asking:
    """Who asks, for a route that is open to others too. Raises as a route that needs somebody."""
    site = site_of(request)
    caller, csrf_token = await _find_caller(request, site)
    if caller is None:
        raise tell_refusal(may_operate(None, operation))
    return _begin(
        request, Asking(site=site, caller=caller, operation=operation, csrf_token=csrf_token)
    )


def _begin(request: Request, asking: Asking) -> Asking:
    caller = asking.caller
    request.state.asking = asking  # for the page that tells of a problem, this refusal too
    asking.check()
    asking.site.throttle.check(caller.actor, a_minute=caller.calls_a_minute)
    return asking


async def _get_signer(request: Request, *, is_signable: bool) -> Access:
    """Whose access key signed the request. Raises a problem."""
    if not is_signable or request.method != "GET":
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "not-for-access-keys",
            "An access key asks Amazon's interface, GET /v1/faces and GET /v1/me. For anything "
            "else, ask with an API key: mien keys add",
        )
    # What reads the request reads no body of it, so none counts.
    signable = as_signable(request, b"")
    try:
        return await run_in_threadpool(get_signer, site_of(request), signable)
    except SignatureError as error:
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED, f"signature-{error.fault}", str(error)
        ) from error


async def find_again(asking: Asking, request: Request) -> Asking | None:
    """Who asks as things stand now, for an answer that takes long; nobody once they may not.

    It is not counted as another request.
    """
    caller, csrf_token = await _find_caller(request, asking.site)
    if caller is None or not may_operate(caller, asking.operation).is_allowed:
        return None
    return replace(asking, caller=caller, csrf_token=csrf_token)


async def _find_caller(request: Request, site: Site) -> tuple[Caller | None, str]:
    """Whose key or session it is, and the session's token; a key counts before a cookie.

    What is signed is nobody's here, whatever cookie comes with it.
    """
    if is_signed(request):
        return None, ""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key:
        return await run_in_threadpool(site.doorkeeper.find_by_key, key.strip()), ""
    signed_in = await find_signed_in(request)
    if signed_in is None:
        return None, ""
    if request.method not in _SAFE:
        await _check_csrf(request, signed_in)
    return signed_in.caller, signed_in.csrf_token


async def find_signed_in(request: Request) -> SignedIn | None:
    """Who signed in with the browser that asks."""
    site = site_of(request)
    token = request.cookies.get(name_cookie(site), "")
    if not token:
        return None
    return await run_in_threadpool(site.doorkeeper.find_by_session, token)


def name_cookie(site: Site) -> str:
    """What the session's cookie is called; a browser keeps the prefix for this host alone."""
    return f"__Host-{SESSION_COOKIE}" if site.is_secure else SESSION_COOKIE


async def _check_csrf(request: Request, signed_in: SignedIn) -> None:
    sent = request.headers.get(CSRF_HEADER, "")
    if not sent and request.headers.get("Content-Type", "").startswith(_FORM):
        sent = str((await request.form()).get(CSRF_FIELD, ""))
    if not hmac.compare_digest(sent.encode(), signed_in.csrf_token.encode()):
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "no-csrf-token",
            "The request does not carry the token of your session. Open the page again and retry.",
        )
