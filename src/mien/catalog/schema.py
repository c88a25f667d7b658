"""The tables. Ids are integers inside, never used twice, and lower-case UUIDs outside.

No template, crop or thumbnail stands here; `indexed_photos.blob_id` says where the vault
keeps them. Times are microseconds since 1970 in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """A moment with its zone, kept as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002  (the interface's)
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  (the interface's)
        return None if value is None else EPOCH + timedelta(microseconds=value)


# SQLite counts rows of its own only in INTEGER columns; elsewhere ids are 64 bits wide.
Id = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def id_column() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


def uuid_column() -> Column[str]:
    return Column("uuid", String(36), nullable=False, unique=True)


def _of(table: str) -> Column[int]:
    name = table.removesuffix("s")
    return Column(f"{name}_id", Id, ForeignKey(f"{table}.id"), nullable=False)


grants = Table(
    "grants",
    metadata,
    id_column(),
    uuid_column(),
    Column("kind", String(32), nullable=False),
    *(
        Column(name, String, nullable=False)
        for name in ("grantor", "contact", "verified_by", "jurisdiction", "assessment", "terms")
    ),
    *(
        Column(name, JSON, nullable=False)
        for name in ("scope", "uses", "purposes", "bases", "evidence")
    ),
    Column("retention_days", Integer),
    Column("valid_from", Instant, nullable=False),
    Column("valid_until", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    sqlite_autoincrement=True,
)

collections = Table(
    "collections",
    metadata,
    id_column(),
    uuid_column(),
    Column("name", String(255), nullable=False, unique=True),
    Column("basis", String(32), nullable=False),
    # What it is for; where nothing is named, whatever its grants are for.
    Column("purposes", JSON, nullable=False),
    Column("assessment", String, nullable=False),
    Column("retention_days", Integer),
    # How many people confirm a match before it may be marked as one.
    Column("confirmations", Integer, nullable=False),
    Column("model_id", String(64), nullable=False),
    Column("model_digest", String(64), nullable=False),
    Column("dimension", Integer, nullable=False),
    # In which of the vault's two slots its templates are, and of which model others are being
    # made in the other one; once that is the collection's own, the old ones are being removed.
    Column("slot", Integer, nullable=False, default=0),
    Column("next_digest", String(64), nullable=False, default=""),
    Column("created_at", Instant, nullable=False),
    # Rises with every change to the collection's faces; an index in memory compares it.
    Column("revision", BigInteger, nullable=False, default=0),
    sqlite_autoincrement=True,
)

photos = Table(
    "photos",
    metadata,
    id_column(),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("media_type", String(64), nullable=False),
    Column("caption", String, nullable=False),
    Column("credit", String, nullable=False),
    Column("copyright", String, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

locations = Table(
    "locations",
    metadata,
    id_column(),
    _of("photos"),
    _of("grants"),
    Column("uri", String, nullable=False),
    Column("state", String(16), nullable=False),
    # How the file looked when it was read, to know it again without reading it.
    Column("fingerprint", String(96), nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    # Since when no grant covers it any more, though one once did.
    Column("quarantined_at", Instant),
    UniqueConstraint("uri", "photo_id", "grant_id"),
    Index(None, "photo_id"),
    Index(None, "grant_id", "added_at"),
    Index(None, "quarantined_at"),
    sqlite_autoincrement=True,
)

indexed_photos = Table(
    "indexed_photos",
    metadata,
    id_column(),
    _of("collections"),
    _of("photos"),
    Column("blob_id", String(36), nullable=False, unique=True),
    Column("indexed_at", Instant, nullable=False),
    # Faces that were found and not kept: of nobody enrolled, or of somebody who opted out.
    Column("dropped", Integer, nullable=False),
    # Those of them that fell short of the filter it was read with (mien.permission.quality).
    Column("unfit", Integer, nullable=False),
    Column("quality_filter", String(8), nullable=False),
    # The newest enrolment that its faces were compared with; a later one asks for another look.
    Column("scanned_to", BigInteger, nullable=False),
    UniqueConstraint("collection_id", "photo_id"),
    Index(None, "photo_id"),
    Index(None, "collection_id", "indexed_at"),
    sqlite_autoincrement=True,
)

# Those who are known by name because they consented to it, or their guardian did.
people = Table(
    "people",
    metadata,
    id_column(),
    uuid_column(),
    Column("name", String, nullable=False),
    # When a minor comes of age; what the guardian consented to ends there.
    Column("of_age_at", Instant),
    Column("enrolled_at", Instant, nullable=False),
    # The last time the person had anything to do with it: three years later all of it goes.
    Column("touched_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

# One template of a person for each photo that they handed in. Those that were handed in
# together are sealed under one key, which goes with them when the person withdraws.
enrolments = Table(
    "enrolments",
    metadata,
    id_column(),
    Column("person_id", Id, ForeignKey("people.id"), nullable=False),
    Column("model_digest", String(64), nullable=False),
    Column("key_uuid", String(36), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("added_at", Instant, nullable=False),
    Index(None, "person_id"),
    sqlite_autoincrement=True,
)

consents = Table(
    "consents",
    metadata,
    id_column(),
    uuid_column(),
    Column("person_id", Id, ForeignKey("people.id"), nullable=False),
    Column("purposes", JSON, nullable=False),
    # Parties, notice and evidence, sealed under the person's key.
    Column("sealed", LargeBinary, nullable=False),
    Index(None, "person_id"),
    sqlite_autoincrement=True,
)

# What became of a consent: rows are appended, and never changed.
consent_events = Table(
    "consent_events",
    metadata,
    id_column(),
    _of("consents"),
    Column("number", Integer, nullable=False),
    Column("state", String(32), nullable=False),
    Column("at", Instant, nullable=False),
    Column("valid_until", Instant),
    # Whether the person spoke, or a minor's guardian.
    Column("party", String(16), nullable=False),
    # Who said so and what shows it, sealed under the person's key.
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("consent_id", "number"),
    sqlite_autoincrement=True,
)

faces = Table(
    "faces",
    metadata,
    id_column(),
    uuid_column(),
    _of("collections"),
    _of("indexed_photos"),
    # Who it was kept for, where only enrolled people are kept.
    Column("person_id", Id, ForeignKey("people.id")),
    *(Column(edge, Float, nullable=False) for edge in ("x1", "y1", "x2", "y2")),
    Column("landmarks", JSON, nullable=False),
    Column("confidence", Float, nullable=False),
    # Components and flaws (mien.types.Quality).
    Column("quality", JSON, nullable=False),
    Index(None, "collection_id"),
    Index(None, "indexed_photo_id"),
    Index(None, "person_id"),
    sqlite_autoincrement=True,
)

runs = Table(
    "runs",
    metadata,
    id_column(),
    uuid_column(),
    _of("collections"),
    _of("grants"),
    Column("state", String(16), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("counts", JSON, nullable=False),
    sqlite_autoincrement=True,
)

# The audit log (mien.catalog.audit): entries, what is sealed of them, signed heads.
audit_entries = Table(
    "audit_entries",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary(32), nullable=False),
    Column("mark", LargeBinary(32), nullable=False),
)

audit_notes = Table(
    "audit_notes",
    metadata,
    id_column(),
    Column("seq", Id, ForeignKey("audit_entries.seq"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("owner", String(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("seq", "number"),
    Index(None, "owner"),
    sqlite_autoincrement=True,
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("size", Id, primary_key=True, autoincrement=False),
    Column("note", String, nullable=False),
)

# The ledger of erasures: keyed references only, so that it may outlive what it speaks of.
erasures = Table(
    "erasures",
    metadata,
    id_column(),
    uuid_column(),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("done_at", Instant),
    # One keyed reference of 16 bytes after the other, for each thing erased.
    Column("marks", LargeBinary, nullable=False),
    # What is still to be destroyed; nothing once that is done.
    Column("work", JSON(none_as_null=True)),
    Column("counts", JSON, nullable=False),
    # Lacking where the entry was restored from the copy beside the keys.
    Column("audit_seq", Id, ForeignKey("audit_entries.seq")),
    Column("certificate", String),
    sqlite_autoincrement=True,
)

# Keyed references to photos whose time under a grant is over: they do not come in under it again.
lapsed = Table(
    "lapsed",
    metadata,
    id_column(),
    Column("mark", LargeBinary(16), nullable=False, unique=True),
    sqlite_autoincrement=True,
)

# Items, sources and faces that must never be indexed; what tells them is sealed.
suppressions = Table(
    "suppressions",
    metadata,
    id_column(),
    uuid_column(),
    Column("level", String(16), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    # Of a face, a picture that another model can find it in; sealed too.
    Column("portrait", LargeBinary),
    # The key of both, wrapped, to be had again where older keys were put back.
    Column("recovery", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

# Requests of subjects and rights holders; who asks for what is sealed under the case's key.
cases = Table(
    "cases",
    metadata,
    id_column(),
    uuid_column(),
    Column("kind", String(16), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

case_events = Table(
    "case_events",
    metadata,
    id_column(),
    _of("cases"),
    Column("number", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("case_id", "number"),
    sqlite_autoincrement=True,
)

# What an open case keeps out: of every answer a location, which was in a state; of what comes
# in a grant, and matters that are sealed under the case's key.
holds = Table(
    "holds",
    metadata,
    id_column(),
    _of("cases"),
    Column("location_id", Id, ForeignKey("locations.id", ondelete="CASCADE")),
    Column("grant_id", Id, ForeignKey("grants.id", ondelete="CASCADE")),
    Column("was", String),
    Column("sealed", LargeBinary),
    Index(None, "case_id"),
    Index(None, "location_id"),
    Index(None, "grant_id"),
    sqlite_autoincrement=True,
)
