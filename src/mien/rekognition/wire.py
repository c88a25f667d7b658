"""`POST /`: one route for all operations; the header X-Amz-Target names the one that is meant."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from uuid import uuid4

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mien.errors import MienError
from mien.http.problem import ProblemError
from mien.http.signature import SignatureError, SignatureFault
from mien.http.signed import as_signable, get_signer
from mien.http.site import site_of
from mien.http.turnstile import BusyError
from mien.rekognition.call import Call
from mien.rekognition.errors import MEDIA_TYPE, REQUEST_ID, Code, ServiceError, tell
from mien.rekognition.members import read
from mien.rekognition.operations import OPERATIONS

router = APIRouter(include_in_schema=False)

_TARGET, _PREFIX = "X-Amz-Target", "RekognitionService."
_TOLD_ON = ("Connection", "Retry-After")
_NO_OPERATION = "There is no operation {!r} here: only those about faces in photos are offered."
_LOG = logging.getLogger(__name__)

_CODE_BY_FAULT: Mapping[SignatureFault, Code] = {
    SignatureFault.MISSING: Code.NO_TOKEN,
    SignatureFault.MALFORMED: Code.INCOMPLETE_SIGNATURE,
    SignatureFault.OUT_OF_TIME: Code.WRONG_SIGNATURE,
    SignatureFault.WRONG_SCOPE: Code.WRONG_SIGNATURE,
    SignatureFault.UNKNOWN_KEY: Code.UNKNOWN_KEY,
    SignatureFault.WRONG: Code.WRONG_SIGNATURE,
}


def is_call(request: Request) -> bool:
    """Whether the answer goes to a client of Amazon's, which knows one kind of error."""
    return request.method == "POST" and request.url.path == "/" and _TARGET in request.headers


def tell_error(error: Exception, *, request_id: str = "") -> Response:
    """Whatever went wrong, as an error of the service."""
    request_id = request_id or str(uuid4())
    told = tell(error)
    if told.code is Code.INTERNAL:
        _LOG.error("request %s failed: %s", request_id, type(error).__name__)
    response = told.as_response(request_id)
    if isinstance(error, ProblemError):
        response.headers.update({n: v for n, v in (error.headers or {}).items() if n in _TOLD_ON})
    return response


@router.post("/")
async def answer(request: Request) -> Response:
    """An operation's answer, or its error. Nothing is read of it before the signature is right."""
    body = await request.body()
    return await run_in_threadpool(_answer, request, body)


def _answer(request: Request, body: bytes) -> Response:
    request_id = str(uuid4())
    try:
        call = _verify(request, body)
        found = _do(call, target=request.headers.get(_TARGET, ""), body=body)
    except (ServiceError, MienError, ProblemError, BusyError) as error:
        return tell_error(error, request_id=request_id)
    return JSONResponse(found, headers={REQUEST_ID: request_id}, media_type=MEDIA_TYPE)


def _verify(request: Request, body: bytes) -> Call:
    """Who signed the request. Raises `ServiceError`, and a problem for one request too many."""
    site = site_of(request)
    try:
        access = get_signer(site, as_signable(request, body))
    except SignatureError as error:
        raise ServiceError(_CODE_BY_FAULT[error.fault], str(error)) from error
    site.throttle.check(access.caller.actor, a_minute=access.caller.calls_a_minute)
    return Call(site=site, caller=access.caller, terms=access.terms)


def _do(call: Call, *, target: str, body: bytes) -> Mapping[str, object]:
    name = target.removeprefix(_PREFIX)
    operation = OPERATIONS.get(name) if target.startswith(_PREFIX) else None
    if operation is None:
        raise ServiceError(Code.UNKNOWN_OPERATION, _NO_OPERATION.format(name))
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:  # no JSON, no text, or too deep
        raise ServiceError(Code.MALFORMED, "The body is no JSON document.") from error
    if not isinstance(document, dict):
        raise ServiceError(Code.MALFORMED, "The body is no JSON object.")
    return operation.do(call, read(operation.request, document))
