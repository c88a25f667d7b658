"""The tables of mien.catalog.judgements_schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "judgements",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("face_id", _ID, nullable=False),
        sa.Column("probe_face_id", _ID, nullable=True),
        sa.Column("probe", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("search", sa.String(length=36), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.String(length=32), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column],
                ["faces.id"],
                name=op.f(f"fk_judgements_{column}"),
                ondelete="CASCADE",
            )
            for column in ("face_id", "probe_face_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgements")),
        sa.UniqueConstraint("uuid", name=op.f("uq_judgements_uuid")),
        sa.UniqueConstraint(
            "face_id", "probe", "actor", name=op.f("uq_judgements_face_id_probe_actor")
        ),
        sqlite_autoincrement=True,
    )
    for column in ("probe", "probe_face_id", "search"):
        op.create_index(op.f(f"ix_judgements_{column}"), "judgements", [column], unique=False)
