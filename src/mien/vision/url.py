"""Opens http and https URLs for reading: few redirects, no other scheme, never for ever."""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from typing import IO
from urllib.parse import urlsplit

from mien.errors import WeightsError

__all__ = ["Answer", "open_url"]

TIMEOUT_S = 60.0
_MOST_REDIRECTS = 5
_SCHEMES = frozenset({"http", "https"})
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_PARTIAL, _NO_SUCH_RANGE = 206, 416


class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = _MOST_REDIRECTS

    def redirect_request(  # noqa: PLR0917  # urllib's own signature
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(req.full_url).scheme == "https" and urlsplit(newurl).scheme != "https":
            fp.close()
            raise WeightsError(f"{req.full_url} redirects from https to {newurl}; refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Answer:
    """A response's bytes from `start` on, which says so when it ends before its announced length.

    `total_bytes` is how long the whole file is said to be, if it is said.
    """

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response
        self.start, self.total_bytes = _parse_place(response)

    def read(self, size: int) -> bytes:
        """What has come, at most `size` bytes; nothing at the end. Raises `OSError` and others."""
        chunk = self._response.read1(size)
        if not chunk and self._response.length:
            raise EOFError(f"{self._response.length} bytes are missing")
        return chunk

    def close(self) -> None:
        self._response.close()


def open_url(url: str, *, start: int = 0, timeout_s: float = TIMEOUT_S) -> Answer:
    """The file from byte `start` on, or from its beginning where the server gives no parts.

    The caller closes it. Raises `WeightsError` where there is none.
    """
    if urlsplit(url).scheme not in _SCHEMES:
        raise WeightsError(f"{url} is neither an http(s) nor a pkg URL")
    headers = {"User-Agent": "mien", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  # checked above
    try:
        response = urllib.request.build_opener(_Redirects).open(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        error.close()
        if start and error.code == _NO_SUCH_RANGE:
            return open_url(url, timeout_s=timeout_s)
        raise WeightsError(f"{url} cannot be fetched: {error}") from error
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise WeightsError(f"{url} cannot be fetched: {error}") from error
    return Answer(response)


def _parse_place(response: http.client.HTTPResponse) -> tuple[int, int | None]:
    """At which byte of the file the response begins, and how long the file is."""
    said = response.headers.get("Content-Length", "")
    length = int(said) if said.isdigit() else None
    if response.status != _PARTIAL:
        return 0, length
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if match is None:
        response.close()
        raise WeightsError(f"{response.url} gives a part of a file and does not say which")
    start = int(match[1])
    if match[2] != "*":
        return start, int(match[2])
    return start, None if length is None else start + length
