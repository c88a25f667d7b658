"""What was opted out, item, source or face, and whether a photo may still be taken in."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum

from mien.permission.host import is_on_host
from mien.permission.scope import covers
from mien.permission.verdict import ALLOWED, Reason, Verdict, refuse

STRICTEST_FMR, USUAL_FMR = 1e-2, 1e-3
"""How alike a face must be to be taken for a suppressed one; no laxer rate can be chosen."""


HOST = "//"
"""Begins what keeps a host out, with those below it, by whichever scheme they are reached."""


class Level(StrEnum):
    """What a suppression keeps out."""

    ITEM = "item"
    """One photo, and others that look the same."""

    SOURCE = "source"
    """Whatever is found at an address or below it."""

    FACE = "face"
    """Whoever looks like one face."""


def may_take(uri: str, *, blocked: Iterable[str]) -> Verdict:
    """May a photo at this address be taken in, where these addresses are blocked?

    A blocked address keeps out itself and everything below it, over http and https alike; one of
    a host alone, `//example.org`, whatever lies on it or on a host below it.
    """
    places = list(blocked)
    hosts = [place.removeprefix(HOST) for place in places if place.startswith(HOST)]
    parts = (part for place in places for part in _cover(_without_tls(place)))
    is_blocked = any(is_on_host(uri, host) for host in hosts) or covers(parts, _without_tls(uri))
    return refuse(Reason.SOURCE_SUPPRESSED) if is_blocked else ALLOWED


def may_read(sha256: str, *, blocked: Collection[str]) -> Verdict:
    """May a photo of these bytes be looked at, where these are blocked?"""
    return refuse(Reason.ITEM_SUPPRESSED) if sha256 in blocked else ALLOWED


def may_keep(*, is_near: bool) -> Verdict:
    """May a photo be kept, where it looks like one that was opted out, or does not?"""
    return refuse(Reason.ITEM_SUPPRESSED) if is_near else ALLOWED


def _cover(address: str) -> tuple[str, str]:
    """The address itself and all below it, as parts of a scope."""
    own = address.removesuffix("/")
    return own, f"{own}/"


def _without_tls(uri: str) -> str:
    scheme, separator, rest = uri.partition("://")
    return f"http{separator}{rest}" if scheme.lower() == "https" else uri
