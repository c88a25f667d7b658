"""Editing the audit log with SQL: each way is done here, and each is found and named."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from mien.catalog.audit import format_json
from mien.catalog.merkle import hash_leaf
from mien.errors import AuditError, CatalogError
from mien.vault.signer import Signer, make_signing_key
from service.logs import ENTRIES, copy_of, faults, head_of, make_log, put_back, tamper, verify
from service.stage import Stage, query

NAMES = ("content", "leaf_hash", "mark")
CHANGE = "UPDATE audit_entries SET content = replace(content, 'household', 'enrolled_') WHERE seq="


@pytest.fixture
def stage(stage: Stage) -> Stage:
    make_log(stage)
    return stage


def test_an_honest_log_is_sound(stage: Stage) -> None:
    report = verify(stage)
    assert (report.entries, report.checkpoints, report.findings) == (ENTRIES, 3, ())


@pytest.mark.parametrize("seq", range(ENTRIES))
def test_a_changed_entry_is_named(stage: Stage, seq: int) -> None:
    tamper(stage, f"{CHANGE}{seq}")
    assert faults(stage) == [("entry-changed", seq)]


def test_a_change_with_its_hash_is_found_at_the_entry_and_at_the_signature(stage: Stage) -> None:
    content = query(stage.home / "catalog.db", "SELECT content FROM audit_entries WHERE seq=5")[0]
    forged = content.replace(b"household", b"enrolled_")
    tamper(
        stage,
        f"UPDATE audit_entries SET content = X'{forged.hex()}',"  # noqa: S608  (bytes of this test)
        f" leaf_hash = X'{hash_leaf(forged).hex()}' WHERE seq=5",
    )
    assert faults(stage) == [
        ("entry-foreign", 5),
        ("checkpoint-inconsistent", 8),
        ("checkpoint-inconsistent", ENTRIES),
    ]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("seq = 0", ("entries-missing", 0)),
        ("seq = 6", ("entries-missing", 6)),
        ("seq BETWEEN 3 AND 8", ("entries-missing", 3)),
    ],
)
def test_entries_that_were_removed_are_named(
    stage: Stage, condition: str, found: tuple[str, int]
) -> None:
    tamper(stage, f"DELETE FROM audit_entries WHERE {condition}")  # noqa: S608  (conditions above)
    assert faults(stage) == [found]


def test_entries_removed_and_the_rest_closed_up_are_found(stage: Stage) -> None:
    tamper(
        stage,
        "DELETE FROM audit_entries WHERE seq = 10",
        "UPDATE audit_entries SET seq = 10 WHERE seq = 11",
    )
    assert faults(stage) == [("entry-moved", 10), ("log-truncated", 11)]


@pytest.mark.parametrize("first", [11, 8, 1, 0])
def test_an_end_that_was_cut_off_is_found(stage: Stage, first: int) -> None:
    tamper(stage, f"DELETE FROM audit_entries WHERE seq >= {first}")  # noqa: S608  (numbers above)
    assert faults(stage) == [("log-truncated", first)]


def test_an_end_that_was_cut_off_with_its_checkpoints_is_found(stage: Stage) -> None:
    tamper(
        stage,
        "DELETE FROM audit_entries WHERE seq >= 8",
        "DELETE FROM audit_checkpoints WHERE size > 8",
    )
    assert faults(stage) == [("log-truncated", 8)]


def test_a_log_that_was_emptied_is_found(stage: Stage) -> None:
    tamper(stage, "DELETE FROM audit_entries", "DELETE FROM audit_checkpoints")
    assert faults(stage) == [("log-truncated", 0)]


def test_entries_that_changed_places_are_named(stage: Stage) -> None:
    tamper(
        stage,
        "UPDATE audit_entries SET seq = 99 WHERE seq = 2",
        "UPDATE audit_entries SET seq = 2 WHERE seq = 7",
        "UPDATE audit_entries SET seq = 7 WHERE seq = 99",
    )
    found = faults(stage)
    assert found[:2] == [("entry-moved", 2), ("entry-moved", 7)]
    assert {fault for fault, _ in found[2:]} == {"checkpoint-inconsistent"}


@pytest.mark.parametrize("seq", [3, ENTRIES])
def test_an_entry_that_was_inserted_is_named(stage: Stage, seq: int) -> None:
    """In the middle, all after it moved on by one; or at the end."""
    rows = query(stage.home / "catalog.db", "SELECT content FROM audit_entries WHERE seq = 3")
    forged = format_json({**json.loads(rows[0]), "seq": seq, "purpose": "press"})
    tamper(
        stage,
        f"UPDATE audit_entries SET seq = -seq - 1 WHERE seq >= {seq}",  # noqa: S608  (numbers above)
        "UPDATE audit_entries SET seq = -seq WHERE seq < 0",
        f"INSERT INTO audit_entries VALUES ({seq}, X'{forged.hex()}',"  # noqa: S608  (bytes of this test)
        f" X'{hash_leaf(forged).hex()}', zeroblob(32))",
    )
    found = faults(stage)
    assert found[0] == ("entry-foreign", seq)
    assert [(fault, n) for fault, n in found if fault == "entry-moved"] == [
        ("entry-moved", after) for after in range(seq + 1, ENTRIES + 1)
    ]


def test_an_entry_that_was_inserted_at_the_end_is_never_signed(stage: Stage) -> None:
    tamper(
        stage,
        f"INSERT INTO audit_entries SELECT {ENTRIES}, content, leaf_hash, mark"  # noqa: S608  (a number)
        " FROM audit_entries WHERE seq = 3",
    )
    with (
        stage.open() as library,
        pytest.raises(AuditError, match=f"Entry {ENTRIES} .* was not written here"),
    ):
        library.audit().checkpoint()
    assert faults(stage) == [("entry-moved", ENTRIES)]
    assert query(stage.home / "catalog.db", "SELECT max(size) FROM audit_checkpoints") == [ENTRIES]


def test_a_checkpoint_of_another_key_is_forged(stage: Stage) -> None:
    note = Signer(make_signing_key()).sign(8, hash_leaf(b"anything"))
    tamper(stage, f"UPDATE audit_checkpoints SET note = '{note}' WHERE size = 8")  # noqa: S608  (made above)
    assert faults(stage) == [("checkpoint-forged", 8)]


@pytest.mark.parametrize(
    "change",
    [
        "note = replace(note, char(10) || '8' || char(10), char(10) || '9' || char(10))",
        "note = (SELECT note FROM audit_checkpoints WHERE size = 4)",
        "note = 'nothing of the kind'",
        "size = 7",
    ],
)
def test_a_checkpoint_that_was_changed_is_forged(stage: Stage, change: str) -> None:
    tamper(stage, f"UPDATE audit_checkpoints SET {change} WHERE size = 8")  # noqa: S608  (changes above)
    assert faults(stage) == [("checkpoint-forged", 7 if change == "size = 7" else 8)]


def test_keys_that_were_exchanged_do_not_go_unnoticed(stage: Stage) -> None:
    """With new keys nothing is marked or signed as it should be."""
    for name in ("audit references", "audit signer", "audit head"):
        with closing(sqlite3.connect(stage.home / "keys" / "keys.db")) as keys, keys:
            keys.execute("DELETE FROM secrets WHERE name = ?", (name,))
    found = faults(stage)
    assert [fault for fault, _ in found] == ["entry-foreign"] * ENTRIES + ["checkpoint-forged"] * 3


def test_details_that_were_changed_are_named(stage: Stage) -> None:
    with stage.open() as library:
        library.create_collection("club", basis="household")
    tamper(
        stage,
        "UPDATE audit_notes SET sealed = (SELECT sealed FROM audit_notes WHERE seq = 1)"
        " WHERE seq = (SELECT max(seq) FROM audit_notes)",
    )
    assert faults(stage) == [("note-changed", ENTRIES)]


def test_a_kept_checkpoint_shows_what_no_other_trace_does(stage: Stage) -> None:
    """Whoever has all of the home, keys too, can put back an old one, but not the kept file."""
    before = copy_of(stage.home)
    with stage.open() as library:
        stage.grant(library)
        kept = head_of(library)
    assert faults(stage, against=kept) == []
    put_back(before)
    assert faults(stage) == []
    assert faults(stage, against=kept) == [("kept-checkpoint-not-contained", ENTRIES + 1)]


def test_a_history_that_was_written_anew_does_not_hold_the_kept_checkpoint(stage: Stage) -> None:
    before = copy_of(stage.home)
    with stage.open() as library:
        stage.grant(library)
        kept = head_of(library)
    put_back(before)
    with stage.open() as library:
        for _ in range(3):
            stage.grant(library)
    assert faults(stage) == []
    assert faults(stage, against=kept) == [("kept-checkpoint-not-contained", ENTRIES + 1)]


@pytest.mark.parametrize("kept", ["", "no checkpoint", "a\n1\nb\n\n\N{EM DASH} a b\n"])
def test_a_file_that_is_no_checkpoint_proves_nothing(stage: Stage, kept: str) -> None:
    assert faults(stage, against=kept) == [("kept-checkpoint-not-contained", 0)]


def test_a_key_never_signs_another_history_than_it_signed(stage: Stage) -> None:
    """An older catalog beside the present keys: another log goes on, and this one ends."""
    before = copy_of(stage.home)
    with stage.open() as library:
        for _ in range(3):
            stage.grant(library)
        signed = head_of(library)
    put_back({path: content for path, content in before.items() if path.name != "keys.db"})
    with stage.open() as library:
        for _ in range(5):
            stage.grant(library)
            assert head_of(library).partition("\n")[0] != signed.partition("\n")[0]
    assert faults(stage, against=signed) == [
        ("log-truncated", ENTRIES),
        ("kept-checkpoint-not-contained", ENTRIES + 3),
    ]


def test_lost_entries_do_not_come_back_into_the_log_that_goes_on(stage: Stage) -> None:
    """What the log before wrote is none of its successor's, even at the same place."""
    lost = query(stage.home / "catalog.db", "SELECT * FROM audit_entries WHERE seq >= 9")
    tamper(stage, "DELETE FROM audit_entries WHERE seq >= 8")
    with stage.open() as library:
        stage.grant(library)
    for seq, *columns in lost[:1]:
        values = ", ".join(
            f"{name} = X'{value.hex()}'" for name, value in zip(NAMES, columns, strict=True)
        )
        tamper(stage, f"UPDATE audit_entries SET {values} WHERE seq = {seq}")  # noqa: S608  (bytes of this test)
    assert faults(stage)[0] == ("entry-foreign", 9)


