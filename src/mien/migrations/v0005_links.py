"""The tables of mien.catalog.links_schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_links()
    _create_guest_requests()
    _create_case_links()


def _create_links() -> None:
    op.create_table(
        "links",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("collection_id", _ID, nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        *(sa.Column(n, sa.BigInteger(), nullable=False) for n in ("made_at", "expires_at")),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("approves", sa.Boolean(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("searches_each", "searches_hourly", "searches_total")
        ),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collections.id"], name=op.f("fk_links_collection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_links_token_hash")),
        sa.UniqueConstraint("uuid", name=op.f("uq_links_uuid")),
        sqlite_autoincrement=True,
    )


def _create_guest_requests() -> None:
    op.create_table(
        "guest_requests",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("link_id", _ID, nullable=False),
        *(
            sa.Column(name, sa.String(length=64), nullable=False)
            for name in ("token_hash", "guest_hash", "consent_version")
        ),
        sa.Column("state", sa.String(length=16), nullable=False),
        *(sa.Column(n, sa.BigInteger(), nullable=False) for n in ("asked_at", "ends_at")),
        *(sa.Column(n, sa.BigInteger(), nullable=True) for n in ("decided_at", "answered_at")),
        sa.Column("run_uuid", sa.String(length=36), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("shown", "downloads")),
        *(
            sa.Column(name, sa.LargeBinary(), nullable=True)
            for name in ("selfie", "crop", "found", "person")
        ),
        sa.ForeignKeyConstraint(["link_id"], ["links.id"], name=op.f("fk_guest_requests_link_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guest_requests")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_guest_requests_token_hash")),
        sa.UniqueConstraint("uuid", name=op.f("uq_guest_requests_uuid")),
        sqlite_autoincrement=True,
    )
    name = op.f("ix_guest_requests_link_id_asked_at")
    op.create_index(name, "guest_requests", ["link_id", "asked_at"], unique=False)


def _create_case_links() -> None:
    op.create_table(
        "case_links",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_links_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_case_links_token_hash")),
        sqlite_autoincrement=True,
    )
