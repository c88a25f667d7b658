"""The tables of mien.catalog.names_schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "image_names",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("location_id", _ID, nullable=False),
        sa.Column("indexed_photo_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [f"{table}_id"],
                [f"{table}s.id"],
                name=op.f(f"fk_image_names_{table}_id"),
                ondelete="CASCADE",
            )
            for table in ("location", "indexed_photo")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_names")),
        sa.UniqueConstraint(
            "indexed_photo_id",
            "location_id",
            "name",
            name=op.f("uq_image_names_indexed_photo_id_location_id_name"),
        ),
        sqlite_autoincrement=True,
    )
    for column in ("location_id", "name"):
        op.create_index(op.f(f"ix_image_names_{column}"), "image_names", [column], unique=False)
