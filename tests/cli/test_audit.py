"""`mien audit` as an operator meets it: words, JSON documents and exit codes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from cli.conftest import Mien
from service.logs import ENTRIES, make_log, tamper
from service.stage import Stage


@pytest.fixture
def log(stage: Stage) -> Stage:
    make_log(stage)
    return stage


@pytest.mark.usefixtures("log")
def test_a_sound_log_says_so(mien: Mien) -> None:
    answer = mien("audit", "verify")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == f"{ENTRIES} entries, 3 checkpoints: nothing was changed.\n"
    assert mien("audit", "verify", "--json").document == {
        "sound": True,
        "entries": ENTRIES,
        "checkpoints": 3,
        "findings": [],
        "cuts": [],
    }


def test_a_log_that_was_changed_ends_with_1_and_names_the_entry(log: Stage, mien: Mien) -> None:
    tamper(log, "UPDATE audit_entries SET content = 'x' WHERE seq = 7")
    answer = mien("audit", "verify")
    assert answer.code == 1
    assert answer.err == "Entry 7 was changed. [entry-changed]\n"
    document = mien("audit", "verify", "--json").document
    assert (document["sound"], document["findings"]) == (
        False,
        [{"fault": "entry-changed", "number": 7, "explanation": "Entry 7 was changed."}],
    )


def test_a_kept_checkpoint_is_compared(log: Stage, mien: Mien) -> None:
    kept = log.folder / "kept.txt"
    printed = mien("audit", "checkpoint", "--to", kept)
    assert (printed.code, printed.out) == (0, kept.read_text("utf-8"))
    assert "kept checkpoint is contained" in mien("audit", "verify", "--against", kept).out
    kept.write_text("something else", "utf-8")
    answer = mien("audit", "verify", "--against", kept)
    assert (answer.code, "none of this log" in answer.err) == (1, True)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_kept_file_that_cannot_be_read_is_told(
    log: Stage, mien: Mien, content: bytes | None
) -> None:
    kept = log.folder / "kept.txt"
    if content is not None:
        kept.write_bytes(content)
    answer = mien("audit", "verify", "--against", kept, "--json")
    assert (answer.code, answer.document["error"]["reason"]) == (2, "settings")


def test_a_checkpoint_can_be_kept_with_the_key(log: Stage, mien: Mien) -> None:
    document = mien("audit", "checkpoint", "--json").document
    origin = document["checkpoint"].splitlines()[0]
    assert document["key"].startswith(f"{origin}+")
    answer = mien("audit", "checkpoint", "--to", log.folder / "none" / "kept.txt")
    assert (answer.code, "cannot be written" in answer.err) == (2, True)


@pytest.mark.usefixtures("log")
def test_the_last_entries_are_listed(mien: Mien) -> None:
    assert mien("audit", "show", "--last", "2").out.count("grant-recorded") == 2
    entries = mien("audit", "show", "--json").document["entries"]
    assert [entry["seq"] for entry in entries] == list(range(ENTRIES))


@pytest.mark.usefixtures("log")
def test_one_entry_is_shown_with_its_details(mien: Mien) -> None:
    assert "A. Holder" in mien("audit", "show", "3").out
    document = mien("audit", "show", "3", "--json").document
    assert document["entry"]["seq"] == 3
    assert document["details"]["grantor"] == "A. Holder"
    assert document["matches"] == []


@pytest.mark.usefixtures("log")
def test_an_entry_that_is_not_there_is_told(mien: Mien) -> None:
    answer = mien("audit", "show", "99", "--json")
    assert (answer.code, answer.document["error"]["reason"]) == (2, "not-found")


def test_an_empty_home_has_nothing_to_show_or_sign(mien: Mien) -> None:
    assert mien("audit", "show").out == "Nothing was done here yet.\n"
    assert "nothing to sign" in mien("audit", "checkpoint").out
    assert mien("audit", "checkpoint", "--json").document["checkpoint"] is None
    assert mien("audit", "verify").code == 0


def test_an_exported_log_verifies_where_mien_is_not(log: Stage, mien: Mien) -> None:
    folder = log.folder / "bundle"
    assert "verify.py" in mien("audit", "export", folder).out
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify.py")], env={}, check=False
    )
    assert done.returncode == 0
    again = mien("audit", "export", folder, "--json")
    assert (again.code, again.document["error"]["reason"]) == (2, "settings")
    document = mien("audit", "export", log.folder / "second", "--json").document
    assert (document["entries"], document["checkpoints"]) == (ENTRIES, 3)
    assert document["key"] == (folder / "key.txt").read_text("utf-8").strip()


def test_a_log_that_lost_its_end_is_acknowledged_and_told_ever_after(
    log: Stage, mien: Mien
) -> None:
    tamper(log, "DELETE FROM audit_entries WHERE seq > 5")
    answer = mien("audit", "verify")
    assert (answer.code, answer.err.count("[log-truncated]")) == (1, 1)
    assert f"{ENTRIES} entries of mien-log/" in answer.err
    assert "mien audit succeed --reason" in answer.err
    assert mien("audit", "checkpoint").code == 0
    told = mien("audit", "succeed", "--reason", "backup of 3 May")
    assert (told.code, told.out.startswith("Acknowledged. The log was cut")) == (0, True)
    answer = mien("audit", "verify")
    assert (answer.code, answer.err) == (0, "")
    assert "Acknowledged in entry 7." in answer.out
    assert "nothing was changed since" in answer.out
    (cut,) = mien("audit", "verify", "--json").document["cuts"]
    assert (cut["signed"], cut["kept"], cut["acknowledged_in"]) == (ENTRIES, 6, 7)
    assert mien("audit", "show", "7", "--json").document["details"]["reason"] == "backup of 3 May"


def test_what_was_not_cut_cannot_be_acknowledged(log: Stage, mien: Mien) -> None:
    answer = mien("audit", "succeed", "--reason", "to be sure", "--json")
    assert (answer.code, answer.document["error"]["reason"]) == (2, "not-found")
    tamper(log, "DELETE FROM audit_entries WHERE seq > 5")
    answer = mien("audit", "succeed", "--reason", " ", "--json")
    assert (answer.code, answer.document["error"]["reason"]) == (2, "settings")
    document = mien("audit", "succeed", "--reason", "why", "--json").document
    assert [cut["kept"] for cut in document["acknowledged"]] == [6]


def test_a_wrong_root_key_is_told_and_nothing_looks_empty(
    log: Stage, mien: Mien, monkeypatch: pytest.MonkeyPatch
) -> None:
    del log
    monkeypatch.setenv("MIEN_ROOT_KEY", "00" * 32)
    answer = mien("audit", "verify", "--json")
    assert (answer.code, answer.document["error"]["reason"]) == (1, "root-key")


def test_lost_keys_do_not_look_like_a_sound_log(log: Stage, mien: Mien) -> None:
    """A fresh key file under the right root key: every entry is foreign, not merely new."""
    path: Path = log.home / "keys" / "keys.db"
    with closing(sqlite3.connect(path)) as keys, keys:
        keys.execute("DELETE FROM secrets WHERE name LIKE 'audit%'")
    answer = mien("audit", "verify")
    assert (answer.code, answer.err.count("[entry-foreign]")) == (1, ENTRIES)
