"""Links as they stand: believed only where the vault vouches for their rows, as grants are.

A link's token is made of its id by the vault, so that a host can print it again and the
catalog holds its hash alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256

from mien.catalog import links as rows
from mien.catalog.audit import format_json
from mien.catalog.connect import Connection
from mien.catalog.links import StoredLink
from mien.errors import NotFoundError, VaultError
from mien.service import audit
from mien.service.deployment import Deployment
from mien.service.link import Link
from mien.vault.notary import Owner


def make_token(deployment: Deployment, link_id: str) -> str:
    """What a guest brings: 128 bits that nobody without this vault can know."""
    return deployment.vault.notary.refer("token of a link", link_id)


def hash_token(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def seal_name(deployment: Deployment, name: str, *, link_id: str) -> bytes:
    """The event's name; the deployment's own key is never destroyed, so it always can."""
    content = json.dumps({"name": name}).encode()
    sealed = deployment.vault.notary.seal_note(content, owner=Owner(), context=_context(link_id))
    return sealed or b""


def vouch_for_link(deployment: Deployment, connection: Connection, *, link_id: str) -> Link:
    """From now on this is what the link is. Last in the transaction that writes its row."""
    stored = _get(connection, link_id)
    deployment.vault.notary.vouch(_name(stored), _describe(stored))
    return believe(deployment, stored)


def get_link(deployment: Deployment, connection: Connection, *, link_id: str) -> Link:
    """Raises `NotFoundError`."""
    return believe(deployment, _get(connection, link_id))


def find_link_by_token(
    deployment: Deployment, connection: Connection, *, token: str
) -> Link | None:
    stored = rows.find_link_by_token(connection, hash_token(token))
    return None if stored is None else believe(deployment, stored)


def iter_links(deployment: Deployment, connection: Connection) -> Iterator[Link]:
    """All links, the newest first."""
    for stored in rows.iter_links(connection):
        yield believe(deployment, stored)


def believe(deployment: Deployment, stored: StoredLink) -> Link:
    """The link, with whether it is what was last recorded here."""
    return Link(
        id=stored.id,
        link_id=stored.uuid,
        name=_open_name(deployment, stored),
        collection=stored.collection,
        purpose=stored.purpose,
        made_at=stored.made_at,
        revoked_at=stored.revoked_at,
        terms=stored.terms,
        is_vouched=deployment.vault.notary.is_vouched(_name(stored), _describe(stored)),
    )


def _get(connection: Connection, link_id: str) -> StoredLink:
    stored = rows.find_link(connection, link_id.strip().lower())
    if stored is None:
        raise NotFoundError(f"There is no link {link_id}.")
    return stored


def _open_name(deployment: Deployment, stored: StoredLink) -> str:
    try:
        content = deployment.vault.notary.unseal_note(
            stored.sealed, owner=Owner(), context=_context(stored.uuid)
        )
    except VaultError:  # a changed row; it is not vouched for, and opens nothing
        return ""
    return str(json.loads(content)["name"])


def _context(link_id: str) -> str:
    return f"link:{link_id}"


def _name(stored: StoredLink) -> str:
    return f"link:{stored.uuid}"


def _describe(stored: StoredLink) -> bytes:
    terms, revoked_at = stored.terms, stored.revoked_at
    return format_json(
        {
            "row": str(stored.id),
            "token_hash": stored.token_hash,
            "collection": str(stored.collection_id),
            "purpose": stored.purpose,
            "made_at": audit.format_time(stored.made_at),
            "revoked_at": None if revoked_at is None else audit.format_time(revoked_at),
            "expires_at": audit.format_time(terms.expires_at),
            "approves": terms.approves,
            "searches": [terms.searches_each, terms.searches_hourly, terms.searches_total],
            "sealed": sha256(stored.sealed).hexdigest(),
        }
    )
