"""The tables of accounts: users, sessions, one-time links, API keys, tries, reviews.

A token, a key's secret or a name to sign in with stands here as a keyed reference only; a name
and the secret of a second factor are sealed, and of a password there is its hash.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from mien.catalog.schema import Id, Instant, id_column, metadata, uuid_column


def _reference() -> Column[str]:
    return Column("reference", String(32), nullable=False, unique=True)


def _user() -> Column[int]:
    return Column("user_id", Id, ForeignKey("users.id"), nullable=False, index=True)


users = Table(
    "users",
    metadata,
    id_column(),
    uuid_column(),
    _reference(),
    Column("name", LargeBinary, nullable=False),
    Column("role", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("collections", JSON(none_as_null=True)),
    Column("purposes", JSON(none_as_null=True)),
    Column("password", String(255), nullable=False),
    Column("second_factor", LargeBinary),
    Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

sessions = Table(
    "sessions",
    metadata,
    id_column(),
    uuid_column(),
    _reference(),
    _user(),
    Column("made_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

one_time_links = Table(
    "one_time_links",
    metadata,
    id_column(),
    _reference(),
    _user(),
    Column("purpose", String(16), nullable=False),
    Column("expires_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

api_keys = Table(
    "api_keys",
    metadata,
    id_column(),
    uuid_column(),
    _reference(),
    _user(),
    Column("name", LargeBinary, nullable=False),
    Column("operations", JSON, nullable=False),
    Column("collections", JSON(none_as_null=True)),
    Column("purposes", JSON(none_as_null=True)),
    Column("calls_a_minute", Integer, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("last_used_on", Instant),
    sqlite_autoincrement=True,
)

# A code of a second factor counts once: the steps of time whose codes were used.
used_codes = Table(
    "used_codes",
    metadata,
    id_column(),
    _user(),
    Column("step", BigInteger, nullable=False),
    UniqueConstraint("user_id", "step"),
    sqlite_autoincrement=True,
)

# What a try was for: a name, or where it came from, both as keyed references.
failed_tries = Table(
    "failed_tries",
    metadata,
    id_column(),
    _reference(),
    Column("failures", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("blocked_until", Instant, nullable=False),
    sqlite_autoincrement=True,
)

# Which entry of the audit log is the review of which search; what it says stands in the log.
search_reviews = Table(
    "search_reviews",
    metadata,
    id_column(),
    Column("search_seq", BigInteger, nullable=False, unique=True),
    Column("review_seq", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
