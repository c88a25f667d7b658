"""Writes that may be repeated: `once: Once` beside who asks, and `once.do(asking, make)`.

The same caller with the same `Idempotency-Key` and the same request gets the same status and
Location again, and nothing is done twice. A route then tells the thing as it is now.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from mien.http.asking import Asking
from mien.http.problem import ProblemError
from mien.service.requests import (
    Asked,
    Claim,
    Outcome,
    claim_request,
    conclude_request,
    refer_request,
    release_request,
)

KEY_HEADER = "Idempotency-Key"
REPEATED_HEADER = "Idempotency-Replayed"
_RETRY_S = "2"
_BLOCK = 1 << 20
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")

_Key = Annotated[
    str | None,
    Header(
        alias=KEY_HEADER,
        max_length=200,
        pattern="^[!-~]+$",
        description="Made up by you, best a UUID: the same request under the same key is done "
        "once, and answered the same for a day.",
    ),
]


@dataclass(frozen=True, slots=True)
class Write:
    """One request for a change: its key if it has one, and all that it asks for, hashed."""

    response: Response
    key: str
    content: str

    def about(self, content: str) -> Write:
        """The same, where the route itself reads the body: with the hash of what it read."""
        return replace(self, content=f"{self.content}\0{content}")

    def do(self, asking: Asking, make: Callable[[], Outcome]) -> Outcome:
        """Does it, or tells how it was answered before; sets status and Location of the answer.

        Raises a problem where it is being done, or the key was used for something else.
        """
        outcome = self._do_once(asking, make) if self.key else make()
        self.response.status_code = outcome.status
        if outcome.location:
            self.response.headers["Location"] = outcome.location
        return outcome

    def _do_once(self, asking: Asking, make: Callable[[], Outcome]) -> Outcome:
        deployment = asking.library.parts.deployment
        asked = refer_request(deployment, self.key, content=self.content)
        claim, known = claim_request(deployment, asked)
        if claim is Claim.NEW:
            return self._do_now(asking, asked, make=make)
        if known is None:
            tell = _PROBLEMS[claim]
            raise tell()
        self.response.headers[REPEATED_HEADER] = "true"
        return known

    def _do_now(self, asking: Asking, asked: Asked, *, make: Callable[[], Outcome]) -> Outcome:
        deployment = asking.library.parts.deployment
        try:
            outcome = make()
        except BaseException:
            release_request(deployment, asked)
            raise
        conclude_request(deployment, asked, outcome=outcome)
        return outcome


async def _read_write(
    request: Request, response: Response, *, key: _Key = None
) -> AsyncIterator[Write]:
    try:
        yield Write(response, key or "", await _hash_request(request) if key else "")
    finally:
        await request.close()  # a form that the route itself had no use for


Once = Annotated[Write, Depends(_read_write)]
"""A write that may be repeated, as an argument of a route; after the one that says who asks."""


async def _hash_request(request: Request) -> str:
    """Of method, address and body. A body that is no form and no JSON is the route's to hash."""
    digest = sha256()
    _add(digest, request.method.encode())
    _add(digest, request.url.path.encode())
    _add(digest, request.url.query.encode())
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in _FORMS:
        for name, value in (await request.form()).multi_items():
            _add(digest, name.encode())
            if isinstance(value, UploadFile):
                _add(digest, (value.filename or "").encode())
                _add(digest, await run_in_threadpool(_hash_file, value))
            else:
                _add(digest, value.encode())
    elif kind.endswith("json"):
        _add(digest, await request.body())
    return digest.hexdigest()


def _add(digest: Any, part: bytes) -> None:  # noqa: ANN401  (hashlib names no class of it)
    """With its length, so that two parts never look like two others."""
    digest.update(len(part).to_bytes(8, "big") + part)


def _hash_file(upload: UploadFile) -> bytes:
    digest, file = sha256(), upload.file
    while block := file.read(_BLOCK):
        digest.update(block)
    file.seek(0)
    return digest.digest()


def _tell_running() -> ProblemError:
    return ProblemError(
        HTTPStatus.CONFLICT,
        "idempotency-in-progress",
        "The request with this key is being worked on. Repeat it in a moment.",
        headers={"Retry-After": _RETRY_S},
    )


def _tell_cut_short() -> ProblemError:
    return ProblemError(
        HTTPStatus.CONFLICT,
        "idempotency-cut-short",
        "The server stopped while it worked on the request with this key, and cannot say how far "
        "it came. Look whether it was done; if not, ask for it with a new key.",
    )


def _tell_reused() -> ProblemError:
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "idempotency-key-reused",
        "Something else was asked for with this key before. Use a new key for each request.",
    )


_PROBLEMS: Mapping[Claim, Callable[[], ProblemError]] = {
    Claim.RUNNING: _tell_running,
    Claim.CUT_SHORT: _tell_cut_short,
    Claim.OTHER: _tell_reused,
}
