"""Collections: galleries of faces searched together, one model and one basis each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, insert, select, update

from mien.catalog.schema import collections
from mien.errors import ConflictError, NotFoundError
from mien.permission.basis import Basis
from mien.types import CollectionId, EmbeddingModel


@dataclass(frozen=True, slots=True)
class Collection:
    """A gallery. `revision` rises with every change to its faces."""

    id: CollectionId
    uuid: str
    name: str
    basis: Basis
    model_id: str
    model_digest: str
    dimension: int
    revision: int
    created_at: datetime


def create_collection(
    connection: Connection, name: str, *, basis: Basis, model: EmbeddingModel, at: datetime
) -> Collection:
    """Raises `ConflictError` where the name is taken."""
    if find_collection(connection, name) is not None:
        raise ConflictError(f"There is a collection {name} already. Choose another name.")
    connection.execute(
        insert(collections).values(
            uuid=str(uuid4()),
            name=name,
            basis=basis,
            model_id=model.model_id,
            model_digest=model.digest,
            dimension=model.dimension,
            created_at=at,
            revision=0,
        )
    )
    return get_collection(connection, name)


def find_collection(connection: Connection, name: str) -> Collection | None:
    row = connection.execute(select(collections).where(collections.c.name == name)).one_or_none()
    return None if row is None else _parse_row(row)


def get_collection(connection: Connection, name: str) -> Collection:
    """Raises `NotFoundError`."""
    collection = find_collection(connection, name)
    if collection is None:
        raise NotFoundError(
            f"There is no collection {name}. Photos are added with: mien add PATH --grant ID"
        )
    return collection


def iter_collections(connection: Connection) -> Iterator[Collection]:
    """All collections, in the order they were made."""
    for row in connection.execute(select(collections).order_by(collections.c.id)):
        yield _parse_row(row)


def raise_revision(connection: Connection, collection_id: CollectionId) -> None:
    """Tells every index in memory that the faces of the collection changed."""
    connection.execute(
        update(collections)
        .where(collections.c.id == collection_id)
        .values(revision=collections.c.revision + 1)
    )


def _parse_row(row: Row[*tuple[Any, ...]]) -> Collection:
    return Collection(
        id=CollectionId(row.id),
        uuid=row.uuid,
        name=row.name,
        basis=Basis(row.basis),
        model_id=row.model_id,
        model_digest=row.model_digest,
        dimension=row.dimension,
        revision=row.revision,
        created_at=row.created_at,
    )
