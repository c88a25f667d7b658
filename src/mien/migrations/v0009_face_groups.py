"""The tables of mien.catalog.groups_schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_face_groups()
    _create_face_group_faces()


def _create_face_groups() -> None:
    op.create_table(
        "face_groups",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        *(sa.Column(name, _ID, nullable=False) for name in ("collection_id", "grant_id")),
        sa.Column("reference", sa.String(length=32), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        *(
            _gone_with("face_groups", column, table=table)
            for column, table in (("collection_id", "collections"), ("grant_id", "grants"))
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_face_groups")),
        sa.UniqueConstraint("uuid", name=op.f("uq_face_groups_uuid")),
        sa.UniqueConstraint(
            *("collection_id", "grant_id", "reference"),
            name=op.f("uq_face_groups_collection_id_grant_id_reference"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_face_groups_grant_id"), "face_groups", ["grant_id"], unique=False)


def _create_face_group_faces() -> None:
    op.create_table(
        "face_group_faces",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        *(sa.Column(name, _ID, nullable=False) for name in ("group_id", "face_id")),
        *(
            _gone_with("face_group_faces", column, table=table)
            for column, table in (("group_id", "face_groups"), ("face_id", "faces"))
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_face_group_faces")),
        sa.UniqueConstraint("face_id", name=op.f("uq_face_group_faces_face_id")),
        sqlite_autoincrement=True,
    )
    name = op.f("ix_face_group_faces_group_id")
    op.create_index(name, "face_group_faces", ["group_id"], unique=False)


def _gone_with(own: str, column: str, *, table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{own}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{table}.id"], name=name, ondelete="CASCADE")
