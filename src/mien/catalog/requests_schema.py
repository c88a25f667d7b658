"""The table of writes that were asked for with a key of the caller's, so that none is done twice.

`reference` stands for caller and key, `fingerprint` for what was asked: neither tells anything
without this vault. `facts` hold ids and numbers of what was made.
"""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, String, Table

from mien.catalog.schema import Instant, id_column, metadata

requests = Table(
    "requests",
    metadata,
    id_column(),
    Column("reference", String(64), nullable=False, unique=True),
    Column("fingerprint", String(64), nullable=False),
    Column("process", String(36), nullable=False),
    Column("began_at", Instant, nullable=False, index=True),
    Column("status", Integer, nullable=True),
    Column("location", String, nullable=False),
    Column("facts", JSON, nullable=False),
    sqlite_autoincrement=True,
)
