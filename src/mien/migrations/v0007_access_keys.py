"""The tables of mien.catalog.access_schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "access_keys",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("key_id", sa.String(length=20), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("grant_uuid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("operations", "collections")),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("calls_a_minute", sa.Integer(), nullable=False),
        *(sa.Column(n, sa.BigInteger(), nullable=False) for n in ("made_at", "expires_at")),
        *(sa.Column(n, sa.BigInteger(), nullable=True) for n in ("revoked_at", "last_used_on")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_access_keys_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_keys")),
        sa.UniqueConstraint("key_id", name=op.f("uq_access_keys_key_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_access_keys_user_id"), "access_keys", ["user_id"], unique=False)