def test_the_entry_that_tells_of_a_cut_cannot_be_cut_off(stage: Stage) -> None:
    for cut in (8, 8, 6):
        tamper(stage, f"DELETE FROM audit_entries WHERE seq >= {cut}")  # noqa: S608  (numbers above)
        assert faults(stage)[0] == ("log-truncated", 8)
    assert faults(stage) == [("log-truncated", 8), ("log-truncated", 8), ("log-truncated", 6)]


def test_a_cut_is_acknowledged_by_no_entry_that_was_forged(stage: Stage) -> None:
    tamper(stage, "DELETE FROM audit_entries WHERE seq >= 8")
    with stage.open() as library:
        (cut,) = library.audit().verify().cuts
        stage.grant(library)
    rows = query(stage.home / "catalog.db", "SELECT content FROM audit_entries WHERE seq = 9")
    forged = {**json.loads(rows[0]), "action": "cut-acknowledged"}
    content = format_json({**forged, "facts": {"logs": [cut.successor]}})
    tamper(
        stage,
        f"UPDATE audit_entries SET content = X'{content.hex()}',"  # noqa: S608  (bytes of this test)
        f" leaf_hash = X'{hash_leaf(content).hex()}' WHERE seq = 9",
    )
    assert ("log-truncated", 8) in faults(stage)


def test_a_damaged_page_is_told_plainly(stage: Stage) -> None:
    path = stage.home / "catalog.db"
    for beside in ("catalog.db-wal", "catalog.db-shm"):
        assert not (stage.home / beside).exists()
    root = query(path, "SELECT rootpage FROM sqlite_master WHERE name = 'audit_entries'")[0]
    size = query(path, "PRAGMA page_size")[0]
    content = bytearray(path.read_bytes())
    content[(root - 1) * size : root * size] = b"\xa5" * size
    path.write_bytes(content)
    with pytest.raises(CatalogError, match=r"catalog.db cannot be used"):
        stage.open()
