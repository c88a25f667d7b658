"""A site with accounts of its own, and browsers that sign in to it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from starlette.testclient import TestClient

from mien.http.doorkeeper import AccountsDoorkeeper
from mien.http.site import Site
from mien.server.app import make_app
from server.door import make_site
from service.desk import PASSWORD, Desk

PAGE = {"Accept": "text/html"}
_FIELD = re.compile(r'name="(\w+)" value="([^"]*)"')


def site_of(desk: Desk, **changes: object) -> Site:
    site = make_site(desk.library)
    own = {"doorkeeper": AccountsDoorkeeper(desk.library), "passwords": desk.passwords}
    return replace(site, **(own | changes))  # type: ignore[arg-type]


@contextmanager
def browsing(desk: Desk, name: str = "", **changes: object) -> Iterator[TestClient]:
    """A browser in which somebody signed in, or nobody; it follows no redirect by itself."""
    app = make_app(site_of(desk, **changes))
    with TestClient(app, headers=PAGE, follow_redirects=False) as client:
        if name:
            answer = client.post("/sign-in", data={"name": name, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
        yield client


def field_of(page: str, name: str) -> str:
    """What a form of the page carries under this name."""
    return html.unescape(dict(_FIELD.findall(page))[name])


def csrf_of(client: TestClient) -> str:
    return field_of(client.get("/account").text, "csrf_token")
