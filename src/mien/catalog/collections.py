"""Collections: galleries of faces searched together, one model and one charter each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, insert, select, update

from mien.catalog.parsing import (
    iter_columns,
    parse_instant,
    parse_retention,
    parse_text,
    parse_texts,
)
from mien.catalog.schema import EPOCH, collections
from mien.errors import ConflictError, NotFoundError
from mien.permission.basis import Basis
from mien.permission.charter import UNREADABLE, Charter
from mien.types import CollectionId, EmbeddingModel


@dataclass(frozen=True, slots=True)
class Collection:
    """A gallery. `revision` rises with every change to its faces.

    Its templates are in one of two slots of the vault; in the other those of `next_digest` are
    being made, if of any, or being removed where it is the collection's own.
    """

    id: CollectionId
    uuid: str
    name: str
    charter: Charter
    model_id: str
    model_digest: str
    dimension: int
    revision: int
    created_at: datetime
    slot: int = 0
    next_digest: str = ""

    @property
    def other_slot(self) -> int:
        """Where templates of another model are made, and the old ones are after a switch."""
        return 1 - self.slot

    @property
    def basis(self) -> Basis:
        return self.charter.basis


def create_collection(
    connection: Connection, name: str, *, charter: Charter, model: EmbeddingModel, at: datetime
) -> Collection:
    """Raises `ConflictError` where the name is taken."""
    if find_collection(connection, name) is not None:
        raise ConflictError(f"There is a collection {name} already. Choose another name.")
    connection.execute(
        insert(collections).values(
            uuid=str(uuid4()),
            name=name,
            basis=charter.basis,
            purposes=sorted(charter.purposes),
            assessment=charter.assessment,
            retention_days=charter.retention and charter.retention.days,
            confirmations=charter.confirmations,
            model_id=model.model_id,
            model_digest=model.digest,
            dimension=model.dimension,
            created_at=at,
            revision=0,
        )
    )
    return get_collection(connection, name)


def find_collection(connection: Connection, name: str) -> Collection | None:
    found = select(*iter_columns(collections)).where(collections.c.name == name)
    row = connection.execute(found).one_or_none()
    return None if row is None else _parse_row(row)


def get_collection(connection: Connection, name: str) -> Collection:
    """Raises `NotFoundError`."""
    collection = find_collection(connection, name)
    if collection is None:
        raise NotFoundError(
            f"There is no collection {name}. Photos are added with: mien add PATH --grant ID"
        )
    return collection


def is_there(connection: Connection, collection_id: CollectionId) -> bool:
    """It may have been deleted meanwhile; no other one has its id."""
    found = select(collections.c.id).where(collections.c.id == collection_id)
    return connection.execute(found).first() is not None


def iter_collections(connection: Connection) -> Iterator[Collection]:
    """All collections, in the order they were made."""
    for row in connection.execute(select(*iter_columns(collections)).order_by(collections.c.id)):
        yield _parse_row(row)


def raise_revision(connection: Connection, collection_id: CollectionId) -> None:
    """Tells every index in memory that the faces of the collection changed."""
    connection.execute(
        update(collections)
        .where(collections.c.id == collection_id)
        .values(revision=collections.c.revision + 1)
    )


def set_next_model(connection: Connection, collection_id: CollectionId, *, digest: str) -> None:
    """Of which model templates are made in the other slot; of none, where the digest is empty."""
    connection.execute(
        update(collections).where(collections.c.id == collection_id).values(next_digest=digest)
    )


def switch_model(connection: Connection, collection: Collection, *, model: EmbeddingModel) -> None:
    """From now on the collection is of that model, whose templates are in the other slot."""
    connection.execute(
        update(collections)
        .where(collections.c.id == collection.id)
        .values(
            model_id=model.model_id,
            model_digest=model.digest,
            dimension=model.dimension,
            slot=collection.other_slot,
            revision=collections.c.revision + 1,
        )
    )


def _parse_row(row: Row[*tuple[Any, ...]]) -> Collection:
    """What no charter of ours can have been written as stands for the strictest there is."""
    charter, created_at = UNREADABLE, EPOCH
    with suppress(ValueError, TypeError):
        created_at = parse_instant(row.created_at)
        charter = _parse_charter(row)
    return Collection(
        id=CollectionId(row.id),
        uuid=row.uuid,
        name=row.name,
        charter=charter,
        model_id=row.model_id,
        model_digest=row.model_digest,
        dimension=row.dimension,
        revision=row.revision,
        created_at=created_at,
        slot=row.slot,
        next_digest=row.next_digest,
    )


def _parse_charter(row: Row[*tuple[Any, ...]]) -> Charter:
    return Charter(
        basis=Basis(row.basis),
        purposes=frozenset(parse_texts(row.purposes)),
        assessment=parse_text(row.assessment),
        retention=parse_retention(row.retention_days),
        confirmations=int(row.confirmations),
    )
