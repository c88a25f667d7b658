"""Answers only to the names that the server goes by, so that no page elsewhere can pose as it.

A browser sends the name that it believes it speaks to. A page whose own name was made to
point at this machine would be sent with that name, and is turned away.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mien.http.problem import ProblemError, Tell, tell_plainly

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class KnownHosts:
    """Wraps the application; `origin` is how the server is reached."""

    def __init__(self, app: ASGIApp, *, origin: str, tell: Tell = tell_plainly) -> None:
        self._app = app
        self._tell = tell
        self._known = _LOCAL | {urlsplit(origin).hostname or ""}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_known(Headers(scope=scope).get("host", "")):
            await self._app(scope, receive, send)
            return
        problem = ProblemError(
            HTTPStatus.MISDIRECTED_REQUEST,
            "unknown-host",
            "This server does not go by that name. Its operator declares one with --behind.",
        )
        await self._tell(scope, problem)(scope, receive, send)

    def _is_known(self, host: str) -> bool:
        try:
            return urlsplit(f"//{host}").hostname in self._known
        except ValueError:
            return False
