"""The table of access keys: what clients of Amazon's interface sign with.

The secret of a key follows from its id and the keys beside the catalog, and stands nowhere.
"""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Integer, LargeBinary, String, Table

from mien.catalog.schema import Id, Instant, id_column, metadata

access_keys = Table(
    "access_keys",
    metadata,
    id_column(),
    Column("key_id", String(20), nullable=False, unique=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False, index=True),
    # By its id outside: a key outlives a grant that is erased, and then allows nothing.
    Column("grant_uuid", String(36), nullable=False),
    Column("name", LargeBinary, nullable=False),
    Column("operations", JSON, nullable=False),
    Column("collections", JSON, nullable=False),
    Column("purpose", String(64), nullable=False),
    Column("calls_a_minute", Integer, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("last_used_on", Instant),
    sqlite_autoincrement=True,
)
