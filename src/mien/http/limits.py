"""Limits of what a request may bring, before anything of it is looked at.

How many bytes, parts and headers, of which kind, and how slowly. A body is counted as it comes,
whatever its headers say; one that breaks a limit is answered at once with a problem, and what
still comes of it is thrown away. Nothing is ever unpacked: a compressed body is refused.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mien.http.multipart import find_boundary
from mien.http.problem import ProblemError, Tell, tell_plainly
from mien.settings import Settings

UPLOADS = "/v1/uploads"
_MULTIPART = "multipart/form-data"
_FORM = "application/x-www-form-urlencoded"
_AMAZON = "application/x-amz-json-1.1"
_BRINGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_THROWN_AWAY_BYTES = 64 << 20
_THROWN_AWAY_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a request may bring: a document or form, photos to look at, photos to hand in.

    A body that brings less than `least_a_second` bytes on average over `slow_s` is cut off. All
    bodies that are kept in memory at the same moment have `held_bytes` at the most: they are read
    before it is known who sends them.
    """

    body_bytes: int = 1 << 20
    photo_bytes: int = 64 << 20
    upload_bytes: int = 1 << 30
    held_bytes: int = 512 << 20
    parts: int = 100
    upload_parts: int = 2_000
    headers: int = 100
    slow_s: float = 20.0
    least_a_second: int = 1024


def limits_of(settings: Settings) -> Limits:
    """The limits that an operator chose."""
    return Limits(
        body_bytes=settings.max_body_bytes,
        photo_bytes=settings.max_photos_bytes,
        upload_bytes=settings.max_upload_bytes + _HEADS_BYTES,
        held_bytes=max(_HELD_BYTES, 2 * settings.max_photos_bytes),
        upload_parts=settings.max_upload_files + _FIELDS_BESIDE,
    )


_FIELDS_BESIDE = 16
_HELD_BYTES = 512 << 20
_HEADS_BYTES = 2 << 20
"""What stands between the photos of an upload; the limit is meant for them."""


def keep_forms_in_memory(limits: Limits) -> None:
    """Photos of a form would else lie in a temporary file, for anybody to read."""
    MultiPartParser.spool_max_size = limits.photo_bytes


