"""The table of tags: words that clients put on collections.

What they say may be personal: key and value are sealed, and a key is found by a keyed reference.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table, UniqueConstraint

from mien.catalog.schema import Id, id_column, metadata

tags = Table(
    "tags",
    metadata,
    id_column(),
    Column("collection_id", Id, ForeignKey("collections.id", ondelete="CASCADE"), nullable=False),
    Column("reference", String(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("collection_id", "reference"),
    sqlite_autoincrement=True,
)
