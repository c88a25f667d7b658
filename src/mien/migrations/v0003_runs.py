"""The tables of mien.catalog.runs_schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_originals()
    _create_long_runs()


def _create_originals() -> None:
    op.create_table(
        "originals",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("photo_id", _ID, nullable=False),
        sa.Column("blob_id", sa.String(length=36), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name=op.f("fk_originals_photo_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_originals")),
        sa.UniqueConstraint("photo_id", name=op.f("uq_originals_photo_id")),
        sa.UniqueConstraint("blob_id", name=op.f("uq_originals_blob_id")),
        sqlite_autoincrement=True,
    )


def _create_long_runs() -> None:
    op.create_table(
        "long_runs",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        *(sa.Column(n, sa.BigInteger(), nullable=True) for n in ("started_at", "ended_at")),
        sa.Column("cut_short", sa.Integer(), nullable=False),
        sa.Column("is_unwanted", sa.Boolean(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_long_runs")),
        sa.UniqueConstraint("uuid", name=op.f("uq_long_runs_uuid")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_long_runs_state"), "long_runs", ["state"], unique=False)
