"""Tags of collections as rows; what they say is sealed (mien.service.tags)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from mien.catalog.parts import in_parts
from mien.catalog.tags_schema import tags
from mien.types import CollectionId


@dataclass(frozen=True, slots=True)
class StoredTag:
    """A tag; `reference` is keyed, of what it is called."""

    reference: str
    sealed: bytes


def name_tags(collection_uuid: str) -> str:
    """By which name the vault keeps the key of a collection's tags."""
    return f"collection-tags:{collection_uuid}"


def find_tags(connection: Connection, collection_id: CollectionId) -> list[StoredTag]:
    """In the order they were put there."""
    found = select(tags.c.reference, tags.c.sealed).where(tags.c.collection_id == collection_id)
    return [StoredTag(*row) for row in connection.execute(found.order_by(tags.c.id))]


def put_tags(
    connection: Connection, collection_id: CollectionId, *, new: Iterable[StoredTag]
) -> None:
    """Each takes the place of one of the same reference."""
    rows = list(new)
    delete_tags(connection, collection_id, references=[one.reference for one in rows])
    if rows:
        connection.execute(
            insert(tags),
            [
                {
                    "collection_id": collection_id,
                    "reference": one.reference,
                    "sealed": one.sealed,
                }
                for one in rows
            ],
        )


def delete_tags(
    connection: Connection, collection_id: CollectionId, *, references: Iterable[str]
) -> None:
    """Those that are not there count as gone."""
    for some in in_parts(references):
        connection.execute(
            delete(tags).where(tags.c.collection_id == collection_id, tags.c.reference.in_(some))
        )
