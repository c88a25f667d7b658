"""What anybody may read of a grant: pure decisions, made once and for every form of the policy.

A grantor is named where a grant of that kind is given by a site, a publisher or a party to a
contract. Whoever vouches for photos of their own, or hands in an export of their account, is a
private person as often as not, and is not. Of a place, its host is told and no path: folders
are called after people.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from mien.permission.grant import Grant, GrantKind

_NAMED = frozenset({GrantKind.SITE_GRANT, GrantKind.OPEN_LICENCE, GrantKind.CONTRACT})

FOLDER = "a folder of the operator"
SHELF = "photos handed in to the operator"
STORE = "a store of the operator"


def publish_grantor(grant: Grant) -> str:
    """The grantor's name where it may be published; else nothing."""
    return grant.grantor if grant.kind in _NAMED else ""


def publish_places(grant: Grant) -> tuple[str, ...]:
    """Where the grant holds, as far as it may be published; each place once."""
    return tuple(dict.fromkeys(map(_publish_place, grant.scope)))


def _publish_place(uri: str) -> str:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return STORE
    if parts.scheme in ("http", "https"):
        # Not `netloc`: somebody may have written a password into it.
        return parts.hostname or STORE
    return {"file": FOLDER, "upload": SHELF}.get(parts.scheme, STORE)
