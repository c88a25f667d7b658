"""Counts each answer by the pattern of its address, and how long it took."""

from __future__ import annotations

import time
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mien.http.metrics import UNKNOWN_ROUTE, Metrics

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Measure:
    """Wraps the whole application; an answer that never began counts as an error of the server."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), HTTPStatus.INTERNAL_SERVER_ERROR.value

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            # What a stranger makes up, a path or a method, becomes no label.
            self._metrics.count_request(
                getattr(scope.get("route"), "path", UNKNOWN_ROUTE),
                method=scope["method"] if scope["method"] in _METHODS else "other",
                status=status,
                seconds=time.perf_counter() - began,
            )
