"""The tables of mien.catalog.tags_schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "tags",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("collection_id", _ID, nullable=False),
        sa.Column("reference", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collections.id"],
            name=op.f("fk_tags_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint(
            "collection_id", "reference", name=op.f("uq_tags_collection_id_reference")
        ),
        sqlite_autoincrement=True,
    )
