"""The tables of face groups: faces that somebody says are of one person.

A group's name is personal. It is sealed under a key of the group's own, which goes with it, and
found by a keyed reference. It came in under a grant as its faces did, and only whoever sees what
came in under that grant knows of it. A membership goes with its face.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table, UniqueConstraint

from mien.catalog.schema import Id, Instant, id_column, metadata, uuid_column


def _gone_with(table: str, name: str) -> Column[int]:
    return Column(name, Id, ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False)


face_groups = Table(
    "face_groups",
    metadata,
    id_column(),
    uuid_column(),
    _gone_with("collections", "collection_id"),
    _gone_with("grants", "grant_id"),
    Column("reference", String(32), nullable=False),
    Column("name", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("collection_id", "grant_id", "reference"),
    Index(None, "grant_id"),
    sqlite_autoincrement=True,
)

face_group_faces = Table(
    "face_group_faces",
    metadata,
    id_column(),
    _gone_with("face_groups", "group_id"),
    # A face is in one group at the most.
    Column("face_id", Id, ForeignKey("faces.id", ondelete="CASCADE"), nullable=False, unique=True),
    Index(None, "group_id"),
    sqlite_autoincrement=True,
)
