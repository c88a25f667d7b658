"""What every route of one server shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from starlette.requests import HTTPConnection

from mien.errors import NotFoundError
from mien.http.limits import Limits
from mien.http.metrics import Metrics
from mien.http.shelf import Shelf
from mien.http.throttle import Throttle
from mien.http.turnstile import Turnstile
from mien.library import Library
from mien.permission.access_key import AccessTerms
from mien.permission.caller import Caller
from mien.service.gauges import RecallGauge
from mien.service.long_runs import Runs
from mien.service.policy import Policy
from mien.vault.passwords import Passwords


class Doorkeeper(Protocol):
    """Makes sure who asks."""

    def find_by_session(self, token: str) -> SignedIn | None:
        """Who signed in with a browser, as long as the session and the account are in force."""

    def find_by_key(self, key: str) -> Caller | None:
        """Whose API key this is, as long as it and the account are in force."""

    def find_by_access_key(self, access_key_id: str) -> Access | None:
        """Who may sign with this key, and the secret that makes sure of it."""

    def note_access(self, access_key_id: str) -> None:
        """Notes that a request was signed with the key, once its signature was right."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody in a browser; whoever asks for a change sends the token along (CSRF)."""

    caller: Caller
    csrf_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Somebody who signs requests, to be believed only when a signature fits the secret."""

    caller: Caller
    terms: AccessTerms
    secret: str = field(repr=False)


class ObjectStores(Protocol):
    """Where objects lie that a request names: those that the operator configured, and no others."""

    def read(self, *, bucket: str, key: str, version: str, max_bytes: int) -> bytes:
        """The object, of a version where one is named.

        Raises `NotFoundError` for what is not there or may not be read, and `PhotoError`
        (too-many-bytes) for one that is larger.
        """


class NoStores:
    """No store is configured."""

    def read(self, *, bucket: str, key: str, version: str, max_bytes: int) -> bytes:  # noqa: ARG002
        raise NotFoundError("No store of objects is configured here.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One server: its library and the doors to it. `origin` is how it is reached from outside.

    `region` is what signed requests must name.
    """

    library: Library
    doorkeeper: Doorkeeper
    turnstile: Turnstile
    throttle: Throttle
    origin: str
    is_secure: bool
    runs: Runs
    metrics: Metrics = field(default_factory=Metrics)
    recall: RecallGauge = field(default_factory=RecallGauge)
    passwords: Passwords = field(default_factory=Passwords)
    limits: Limits = field(default_factory=Limits)
    policy: Shelf[Policy] = field(default_factory=Shelf)
    region: str = "us-east-1"
    object_stores: ObjectStores = field(default_factory=NoStores)


def site_of(connection: HTTPConnection) -> Site:
    """The site that a request came to."""
    site: Site = connection.app.state.site
    return site
