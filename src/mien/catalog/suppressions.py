"""Suppressions as rows: what must never be indexed, sealed, and where near copies may lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from mien.catalog.schema import indexed_photos, locations, photos, suppressions
from mien.errors import CatalogError, NotFoundError
from mien.permission.suppression import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionRow:
    """A record of an opt-out; `sealed` says what it keeps out, `portrait` shows a face.

    `recovery` is the key of both, wrapped.
    """

    uuid: str
    level: Level
    made_at: datetime
    sealed: bytes
    portrait: bytes | None
    recovery: bytes


@dataclass(frozen=True, slots=True)
class HeldPhoto:
    """A photo that is indexed, and where its thumbnail lies."""

    sha256: str
    blob_id: str


def record_suppression(connection: Connection, row: SuppressionRow) -> None:
    """Writes a record, in the place of the one of that uuid."""
    values = {
        "level": row.level,
        "made_at": row.made_at,
        "sealed": row.sealed,
        "portrait": row.portrait,
        "recovery": row.recovery,
    }
    known = suppressions.c.uuid == row.uuid
    if connection.execute(update(suppressions).where(known).values(values)).rowcount == 0:
        connection.execute(insert(suppressions).values(uuid=row.uuid, **values))


def find_recoveries(connection: Connection) -> dict[str, bytes]:
    """The wrapped key of every suppression, by its uuid."""
    rows = connection.execute(select(suppressions.c.uuid, suppressions.c.recovery))
    return {row.uuid: row.recovery for row in rows}


def put_recoveries(connection: Connection, recoveries: Mapping[str, bytes]) -> None:
    """Replaces wrapped keys."""
    for uuid, recovery in recoveries.items():
        connection.execute(
            update(suppressions).where(suppressions.c.uuid == uuid).values(recovery=recovery)
        )


def find_uuids(connection: Connection) -> set[str]:
    return set(connection.execute(select(suppressions.c.uuid)).scalars())


def iter_suppressions(connection: Connection) -> Iterator[SuppressionRow]:
    """All of them, in the order they were made."""
    for row in connection.execute(select(suppressions).order_by(suppressions.c.id)):
        yield _parse_row(row)


def get_suppression(connection: Connection, uuid: str) -> SuppressionRow:
    """Raises `NotFoundError`."""
    found = connection.execute(select(suppressions).where(suppressions.c.uuid == uuid))
    row = found.one_or_none()
    if row is None:
        raise NotFoundError(f"There is no opt-out {uuid}. List them with: mien optout list")
    return _parse_row(row)


def iter_held_photos(connection: Connection, sha256: str | None = None) -> Iterator[HeldPhoto]:
    """Every indexed photo, once for each collection that it is in; or the one of these bytes."""
    found = select(photos.c.sha256, indexed_photos.c.blob_id).join_from(indexed_photos, photos)
    for row in connection.execute(
        found if sha256 is None else found.where(photos.c.sha256 == sha256)
    ):
        yield HeldPhoto(row.sha256, row.blob_id)


def find_places(connection: Connection, sha256: str) -> list[str]:
    """Everywhere that the photo of these bytes was found."""
    found = select(locations.c.uri).join(photos).where(photos.c.sha256 == sha256)
    return list(connection.execute(found.distinct()).scalars())


def _parse_row(row: Row[*tuple[Any, ...]]) -> SuppressionRow:
    """Raises `CatalogError` for a row that cannot have been written as one."""
    try:
        level = Level(row.level)
    except ValueError as error:
        raise CatalogError(
            f"The opt-out {row.uuid} in the catalog is malformed, and nothing is done while it "
            "is. Restore the catalog from a backup."
        ) from error
    return SuppressionRow(
        uuid=row.uuid,
        level=level,
        made_at=row.made_at,
        sealed=row.sealed,
        portrait=row.portrait,
        recovery=row.recovery,
    )
