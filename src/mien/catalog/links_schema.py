"""The tables of links: those that open a collection to guests, and those to the answer of a case.

Tokens stand here as SHA-256 alone. What a guest handed in is sealed under a key of its own,
which is destroyed when they have their answer; what is left of them is when they asked.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from mien.catalog.schema import Id, Instant, id_column, metadata, uuid_column

links = Table(
    "links",
    metadata,
    id_column(),
    uuid_column(),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("collection_id", Id, ForeignKey("collections.id"), nullable=False),
    Column("purpose", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    # Whether the host looks at each request before anything is searched.
    Column("approves", Boolean, nullable=False),
    *(
        Column(name, Integer, nullable=False)
        for name in ("searches_each", "searches_hourly", "searches_total")
    ),
    # The name of the event, and who made the link.
    Column("sealed", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

guest_requests = Table(
    "guest_requests",
    metadata,
    id_column(),
    uuid_column(),
    Column("link_id", Id, ForeignKey("links.id"), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    # The hash of a random word that the guest's browser brings along, to count by.
    Column("guest_hash", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    # Which words the guest agreed to.
    Column("consent_version", String(64), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("answered_at", Instant),
    # When it is over by itself, as long as it is not.
    Column("ends_at", Instant, nullable=False),
    # The long run that looks again for somebody who enrolled.
    Column("run_uuid", String(36), nullable=False),
    # How many photos were shown and taken along.
    *(Column(name, Integer, nullable=False) for name in ("shown", "downloads")),
    # The selfie, the cut of its face that the host looks at, the faces found: each until it
    # has served, under the request's own key. Who enrolled, until they withdraw.
    *(Column(name, LargeBinary) for name in ("selfie", "crop", "found", "person")),
    Index(None, "link_id", "asked_at"),
    sqlite_autoincrement=True,
)

case_links = Table(
    "case_links",
    metadata,
    id_column(),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    # The token's hash once more, under the key of the case: a row that was put in opens nothing.
    Column("sealed", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
