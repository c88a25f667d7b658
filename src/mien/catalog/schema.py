"""The tables. Ids are integers inside, never used twice, and lower-case UUIDs outside.

No template, crop or thumbnail stands here; `indexed_photos.blob_id` says where the vault
keeps them. Times are microseconds since 1970 in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """A moment with its zone, kept as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002  (the interface's)
        return None if value is None else (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  (the interface's)
        return None if value is None else _EPOCH + timedelta(microseconds=value)


# SQLite counts rows of its own only in INTEGER columns; elsewhere ids are 64 bits wide.
_Id = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", _Id, primary_key=True, autoincrement=True)


def _uuid() -> Column[str]:
    return Column("uuid", String(36), nullable=False, unique=True)


def _of(table: str) -> Column[int]:
    name = table.removesuffix("s")
    return Column(f"{name}_id", _Id, ForeignKey(f"{table}.id"), nullable=False)


grants = Table(
    "grants",
    metadata,
    _id(),
    _uuid(),
    Column("kind", String(32), nullable=False),
    Column("grantor", String, nullable=False),
    Column("scope", JSON, nullable=False),
    Column("uses", JSON, nullable=False),
    Column("purposes", JSON, nullable=False),
    Column("basis", String(32), nullable=False),
    Column("assessment", String, nullable=False),
    Column("retention_days", Integer),
    Column("terms", String, nullable=False),
    Column("valid_from", Instant, nullable=False),
    Column("valid_until", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    sqlite_autoincrement=True,
)

collections = Table(
    "collections",
    metadata,
    _id(),
    _uuid(),
    Column("name", String(255), nullable=False, unique=True),
    Column("basis", String(32), nullable=False),
    Column("model_id", String(64), nullable=False),
    Column("model_digest", String(64), nullable=False),
    Column("dimension", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    # Rises with every change to the collection's faces; an index in memory compares it.
    Column("revision", BigInteger, nullable=False, default=0),
    sqlite_autoincrement=True,
)

photos = Table(
    "photos",
    metadata,
    _id(),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("media_type", String(64), nullable=False),
    Column("caption", String, nullable=False),
    Column("credit", String, nullable=False),
    Column("copyright", String, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

locations = Table(
    "locations",
    metadata,
    _id(),
    _of("photos"),
    _of("grants"),
    Column("uri", String, nullable=False),
    Column("state", String(16), nullable=False),
    # How the file looked when it was read, to know it again without reading it.
    Column("fingerprint", String(96), nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    # Since when no grant covers it any more, though one once did.
    Column("quarantined_at", Instant),
    UniqueConstraint("uri", "photo_id", "grant_id"),
    Index(None, "photo_id"),
    Index(None, "grant_id", "added_at"),
    Index(None, "quarantined_at"),
    sqlite_autoincrement=True,
)

indexed_photos = Table(
    "indexed_photos",
    metadata,
    _id(),
    _of("collections"),
    _of("photos"),
    Column("blob_id", String(36), nullable=False, unique=True),
    Column("indexed_at", Instant, nullable=False),
    UniqueConstraint("collection_id", "photo_id"),
    Index(None, "photo_id"),
    sqlite_autoincrement=True,
)

faces = Table(
    "faces",
    metadata,
    _id(),
    _uuid(),
    _of("collections"),
    _of("indexed_photos"),
    *(Column(edge, Float, nullable=False) for edge in ("x1", "y1", "x2", "y2")),
    Column("landmarks", JSON, nullable=False),
    Column("confidence", Float, nullable=False),
    Index(None, "collection_id"),
    Index(None, "indexed_photo_id"),
    sqlite_autoincrement=True,
)

runs = Table(
    "runs",
    metadata,
    _id(),
    _uuid(),
    _of("collections"),
    _of("grants"),
    Column("state", String(16), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("counts", JSON, nullable=False),
    sqlite_autoincrement=True,
)

# The audit log (mien.catalog.audit): entries, what is sealed of them, signed heads.
audit_entries = Table(
    "audit_entries",
    metadata,
    Column("seq", _Id, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary(32), nullable=False),
    Column("mark", LargeBinary(32), nullable=False),
)

audit_notes = Table(
    "audit_notes",
    metadata,
    _id(),
    Column("seq", _Id, ForeignKey("audit_entries.seq"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("owner", String(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("seq", "number"),
    Index(None, "owner"),
    sqlite_autoincrement=True,
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("size", _Id, primary_key=True, autoincrement=False),
    Column("note", String, nullable=False),
)

# The ledger of erasures: keyed references only, so that it may outlive what it speaks of.
erasures = Table(
    "erasures",
    metadata,
    _id(),
    _uuid(),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("done_at", Instant),
    # One keyed reference of 16 bytes after the other, for each thing erased.
    Column("marks", LargeBinary, nullable=False),
    # What is still to be destroyed; nothing once that is done.
    Column("work", JSON(none_as_null=True)),
    Column("counts", JSON, nullable=False),
    # Lacking where the entry was restored from the copy beside the keys.
    Column("audit_seq", _Id, ForeignKey("audit_entries.seq")),
    Column("certificate", String),
    sqlite_autoincrement=True,
)

# Keyed references to photos whose time under a grant is over: they do not come in under it again.
lapsed = Table(
    "lapsed",
    metadata,
    _id(),
    Column("mark", LargeBinary(16), nullable=False, unique=True),
    sqlite_autoincrement=True,
)
