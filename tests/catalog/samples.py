"""A catalog in a folder, and rows to put into it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Connection

from mien.catalog.collections import Collection, create_collection
from mien.catalog.connect import Database, open_database
from mien.catalog.faces import SearchScope, iter_visible_ids
from mien.catalog.grants import get_grant, record_grant
from mien.catalog.indexed import KeptFace, NewIndexedPhoto, index_photo
from mien.catalog.photos import NewPhoto, Sighting, add_location, add_photo
from mien.permission.basis import Basis
from mien.permission.charter import Charter
from mien.testing import GOOD
from mien.types import (
    Box,
    CollectionId,
    Credit,
    EmbeddingModel,
    Face,
    FaceId,
    Gaussian,
    GrantId,
    Landmarks,
    PhotoId,
    Point,
)
from permission.samples import make_grant

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

MODEL = EmbeddingModel(
    "fake",
    "fa" * 32,
    4,
    Gaussian(np.zeros(4, np.float32), np.eye(4, dtype=np.float32)),
    {1e-3: 0.9},
)

POINTS = tuple(Point(x / 3, x) for x in range(5))
FACE = Face(Box(1.5, 2.25, 30, 40), Landmarks(*POINTS), 0.875)


@contextmanager
def open_catalog(folder: Path) -> Iterator[Database]:
    database = open_database(folder / "catalog.db")
    try:
        yield database
    finally:
        database.close()


@contextmanager
def undone(database: Database) -> Iterator[Connection]:
    """A transaction of which nothing stays, so that a catalog serves one test after another."""
    with database.writing() as connection, connection.begin_nested() as trial:
        yield connection
        trial.rollback()


def make_uuid(number: int) -> str:
    return str(UUID(int=number))


def make_sha256(number: int) -> str:
    return hashlib.sha256(b"photo %d" % number).hexdigest()


def new_photo(number: int) -> NewPhoto:
    return NewPhoto(
        sha256=make_sha256(number),
        size_bytes=1000 + number,
        width_px=640,
        height_px=480,
        media_type="image/jpeg",
        credit=Credit(f"caption {number}", "Ada", "2026"),
    )


def add_collection(connection: Connection, name: str = "default") -> Collection:
    charter = Charter(basis=Basis.HOUSEHOLD)
    return create_collection(connection, name, charter=charter, model=MODEL, at=NOW)


def add_grant(connection: Connection, number: int = 1, **changes: Any) -> GrantId:
    record_grant(connection, make_grant(grant_id=make_uuid(number), **changes), at=NOW)
    return get_grant(connection, make_uuid(number)).id


def add_faces(
    connection: Connection, number: int, *, collection_id: CollectionId, faces: int = 1
) -> PhotoId:
    """Photo `number` in a collection, with faces `1000 * number` and on, and no location."""
    photo_id = add_photo(connection, new_photo(number), at=NOW)
    first = 1000 * number
    new = NewIndexedPhoto(
        photo_id=photo_id,
        collection_id=collection_id,
        blob_id=make_uuid((collection_id << 64) + number),
        faces=[
            KeptFace(make_uuid((collection_id << 64) + first + place), FACE, GOOD)
            for place in range(faces)
        ],
    )
    index_photo(connection, new, at=NOW)
    return photo_id


def locate(
    connection: Connection,
    photo_id: PhotoId,
    *,
    uri: str,
    grant_id: GrantId,
    fingerprint: str = "1.1",
    at: datetime = NOW,
) -> None:
    sighting = Sighting(uri=uri, fingerprint=fingerprint, grant_id=grant_id, at=at)
    add_location(connection, photo_id, sighting=sighting)


def visible_ids(connection: Connection, scope: SearchScope) -> list[FaceId]:
    return list(iter_visible_ids(connection, scope))
