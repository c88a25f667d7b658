"""Pages asked for as a browser does, for tests that look at what stands in them."""

from __future__ import annotations

from html import unescape
from re import findall, search

from httpx2 import Response
from starlette.testclient import TestClient

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def ask(client: TestClient, path: str) -> Response:
    return client.get(path, headers=BROWSER, follow_redirects=False)


def send(client: TestClient, path: str, **fields: object) -> Response:
    """A form as a browser sends it; where it leads is not followed."""
    return client.post(path, data=fields, headers=BROWSER, follow_redirects=False)


def errors_of(answer: Response) -> dict[str, str]:
    """What is told at each field, by the field's id."""
    told = findall(r'<p class="error" id="([^"]+)-error">([^<]*)</p>', answer.text)
    return {name: unescape(text) for name, text in told}


def refusal_of(answer: Response) -> str:
    """What is told of the form as a whole."""
    told = search(r'role="alert">\s*<p>([^<]*)</p>', answer.text)
    return "" if told is None else unescape(told[1])
