"""A site over a stage, with callers who are let in by their name, for tests of routes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.testclient import TestClient

from mien.http.asking import CSRF_HEADER, SESSION_COOKIE
from mien.http.site import Access, SignedIn, Site
from mien.http.throttle import Throttle
from mien.http.turnstile import Turnstile
from mien.library import Library
from mien.permission.caller import OPERATIONS, Caller, Role
from mien.server.app import make_app
from mien.service.long_runs import Runs

CSRF_TOKEN = "the token of the session"  # noqa: S105


def caller_of(role: Role, **changes: object) -> Caller:
    """Somebody of this role, bound to what the changes say."""
    known: dict[str, object] = {
        "actor": f"user:{role}",
        "name": str(role).capitalize(),
        "operations": OPERATIONS[role],
    }
    return Caller(**(known | changes))  # type: ignore[arg-type]


@dataclass
class Door:
    """Lets in whoever it knows: the key, and the session's token, is their name."""

    callers: dict[str, Caller] = field(
        default_factory=lambda: {str(role): caller_of(role) for role in Role}
    )
    access_keys: dict[str, Access] = field(default_factory=dict)

    def find_by_session(self, token: str) -> SignedIn | None:
        caller = self.callers.get(token)
        return None if caller is None else SignedIn(caller, CSRF_TOKEN)

    def find_by_access_key(self, access_key_id: str) -> Access | None:
        return self.access_keys.get(access_key_id)

    def note_access(self, access_key_id: str) -> None:
        assert access_key_id in self.access_keys

    def find_by_key(self, key: str) -> Caller | None:
        return self.callers.get(key)


def make_site(library: Library, door: Door | None = None) -> Site:
    return Site(
        library=library,
        doorkeeper=door or Door(),
        turnstile=Turnstile(at_once=2, waiting=8, patience_s=5.0),
        throttle=Throttle(),
        origin="http://testserver",
        is_secure=False,
        runs=Runs(library.parts, served=library.settings.find_served_folders()),
    )


@contextmanager
def visiting(
    library: Library, who: str = "", *, with_key: bool = True, door: Door | None = None
) -> Iterator[TestClient]:
    """A client of somebody's, with their key or signed in by cookie; of nobody's if unnamed."""
    headers = {"Authorization": f"Bearer {who}"} if who and with_key else {}
    if who and not with_key:
        headers = {CSRF_HEADER: CSRF_TOKEN}
    with TestClient(make_app(make_site(library, door)), headers=headers) as client:
        if who and not with_key:
            client.cookies.set(SESSION_COOKIE, who)
        yield client
