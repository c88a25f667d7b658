"""The tables of mien.catalog.accounts_schema."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_users()
    _create_sessions()
    _create_one_time_links()
    _create_api_keys()
    _create_used_codes()
    _create_failed_tries()
    _create_search_reviews()


def _create_users() -> None:
    _create(
        "users",
        _text("uuid", 36),
        _text("reference", 32),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        _text("role", 16),
        _text("state", 16),
        sa.Column("collections", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("purposes", sa.JSON(none_as_null=True), nullable=True),
        _text("password", 255),
        sa.Column("second_factor", sa.LargeBinary(), nullable=True),
        _instant("created_at"),
        unique=("uuid", "reference"),
    )


def _create_sessions() -> None:
    _create(
        "sessions",
        _text("uuid", 36),
        _text("reference", 32),
        _user(),
        *(_instant(name) for name in ("made_at", "seen_at", "expires_at")),
        unique=("uuid", "reference"),
    )


def _create_one_time_links() -> None:
    _create(
        "one_time_links",
        _text("reference", 32),
        _user(),
        _text("purpose", 16),
        _instant("expires_at"),
        unique=("reference",),
    )


def _create_api_keys() -> None:
    _create(
        "api_keys",
        _text("uuid", 36),
        _text("reference", 32),
        _user(),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("operations", sa.JSON(), nullable=False),
        sa.Column("collections", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("purposes", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("calls_a_minute", sa.Integer(), nullable=False),
        *(_instant(name) for name in ("made_at", "expires_at")),
        *(_instant(name, is_optional=True) for name in ("revoked_at", "last_used_on")),
        unique=("uuid", "reference"),
    )


def _create_used_codes() -> None:
    _create("used_codes", _user(), _instant("step"), unique=("user_id", "step"), is_joint=True)


def _create_failed_tries() -> None:
    _create(
        "failed_tries",
        _text("reference", 32),
        sa.Column("failures", sa.Integer(), nullable=False),
        *(_instant(name) for name in ("last_at", "blocked_until")),
        unique=("reference",),
    )


def _create_search_reviews() -> None:
    numbers = (_instant(name) for name in ("search_seq", "review_seq"))
    _create("search_reviews", *numbers, unique=("search_seq",))


def _create(
    table: str, *columns: sa.Column[Any], unique: tuple[str, ...], is_joint: bool = False
) -> None:
    """A table with its numbers, with what is unique in it, alone or together."""
    sets = [unique] if is_joint else [(name,) for name in unique]
    has_user = any(column.name == "user_id" for column in columns)
    owner = sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f(f"fk_{table}_user_id"))
    op.create_table(
        table,
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        *columns,
        *([owner] if has_user else []),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(
            sa.UniqueConstraint(*names, name=op.f(f"uq_{table}_{'_'.join(names)}"))
            for names in sets
        ),
        sqlite_autoincrement=True,
    )
    if has_user:
        op.create_index(op.f(f"ix_{table}_user_id"), table, ["user_id"], unique=False)


def _text(name: str, length: int) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _user() -> sa.Column[Any]:
    return sa.Column("user_id", _ID, nullable=False)


def _instant(name: str, *, is_optional: bool = False) -> sa.Column[Any]:
    """A moment, or another large number."""
    return sa.Column(name, sa.BigInteger(), nullable=is_optional)
