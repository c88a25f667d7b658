"""The table of names that clients gave to photos they handed in.

A name belongs to a photo at one place, under one grant, in one collection: when either goes, it
goes too. It may say who is in the photo, so that it also goes with the last face of it.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, UniqueConstraint

from mien.catalog.schema import Id, Instant, id_column, metadata

image_names = Table(
    "image_names",
    metadata,
    id_column(),
    Column("location_id", Id, ForeignKey("locations.id", ondelete="CASCADE"), nullable=False),
    Column(
        "indexed_photo_id",
        Id,
        ForeignKey("indexed_photos.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("name", String(255), nullable=False),
    Column("given_at", Instant, nullable=False),
    UniqueConstraint("indexed_photo_id", "location_id", "name"),
    Index(None, "location_id"),
    Index(None, "name"),
    sqlite_autoincrement=True,
)
