"""What a grant states beside scope and purposes, and what is refused before it is recorded."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from mien.errors import SettingsError
from mien.permission.basis import Basis
from mien.permission.grant import Evidence
from service.stage import DOCUMENTED, NOON, Stage, query


def audit_entry(stage: Stage) -> tuple[dict[str, Any], dict[str, Any]]:
    """The entry that the newest grant was recorded with: its facts, and its sealed details."""
    with stage.open() as library:
        found = [e for e in library.audit().entries() if e["action"] == "grant-recorded"]
        shown = library.audit().entry(int(str(found[-1]["seq"])))
    return shown.entry["facts"], shown.details or {}  # type: ignore[return-value]


def check_not_recorded(stage: Stage, told: str, **terms: Any) -> None:
    with stage.open() as library:
        before = library.grants()
        entries = len(library.audit().entries())
        with pytest.raises(SettingsError, match=told):
            stage.grant(library, **terms)
        assert library.grants() == before
        assert len(library.audit().entries()) == entries


def test_a_grant_says_who_may_be_asked_and_who_made_sure(stage: Stage) -> None:
    with stage.open() as library:
        grant = stage.grant(
            library, contact=" ada@holder.example ", verified_by=" B. Clerk ", jurisdiction="us-il"
        )
        kept = library.get_grant(grant)
    assert (kept.contact, kept.verified_by, kept.jurisdiction) == (
        *("ada@holder.example", "B. Clerk"),
        "US-IL",
    )
    facts, details = audit_entry(stage)
    assert facts["jurisdiction"] == "US-IL"
    assert (details["contact"], details["verified_by"]) == ("ada@holder.example", "B. Clerk")
    assert "holder.example" not in json.dumps(facts)


def test_who_records_a_grant_verified_it_unless_said_otherwise(stage: Stage) -> None:
    with patch("getpass.getuser", return_value="ben\udcff"), stage.open() as library:
        kept = library.get_grant(stage.grant(library))
    assert kept.verified_by == "ben\\udcff"
    assert kept.is_vouched


@pytest.mark.parametrize("code", ["FR", "fr", "US-CA", "GB-SCT", "EU", "EEA", "eea", "UK", ""])
def test_a_jurisdiction_is_a_code(stage: Stage, code: str) -> None:
    with stage.open() as library:
        assert library.get_grant(stage.grant(library, jurisdiction=code)).jurisdiction == (
            code.upper()
        )


@pytest.mark.parametrize("code", ["France", "F", "US-", "US-CALI", "U.S.", "FR DE", "欧州", "250"])
def test_what_is_no_code_is_told(stage: Stage, code: str) -> None:
    check_not_recorded(stage, "no jurisdiction", jurisdiction=code)


def test_evidence_is_known_by_its_hash_and_not_copied(stage: Stage) -> None:
    letter = stage.folder / "letter of Ada.pdf"
    letter.write_bytes(b"%PDF-1.7 Ada allows it" * 1000)
    with stage.open() as library:
        grant = stage.grant(library, evidence=[letter, str(letter)])
        kept = library.get_grant(grant).evidence
    assert (
        kept
        == (
            Evidence(
                name="letter of Ada.pdf",
                sha256=hashlib.sha256(letter.read_bytes()).hexdigest(),
                media_type="application/pdf",
                obtained_at=NOON,
            ),
        )
        * 2
    )
    for file in (path for path in stage.home.rglob("*") if path.is_file()):
        assert b"Ada allows it" not in file.read_bytes()
    facts, _ = audit_entry(stage)
    assert facts["evidence_sha256"] == [one.sha256 for one in kept]


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("scan", b"\x89PNG\r\n\x1a\n....", "image/png"),
        ("mail.eml", b"From: Ada", "message/rfc822"),
        ("note.txt", b"Ada", "text/plain"),
        ("note.unheard-of", b"Ada", "application/octet-stream"),
        ("note", b"Ada", "application/octet-stream"),
        ("a" * 200 + ".pdf", b"Ada", "application/pdf"),
    ],
)
def test_the_kind_of_evidence_is_told_as_far_as_it_shows(
    stage: Stage, name: str, content: bytes, media_type: str
) -> None:
    path = stage.folder / name
    path.write_bytes(content)
    with stage.open() as library:
        (kept,) = library.get_grant(stage.grant(library, evidence=[path])).evidence
    assert (kept.name, kept.media_type) == (name, media_type)


def test_evidence_whose_name_is_no_text_is_taken(stage: Stage) -> None:
    path = Path(os.fsdecode(os.fsencode(stage.folder) + b"/Zo\xeb.pdf"))
    path.write_bytes(b"Zoe allows it")
    with stage.open() as library:
        kept = library.get_grant(stage.grant(library, evidence=[path]))
    assert kept.evidence[0].name == "Zo\\udceb.pdf"
    assert kept.is_vouched


def test_evidence_elsewhere_is_taken_with_its_hash(stage: Stage) -> None:
    digest = hashlib.sha256(b"a letter").hexdigest()
    address = "https://archive.example/letters/7.pdf?signed=yes"
    with stage.open() as library:
        grant = stage.grant(library, evidence=[f"{address}#sha256={digest}"])
        (kept,) = library.get_grant(grant).evidence
    assert (kept.name, kept.sha256, kept.obtained_at) == (address, digest, NOON)


@pytest.mark.parametrize(
    "evidence",
    [
        "https://archive.example/letter.pdf",
        "https://archive.example/letter.pdf#sha256=abc",
        "https://archive.example/letter.pdf#md5=" + "a" * 64,
        "https://archive.example/letter.pdf#sha256=" + "A" * 64,
        "https://archive.example/ letter.pdf#sha256=" + "a" * 64,
        "https://archive.example/\udcff#sha256=" + "a" * 64,
        "://#sha256=" + "a" * 64,
    ],
)
def test_an_address_without_its_hash_is_told(stage: Stage, evidence: str) -> None:
    check_not_recorded(stage, "its hash must be given|is no text", evidence=[evidence])


def test_evidence_that_shows_nothing_is_told_and_nothing_is_recorded(stage: Stage) -> None:
    good, empty = stage.folder / "good.pdf", stage.folder / "empty.pdf"
    good.write_bytes(b"x")
    empty.write_bytes(b"")
    (stage.folder / "folder").mkdir()
    os.mkfifo(stage.folder / "pipe")
    for bad, told in (
        (empty, "empty.pdf is empty"),
        (stage.folder / "missing.pdf", "missing.pdf cannot be read"),
        (stage.folder / "folder", "folder is no file"),
        (stage.folder / "pipe", "pipe is no file"),
        ("nul\0byte.pdf", "cannot be read"),
        ("x" * 5000, "cannot be read"),
    ):
        check_not_recorded(stage, told, evidence=[good, bad])


def test_evidence_that_may_not_be_read_is_told(stage: Stage) -> None:
    path = stage.folder / "locked.pdf"
    path.write_bytes(b"x")
    denied = PermissionError(13, "Permission denied")
    with stage.open() as library:
        stage.photos.mkdir()
        with (
            patch("mien.service.grant_evidence.Path.open", side_effect=denied),
            pytest.raises(SettingsError, match=r"locked.pdf cannot be read .Permission denied."),
        ):
            stage.grant(library, evidence=[path])
        assert library.grants() == []


@pytest.mark.parametrize("lacking", ["assessment", "retention_days"])
@pytest.mark.parametrize("bases", [[Basis.DOCUMENTED_BASIS], list(Basis)])
def test_a_documented_basis_names_what_it_rests_on(
    stage: Stage, lacking: str, bases: list[Basis]
) -> None:
    terms = {name: value for name, value in DOCUMENTED.items() if name != lacking}
    check_not_recorded(stage, "rests on a purpose", **terms | {"bases": bases})
    check_not_recorded(stage, "rests on a purpose", **DOCUMENTED | {"assessment": " \t"})


@pytest.mark.parametrize("purpose", ["union-surveillance", "live-watch", "emotion-recognition"])
def test_a_prohibited_purpose_is_not_recorded(stage: Stage, purpose: str) -> None:
    check_not_recorded(stage, "no purpose that anything is done for", purposes=["try", purpose])


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ("https://www.facebook.com/ann/", "Facebook, .* which forbids scraping.*account export"),
        ("https://pbs.twimg.com/media/", "X .Twitter., which forbids scraping"),
        ("https://www.%66acebook.com/", "which forbids scraping"),
        ("https://192.0.2.7/photos/", "names no host but its number"),
        ("https://192.0.2.7.nip.io/photos/", "names no host but its number"),
        ("https://[2001:db8::7]/photos/", "names no host but its number"),
        ("https://archive.example/\udcff/", "is no text"),
    ],
)
def test_a_scope_that_no_grant_reaches_is_not_recorded(stage: Stage, scope: str, told: str) -> None:
    check_not_recorded(stage, told, scope=scope)


@pytest.mark.parametrize("field", ["grantor", "contact", "verified_by", "assessment", "terms"])
def test_what_is_no_text_is_not_recorded(stage: Stage, field: str) -> None:
    check_not_recorded(stage, "is no text", **{field: "Zo\udceb"})


def test_everything_that_a_grant_states_is_vouched_for(stage: Stage) -> None:
    """Whatever column of its row is edited shows, by itself."""
    (stage.folder / "letter").write_bytes(b"x")
    catalog = stage.home / "catalog.db"
    columns = {
        **dict.fromkeys(("grantor", "contact", "verified_by", "assessment", "terms"), "'x'"),
        "jurisdiction": "'FR'",
        "kind": "'contract'",
        "retention_days": "7",
        **dict.fromkeys(("valid_from", "valid_until", "revoked_at"), "7"),
        **dict.fromkeys(("scope", "purposes"), """'["file:///"]'"""),
        **dict.fromkeys(("uses", "bases", "evidence"), "'[]'"),
        "id": "99",
    }
    with stage.open() as library:
        grant = stage.grant(library, evidence=[stage.folder / "letter"])
        names = set(query(catalog, "SELECT name FROM pragma_table_info('grants')"))
        assert names == {*columns, "uuid", "recorded_at"}
        for column, value in columns.items():
            (before,) = query(catalog, f"SELECT {column} FROM grants")  # noqa: S608  (above)
            query(catalog, f"UPDATE grants SET {column} = {value}")  # noqa: S608  (above)
            assert library.get_grant(grant).is_vouched is False, column
            query(catalog, f"UPDATE grants SET {column} = ?", before)  # noqa: S608  (above)
            assert library.get_grant(grant).is_vouched, column
        query(catalog, "UPDATE grants SET uuid = 'another'")
        assert library.get_grant("another").is_vouched is False
