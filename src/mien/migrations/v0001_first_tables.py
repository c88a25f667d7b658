"""The first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_HEX = sa.String(length=64)
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_collections()
    _create_grants()
    _create_photos()
    _create_audit_entries()
    _create_audit_checkpoints()
    _create_erasures()
    _create_lapsed()
    _create_indexed_photos()
    _create_locations()
    _create_runs()
    _create_people()
    _create_enrolments()
    _create_consents()
    _create_consent_events()
    _create_faces()
    _create_audit_notes()
    _create_suppressions()
    _create_cases()
    _create_holds()


def _refer(table: str, column: str, *, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def _create_index(table: str, *columns: str) -> None:
    op.create_index(op.f("_".join(("ix", table, *columns))), table, list(columns), unique=False)


def _create_collections() -> None:
    op.create_table(
        "collections",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("basis", sa.String(length=32), nullable=False),
        sa.Column("purposes", sa.JSON(), nullable=False),
        sa.Column("assessment", sa.String(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=True),
        sa.Column("confirmations", sa.Integer(), nullable=False),
        *(sa.Column(n, _HEX, nullable=False) for n in ("model_id", "model_digest", "next_digest")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("dimension", "slot")),
        *(sa.Column(n, sa.BigInteger(), nullable=False) for n in ("created_at", "revision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collections")),
        sa.UniqueConstraint("name", name=op.f("uq_collections_name")),
        sa.UniqueConstraint("uuid", name=op.f("uq_collections_uuid")),
        sqlite_autoincrement=True,
    )


def _create_grants() -> None:
    op.create_table(
        "grants",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("grantor", "contact", "verified_by", "jurisdiction", "assessment", "terms")
        ),
        *(
            sa.Column(name, sa.JSON(), nullable=False)
            for name in ("scope", "uses", "purposes", "bases", "evidence")
        ),
        sa.Column("retention_days", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("uuid", name=op.f("uq_grants_uuid")),
        sqlite_autoincrement=True,
    )


def _create_photos() -> None:
    op.create_table(
        "photos",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("caption", sa.String(), nullable=False),
        sa.Column("credit", sa.String(), nullable=False),
        sa.Column("copyright", sa.String(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
        sa.UniqueConstraint("sha256", name=op.f("uq_photos_sha256")),
        sqlite_autoincrement=True,
    )


def _create_audit_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("seq", _ID, autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("mark", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entries")),
    )


def _create_audit_checkpoints() -> None:
    op.create_table(
        "audit_checkpoints",
        sa.Column("size", _ID, autoincrement=False, nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_checkpoints")),
    )


def _create_erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("marks", sa.LargeBinary(), nullable=False),
        sa.Column("work", sa.JSON(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("audit_seq", _ID, nullable=True),
        sa.Column("certificate", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["audit_seq"], ["audit_entries.seq"], name=op.f("fk_erasures_audit_seq")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("uuid", name=op.f("uq_erasures_uuid")),
        sqlite_autoincrement=True,
    )


def _create_lapsed() -> None:
    op.create_table(
        "lapsed",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("mark", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lapsed")),
        sa.UniqueConstraint("mark", name=op.f("uq_lapsed_mark")),
        sqlite_autoincrement=True,
    )


def _create_indexed_photos() -> None:
    op.create_table(
        "indexed_photos",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        *(sa.Column(name, _ID, nullable=False) for name in ("collection_id", "photo_id")),
        sa.Column("blob_id", sa.String(length=36), nullable=False),
        sa.Column("indexed_at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("dropped", "unfit")),
        sa.Column("quality_filter", sa.String(length=8), nullable=False),
        sa.Column("scanned_to", sa.BigInteger(), nullable=False),
        _refer("indexed_photos", "collection_id", to="collections"),
        _refer("indexed_photos", "photo_id", to="photos"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indexed_photos")),
        sa.UniqueConstraint("blob_id", name=op.f("uq_indexed_photos_blob_id")),
        sa.UniqueConstraint(
            "collection_id", "photo_id", name=op.f("uq_indexed_photos_collection_id_photo_id")
        ),
        sqlite_autoincrement=True,
    )
    _create_index("indexed_photos", "photo_id")
    _create_index("indexed_photos", "collection_id", "indexed_at")


def _create_locations() -> None:
    op.create_table(
        "locations",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("photo_id", _ID, nullable=False),
        sa.Column("grant_id", _ID, nullable=False),
        sa.Column("uri", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.String(length=96), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("quarantined_at", sa.BigInteger(), nullable=True),
        _refer("locations", "grant_id", to="grants"),
        _refer("locations", "photo_id", to="photos"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locations")),
        sa.UniqueConstraint(
            "uri", "photo_id", "grant_id", name=op.f("uq_locations_uri_photo_id_grant_id")
        ),
        sqlite_autoincrement=True,
    )
    _create_index("locations", "photo_id")
    _create_index("locations", "quarantined_at")
    _create_index("locations", "grant_id", "added_at")


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("collection_id", _ID, nullable=False),
        sa.Column("grant_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        _refer("runs", "collection_id", to="collections"),
        _refer("runs", "grant_id", to="grants"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.UniqueConstraint("uuid", name=op.f("uq_runs_uuid")),
        sqlite_autoincrement=True,
    )


def _create_people() -> None:
    op.create_table(
        "people",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("of_age_at", sa.BigInteger(), nullable=True),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("touched_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("uuid", name=op.f("uq_people_uuid")),
        sqlite_autoincrement=True,
    )


def _create_enrolments() -> None:
    op.create_table(
        "enrolments",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("person_id", _ID, nullable=False),
        sa.Column("model_digest", sa.String(length=64), nullable=False),
        sa.Column("key_uuid", sa.String(length=36), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        _refer("enrolments", "person_id", to="people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
        sqlite_autoincrement=True,
    )
    _create_index("enrolments", "person_id")


def _create_consents() -> None:
    op.create_table(
        "consents",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("person_id", _ID, nullable=False),
        sa.Column("purposes", sa.JSON(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _refer("consents", "person_id", to="people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        sa.UniqueConstraint("uuid", name=op.f("uq_consents_uuid")),
        sqlite_autoincrement=True,
    )
    _create_index("consents", "person_id")


def _create_consent_events() -> None:
    op.create_table(
        "consent_events",
        *_event_columns("consent", state_length=32),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.Column("party", sa.String(length=16), nullable=False),
        *_event_constraints("consent"),
        sqlite_autoincrement=True,
    )


def _create_faces() -> None:
    op.create_table(
        "faces",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("collection_id", _ID, nullable=False),
        sa.Column("indexed_photo_id", _ID, nullable=False),
        sa.Column("person_id", _ID, nullable=True),
        *(sa.Column(edge, sa.Float(), nullable=False) for edge in ("x1", "y1", "x2", "y2")),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("landmarks", "quality")),
        sa.Column("confidence", sa.Float(), nullable=False),
        _refer("faces", "collection_id", to="collections"),
        _refer("faces", "indexed_photo_id", to="indexed_photos"),
        _refer("faces", "person_id", to="people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faces")),
        sa.UniqueConstraint("uuid", name=op.f("uq_faces_uuid")),
        sqlite_autoincrement=True,
    )
    _create_index("faces", "collection_id")
    _create_index("faces", "indexed_photo_id")
    _create_index("faces", "person_id")


def _create_audit_notes() -> None:
    op.create_table(
        "audit_notes",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("seq", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["audit_entries.seq"], name=op.f("fk_audit_notes_seq")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_notes")),
        sa.UniqueConstraint("seq", "number", name=op.f("uq_audit_notes_seq_number")),
        sqlite_autoincrement=True,
    )
    _create_index("audit_notes", "owner")


def _create_suppressions() -> None:
    _create_sealed(
        "suppressions",
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("portrait", sa.LargeBinary(), nullable=True),
        sa.Column("recovery", sa.LargeBinary(), nullable=False),
    )


def _create_cases() -> None:
    _create_sealed(
        "cases",
        sa.Column("kind", sa.String(length=16), nullable=False),
        *(sa.Column(at, sa.BigInteger(), nullable=False) for at in ("opened_at", "due_at")),
    )
    columns, constraints = _event_columns("case", state_length=16), _event_constraints("case")
    op.create_table("case_events", *columns, *constraints, sqlite_autoincrement=True)


def _create_holds() -> None:
    ends = {"case": None, "location": "CASCADE", "grant": "CASCADE"}
    op.create_table(
        "holds",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        *(sa.Column(f"{of}_id", _ID, nullable=end is not None) for of, end in ends.items()),
        sa.Column("was", sa.String(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        *(
            sa.ForeignKeyConstraint([f"{of}_id"], [f"{of}s.id"], f"fk_holds_{of}_id", None, end)
            for of, end in ends.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
        sqlite_autoincrement=True,
    )
    for of in ends:
        op.create_index(op.f(f"ix_holds_{of}_id"), "holds", [f"{of}_id"], unique=False)


def _create_sealed(table: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        table,
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        *columns,
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("uuid", name=op.f(f"uq_{table}_uuid")),
        sqlite_autoincrement=True,
    )


def _event_columns(of: str, *, state_length: int) -> list[sa.Column[Any]]:
    return [
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column(f"{of}_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=state_length), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    ]


def _event_constraints(of: str) -> list[sa.Constraint]:
    table = f"{of}_events"
    return [
        sa.ForeignKeyConstraint([f"{of}_id"], [f"{of}s.id"], name=op.f(f"fk_{table}_{of}_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(f"{of}_id", "number", name=op.f(f"uq_{table}_{of}_id_number")),
    ]