class BodyLimits:
    """Wraps the whole application; each request's body is counted on its way to it.

    `tell` makes an answer of what is wrong with one.
    """

    def __init__(self, app: ASGIApp, *, limits: Limits, tell: Tell = tell_plainly) -> None:
        self._app = app
        self._limits = limits
        self._tell = tell
        self._room = _Room(limits.held_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(scope, receive, limits=self._limits, room=self._room)
        answer = _Answer(send, body)
        body.check_headers()
        try:
            if body.problem is None:
                with suppress(_CutOffError):  # told below
                    await self._app(scope, body.receive, answer.send)
        finally:
            body.let_go()
        if body.problem is not None and not answer.has_begun:
            response = self._tell(scope, body.problem)
            if body.is_complete:
                await response(scope, receive, send)
            else:
                await _answer_at_once(response, scope, receive=receive, send=send)


class _CutOffError(Exception):
    """The rest of the body is not wanted; why is told by the middleware."""


@dataclass(slots=True)
class _Room:
    """How many bytes more may be kept in memory, of all bodies together; for one event loop."""

    left_bytes: int


class _Body:
    """One body on its way in; `problem` says what is wrong with it."""

    def __init__(self, scope: Scope, receive: Receive, *, limits: Limits, room: _Room) -> None:
        self._scope = scope
        self._receive = receive
        self._limits = limits
        self._room = room
        self._held_bytes = 0
        self._headers = Headers(scope=scope)
        kind = self._headers.get("Content-Type", "")
        self._kind = kind.partition(";")[0].strip().lower()
        self._most_bytes, self._most_parts = self._find_limits()
        self._delimiter = b""
        self._tail = b""
        self._parts = 0
        self._size_bytes = 0
        self.is_complete = scope["method"] not in _BRINGING
        self._waited_s = 0.0
        self._got_bytes = 0
        self.problem: ProblemError | None = None

    def check_headers(self) -> None:
        """What can be told before a byte of the body was read."""
        if len(self._scope["headers"]) > self._limits.headers:
            self.problem = _too_many_headers(self._limits.headers)
        elif self._scope["method"] in _BRINGING and self._brings_something():
            self.problem = self._find_problem()

    async def receive(self) -> Message:
        if self.problem is not None:
            raise _CutOffError
        if self.is_complete:
            return await self._receive()
        message = await self._receive_in_time()
        if message["type"] == "http.request":
            self._count(message.get("body", b""))
            self.is_complete = not message.get("more_body", False)
        if self.problem is not None:
            raise _CutOffError
        return message

    def let_go(self) -> None:
        """Nothing of it is kept any more."""
        self._room.left_bytes += self._held_bytes
        self._held_bytes = 0

    @property
    def _is_handed_on(self) -> bool:
        """Photos that are handed in go on to the disk as they come."""
        return self._kind == _MULTIPART and self._scope["path"].rstrip("/") == UPLOADS

    def _find_limits(self) -> tuple[int, int]:
        if self._is_handed_on:
            return self._limits.upload_bytes, self._limits.upload_parts
        if self._kind == _AMAZON:  # photos travel within the document, as Base64
            return self._limits.photo_bytes, 0
        if self._kind == _MULTIPART or self._kind.startswith("image/"):
            return self._limits.photo_bytes, self._limits.parts
        return self._limits.body_bytes, 0

    def _brings_something(self) -> bool:
        length = self._headers.get("Content-Length", "")
        return "Transfer-Encoding" in self._headers or length not in ("", "0")

    def _find_problem(self) -> ProblemError | None:
        if self._headers.get("Content-Encoding", "identity").lower() != "identity":
            return _wrong_type("A compressed body is not unpacked here: send it as it is.")
        if not (
            self._kind in (_MULTIPART, _FORM)
            or self._kind.startswith("image/")
            or self._kind in ("application/json", _AMAZON)
            or self._kind.endswith("+json")
        ):
            return _wrong_type("Send JSON, a form, or photos as multipart/form-data.")
        length = self._headers.get("Content-Length", "")
        if length.isdigit() and int(length) > self._most_bytes:
            return _too_large(self._most_bytes)
        if self._kind == _MULTIPART:
            boundary = find_boundary(self._headers.get("Content-Type", ""))
            if boundary is None:
                return malformed_multipart("it names no boundary")
            self._delimiter = b"--" + boundary
        return None

    async def _receive_in_time(self) -> Message:
        while True:
            began = time.monotonic()
            message = None
            try:
                async with asyncio.timeout(max(0.01, self._limits.slow_s - self._waited_s)):
                    message = await self._receive()
            except TimeoutError:
                pass  # judged below, with what came before
            self._waited_s += time.monotonic() - began
            self._got_bytes += len(message.get("body", b"")) if message else 0
            if self._waited_s >= self._limits.slow_s:
                if self._got_bytes < self._limits.least_a_second * self._limits.slow_s:
                    self.problem = _too_slow()
                    raise _CutOffError
                self._waited_s, self._got_bytes = 0.0, 0
            if message is not None:
                return message

    def _count(self, content: bytes) -> None:
        self._size_bytes += len(content)
        if self._size_bytes > self._most_bytes:
            self.problem = _too_large(self._most_bytes)
        elif not self._has_room(len(content)):
            self.problem = _crowded()
        elif self._delimiter:
            # The end of what came before may be the beginning of a delimiter.
            seen = self._tail + content
            self._parts += seen.count(self._delimiter)
            keep = len(self._delimiter) - 1
            self._tail = seen[-keep:]
            if self._parts > self._most_parts + 1:  # the last one ends the body
                self.problem = _too_many_parts(self._most_parts)

    def _has_room(self, size_bytes: int) -> bool:
        if not self._is_handed_on:
            if size_bytes > self._room.left_bytes:
                return False
            self._room.left_bytes -= size_bytes
            self._held_bytes += size_bytes
        return True


class _Answer:
    """Lets the application answer, unless the body broke a limit before it began to."""

    def __init__(self, send: Send, body: _Body) -> None:
        self._send = send
        self._body = body
        self.has_begun = False

    async def send(self, message: Message) -> None:
        if self._body.problem is not None and not self.has_begun:
            return  # what it makes of half a body is not what is told
        self.has_begun = True
        await self._send(message)


async def _answer_at_once(
    response: Response, scope: Scope, *, receive: Receive, send: Send
) -> None:
    """Answers, then reads on for a moment: whoever still sends would else miss the answer."""

    async def send_with_more(message: Message) -> None:
        is_body = message["type"] == "http.response.body"
        await send({**message, "more_body": True} if is_body else message)

    await response(scope, receive, send_with_more)
    await _throw_away(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _throw_away(receive: Receive) -> None:
    left = _THROWN_AWAY_BYTES
    try:
        async with asyncio.timeout(_THROWN_AWAY_S):
            while left > 0:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
                left -= len(message.get("body", b""))
    except TimeoutError:
        return


def malformed_multipart(why: str) -> ProblemError:
    """The body is not what its content type says."""
    return ProblemError(
        HTTPStatus.BAD_REQUEST,
        "malformed-multipart",
        f"The body is no multipart/form-data: {why}. Send it again as RFC 7578 has it.",
    )


def too_many(detail: str) -> ProblemError:
    """More than is taken at once."""
    return ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-many-parts", detail)


def _too_many_parts(most: int) -> ProblemError:
    return too_many(f"The body has more than {most:,} parts. Send fewer at once.")


def _too_large(most_bytes: int) -> ProblemError:
    return ProblemError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too-many-bytes",
        f"The body is larger than {most_bytes:,} bytes. Send less at once.",
        headers={"Connection": "close"},
    )


def _too_slow() -> ProblemError:
    return ProblemError(
        HTTPStatus.REQUEST_TIMEOUT,
        "too-slow",
        "The body came too slowly and was cut off; nothing of it was kept. Send it again.",
        headers={"Connection": "close"},
    )


def _crowded() -> ProblemError:
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "busy",
        "Too much is being sent at once. Come back in a few seconds.",
        headers={"Retry-After": "5", "Connection": "close"},
    )


def _wrong_type(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "wrong-content-type", detail)


def _too_many_headers(most: int) -> ProblemError:
    return ProblemError(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        "too-many-headers",
        f"The request has more than {most} headers.",
        headers={"Connection": "close"},
    )
