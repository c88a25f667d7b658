"""Long lists, a page at a time: each answer says how to get the next one.

A cursor is signed with this home's own key: it names where one list goes on, and nobody can
make one up, or go on with it in another list. What it names is an id or a time, never anything
of a person.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import Depends, Query
from starlette.requests import Request

from mien.http.problem import ProblemError
from mien.http.site import Site, site_of

LONGEST = 200
USUAL = 50
_KIND = "cursor"
_MARK_BYTES = 32

Item = TypeVar("Item")

Limit = Annotated[int, Query(ge=1, le=LONGEST, description="How many at most.")]
Cursor = Annotated[
    str, Query(max_length=2048, description="The `next_cursor` of the page before; of none, all.")
]


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page is wanted: so many, after what the cursor names; from the beginning if empty.

    `path` is where the list is found: its cursors are read there and nowhere else.
    """

    site: Site
    limit: int
    after: str
    path: str = ""

    def tell_next(self, value: str) -> str:
        """The cursor of the page that begins after this."""
        return encode_cursor(self.site, value, path=self.path)

    def cut(
        self, items: Iterable[Item], *, key: Callable[[Item], str]
    ) -> tuple[Sequence[Item], str | None]:
        """The page of these items, in the order of their keys, and the cursor of the next one.

        No two items have the same key. One that is erased between two pages moves no other.
        """
        left = sorted((item for item in items if key(item) > self.after), key=key)
        page = left[: self.limit]
        return page, self.tell_next(key(page[-1])) if len(left) > self.limit else None


def _read_paging(request: Request, *, limit: Limit = USUAL, cursor: Cursor = "") -> Paging:
    site, path = site_of(request), request.url.path
    after = decode_cursor(site, cursor, path=path) if cursor else ""
    return Paging(site, limit, after, path)


Paged = Annotated[Paging, Depends(_read_paging)]
"""The page that a request asks for, as an argument of a route; after the one that says who asks."""


def encode_cursor(site: Site, value: str, *, path: str = "") -> str:
    """Where the list at this path goes on, as text that only this home can have made."""
    mark = site.library.parts.deployment.vault.notary.refer(_KIND, f"{path}\0{value}")
    return urlsafe_b64encode(f"{mark}{value}".encode()).decode().rstrip("=")


def decode_cursor(site: Site, text: str, *, path: str = "") -> str:
    """What was encoded for the list at this path. Raises a problem for anything else."""
    try:
        value = urlsafe_b64decode((text + "=" * (-len(text) % 4)).encode())[_MARK_BYTES:].decode()
    except ValueError as error:  # no Base64, or no text in it
        raise _malformed() from error
    if not hmac.compare_digest(text.encode(), encode_cursor(site, value, path=path).encode()):
        raise _malformed()
    return value


def _malformed() -> ProblemError:
    return ProblemError(
        HTTPStatus.BAD_REQUEST,
        "malformed-cursor",
        "The cursor is none that was given out here. Begin again without one.",
    )
