"""Opens http and https URLs for reading: few redirects, no other scheme, never for ever."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import IO
from urllib.parse import urlsplit

from mien.errors import WeightsError

__all__ = ["open_url"]

_TIMEOUT_S = 60.0
_MOST_REDIRECTS = 5
_SCHEMES = frozenset({"http", "https"})


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


class _Complete:
    """A response that says so when it ends before its announced length."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response

    def read(self, size: int) -> bytes:
        chunk = self._response.read(size)
        if not chunk and self._response.length:
            raise EOFError(f"{self._response.length} bytes are missing")
        return chunk

    def close(self) -> None:
        self._response.close()


def open_url(url: str) -> _Complete:
    """The response's bytes; the caller closes it. Raises `WeightsError` where there are none."""
    if urlsplit(url).scheme not in _SCHEMES:
        raise WeightsError(f"{url} is neither an http(s) nor a pkg URL")
    request = urllib.request.Request(url, headers={"User-Agent": "mien"})  # noqa: S310  # checked above
    try:
        response = urllib.request.build_opener(_Redirects).open(request, timeout=_TIMEOUT_S)
    except urllib.error.HTTPError as error:
        error.close()
        raise WeightsError(f"{url} cannot be fetched: {error}") from error
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise WeightsError(f"{url} cannot be fetched: {error}") from error
    return _Complete(response)
