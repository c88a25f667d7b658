"""Strong ETags: what has not changed is not sent again, and what has is not overwritten unseen."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from mien.http.problem import ProblemError

KEPT_BY_READER = "private, no-cache"
"""A browser may keep it, and asks each time whether it still holds; nobody in between may."""

_CHARACTERS = 32


def make_etag(*parts: str | bytes) -> str:
    """Of whatever decides what an answer says; equal where all parts are."""
    digest = sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return f'"{digest.hexdigest()[:_CHARACTERS]}"'


def is_known(request: Request, etag: str) -> bool:
    """Does whoever asks have this already (If-None-Match)?"""
    return _names(request.headers.get("If-None-Match", ""), etag, is_weak_enough=True)


def check_unchanged(request: Request, etag: str) -> None:
    """Raises a problem where a change is meant for something else than this (If-Match)."""
    wanted = request.headers.get("If-Match")
    if wanted is not None and not _names(wanted, etag, is_weak_enough=False):
        raise ProblemError(
            HTTPStatus.PRECONDITION_FAILED,
            "changed-meanwhile",
            "It was changed since you looked. Get it again, then decide anew.",
            headers={"ETag": etag},
        )


def answer(
    request: Request,
    content: bytes,
    *,
    media_type: str = "application/json",
    etag: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The content with its ETag, which is made of the content unless given; 304 if it is known."""
    tag = etag or make_etag(content)
    told = {"ETag": tag, "Cache-Control": KEPT_BY_READER, **(headers or {})}
    if is_known(request, tag):
        return answer_unchanged(tag)
    return Response(content, headers=told, media_type=media_type)


def answer_unchanged(etag: str) -> Response:
    """304, for a route that knows the ETag before it has the content."""
    headers = {"ETag": etag, "Cache-Control": KEPT_BY_READER}
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)


def _names(header: str, etag: str, *, is_weak_enough: bool) -> bool:
    if header.strip() == "*":
        return True
    named = [one.strip() for one in header.split(",")]
    if is_weak_enough:  # whatever lies in between may have made it a weak one
        named = [one.removeprefix("W/") for one in named]
    return etag in named
