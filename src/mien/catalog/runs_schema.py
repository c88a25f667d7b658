"""The tables of what a server takes in: originals of uploads, and long runs with their queue."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from mien.catalog.schema import Id, Instant, id_column, metadata, uuid_column

# Photos that were handed in, and lie sealed in the vault; `blob_id` says where.
originals = Table(
    "originals",
    metadata,
    id_column(),
    Column("photo_id", Id, ForeignKey("photos.id"), nullable=False, unique=True),
    Column("blob_id", String(36), nullable=False, unique=True),
    Column("added_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

# Work that a server does one after the other, and goes on with when it starts again.
long_runs = Table(
    "long_runs",
    metadata,
    id_column(),
    uuid_column(),
    Column("state", String(16), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    # How often a server ended while it was at it.
    Column("cut_short", Integer, nullable=False),
    Column("is_unwanted", Boolean, nullable=False),
    # Numbers and reason codes only.
    Column("counts", JSON, nullable=False),
    # Who asked for what, and what to tell them in the end: both sealed.
    Column("sealed", LargeBinary, nullable=False),
    Column("outcome", LargeBinary),
    Index(None, "state"),
    sqlite_autoincrement=True,
)
