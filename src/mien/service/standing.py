"""Grants and collections as they stand: believed only where the vault vouches for their rows.

Each time such a row is written, a mark of its full terms is left beside the keys. A row
that was edited, inserted by somebody, or that came back with an older catalog does not fit
the newest mark, and nothing is allowed by it.

catalog   the row is written, in a transaction that is still open
keys      the mark of what the row says now takes the place of the one before
catalog   the transaction ends

Whoever is killed between the last two has a grant that allows nothing, since its row still
says what it said; the same command once more makes them fit. A grant that is withdrawn is
withdrawn from the second step on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from datetime import datetime, timedelta

from mien.catalog import collections as collection_rows
from mien.catalog import grants as rows
from mien.catalog.audit import Json, format_json
from mien.catalog.collections import Collection
from mien.catalog.connect import Connection
from mien.catalog.grants import StoredGrant
from mien.permission.charter import Charter
from mien.permission.grant import Evidence, Grant
from mien.service import audit
from mien.service.deployment import Deployment
from mien.types import CollectionId


def find_grant(
    deployment: Deployment, connection: Connection, *, grant_id: str
) -> StoredGrant | None:
    stored = rows.find_grant(connection, grant_id)
    return None if stored is None else believe(deployment, stored)


def get_grant(deployment: Deployment, connection: Connection, *, grant_id: str) -> StoredGrant:
    """Raises `NotFoundError`."""
    return believe(deployment, rows.get_grant(connection, grant_id))


def iter_grants(deployment: Deployment, connection: Connection) -> Iterator[StoredGrant]:
    """All grants, in the order they were recorded."""
    for stored in rows.iter_grants(connection):
        yield believe(deployment, stored)


def iter_grants_of(
    deployment: Deployment, connection: Connection, *, collection_id: CollectionId
) -> Iterator[StoredGrant]:
    """The grants under which photos were added to a collection."""
    for stored in rows.iter_grants_of(connection, collection_id):
        yield believe(deployment, stored)


def believe(deployment: Deployment, stored: StoredGrant) -> StoredGrant:
    """The grant, with whether it is what was last recorded here."""
    content = format_json(_describe(stored))
    is_vouched = deployment.vault.notary.is_vouched(name_grant(stored.grant.grant_id), content)
    return StoredGrant(stored.id, replace(stored.grant, is_vouched=is_vouched))


def vouch_for(deployment: Deployment, stored: StoredGrant) -> StoredGrant:
    """From now on this is what the grant says. Last in the transaction that writes its row."""
    content = format_json(_describe(stored))
    deployment.vault.notary.vouch(name_grant(stored.grant.grant_id), content)
    return StoredGrant(stored.id, replace(stored.grant, is_vouched=True))


def find_collection(
    deployment: Deployment, connection: Connection, *, name: str
) -> Collection | None:
    found = collection_rows.find_collection(connection, name)
    return None if found is None else _believe_collection(deployment, found)


def get_collection(deployment: Deployment, connection: Connection, *, name: str) -> Collection:
    """Raises `NotFoundError`."""
    return _believe_collection(deployment, collection_rows.get_collection(connection, name))


def iter_collections(deployment: Deployment, connection: Connection) -> Iterator[Collection]:
    """All collections, in the order they were made."""
    for found in collection_rows.iter_collections(connection):
        yield _believe_collection(deployment, found)


def make_collection(
    deployment: Deployment, connection: Connection, *, name: str, charter: Charter
) -> Collection:
    """A new collection, vouched for. Raises `ConflictError` where the name is taken."""
    made = collection_rows.create_collection(
        connection, name, charter=charter, model=deployment.model, at=deployment.clock()
    )
    deployment.vault.notary.vouch(_name_collection(made), _describe_collection(made))
    return _believe_collection(deployment, made)


def vouch_for_collection(
    deployment: Deployment, connection: Connection, *, name: str
) -> Collection:
    """From now on this is what the collection is. Last in the transaction that writes its row."""
    found = collection_rows.get_collection(connection, name)
    deployment.vault.notary.vouch(_name_collection(found), _describe_collection(found))
    return _believe_collection(deployment, found)


def disown_collection(deployment: Deployment, collection: Collection) -> None:
    """Whatever a row of it says from now on, nothing is allowed by it. Once it is deleted."""
    deployment.vault.notary.disown([_name_collection(collection)])


def vouch_for_ended(
    deployment: Deployment, connection: Connection, *, grant_ids: Iterable[str]
) -> None:
    """The same for grants that an erasure ended; one that it found ended stays as it is."""
    for grant_id in grant_ids:
        stored = rows.find_grant(connection, grant_id)
        if stored is not None and stored.grant.revoked_at is not None:
            vouch_for(deployment, stored)


def name_grant(grant_id: str) -> str:
    """What the mark of a grant goes by."""
    return f"grant:{grant_id}"


def _describe(stored: StoredGrant) -> dict[str, Json]:
    """The full terms, and the number by which photos refer to the grant."""
    return {**_describe_fields(stored.grant), "row": stored.id}


def _believe_collection(deployment: Deployment, found: Collection) -> Collection:
    is_vouched = deployment.vault.notary.is_vouched(
        _name_collection(found), _describe_collection(found)
    )
    return replace(found, charter=replace(found.charter, is_vouched=is_vouched))


def _name_collection(found: Collection) -> str:
    return f"collection:{found.uuid}"


def _describe_collection(found: Collection) -> bytes:
    """All of it but how often its faces changed."""
    described = _describe_fields(found)
    del described["revision"]
    return format_json(described)


def _describe_fields(value: Grant | Evidence | Collection | Charter) -> dict[str, Json]:
    """Every field that says something of itself."""
    return {
        field.name: _format(getattr(value, field.name))
        for field in fields(value)
        if field.name != "is_vouched"
    }


def _format(value: object) -> Json:
    if isinstance(value, datetime):
        return audit.format_time(value)
    if isinstance(value, timedelta):
        return value.days
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    if isinstance(value, tuple):
        return [_format(one) for one in value]
    if isinstance(value, Evidence | Charter):
        return _describe_fields(value)
    return None if value is None else str(value)
