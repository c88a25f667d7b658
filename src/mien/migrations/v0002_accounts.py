"""The tables of mien.catalog.accounts_schema."""

from __future__ import annotations

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    pass
