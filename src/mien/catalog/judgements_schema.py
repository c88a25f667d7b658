"""The table of what people said of candidates: kept, rejected or confirmed, by probe and face.

`probe` is a keyed reference to the face that was searched with, which is not kept; where that is
a face of a collection, it is `probe_face_id`. `actor` refers in the same way to who said it. A
judgement goes with either of its faces.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, UniqueConstraint

from mien.catalog.schema import Id, Instant, id_column, metadata, uuid_column


def _face(name: str, *, is_needed: bool) -> Column[int]:
    gone_with = ForeignKey("faces.id", ondelete="CASCADE")
    return Column(name, Id, gone_with, nullable=not is_needed)


judgements = Table(
    "judgements",
    metadata,
    id_column(),
    uuid_column(),
    _face("face_id", is_needed=True),
    _face("probe_face_id", is_needed=False),
    Column("probe", String(32), nullable=False),
    Column("actor", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    # The search that showed the candidate.
    Column("search", String(36), nullable=False),
    Column("made_at", Instant, nullable=False),
    # Shows that the row was written with this home's keys, and is as it was written.
    Column("mark", String(32), nullable=False),
    UniqueConstraint("face_id", "probe", "actor"),
    Index(None, "probe"),
    Index(None, "search"),
    Index(None, "probe_face_id"),
    sqlite_autoincrement=True,
)
