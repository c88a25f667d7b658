"""A log that was cut goes on as another one, which says so for ever."""

from __future__ import annotations

import json
import multiprocessing
import threading
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from mien.errors import AuditError, CatalogError, NotFoundError, SettingsError
from mien.library import Library
from mien.service import audit
from mien.service.audit_succession import settle_log
from mien.service.erase import GrantorTarget
from mien.vault.signer import read_checkpoint
from service.logs import EACH, ENTRIES, copy_of, faults, head_of, make_log, put_back, verify
from service.stage import Stage, query

REASON = "the disk failed; the catalog of 3 May was restored"


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """A log of twelve entries, a copy of its catalog, and three more that were signed."""
    make_log(stage)
    return stage


def catalog_of(stage: Stage) -> dict[Path, bytes]:
    files = copy_of(stage.home)
    return {path: content for path, content in files.items() if path.parent.name != "keys"}


def add_entries(stage: Stage, number: int) -> str:
    """So many more entries, and the checkpoint over them."""
    with stage.open() as library:
        for _ in range(number):
            stage.grant(library)
        return head_of(library)


def cut(stage: Stage, *, lost: int = 3) -> str:
    """Restores a catalog that lacks the last entries; the checkpoint over what is lost."""
    before = catalog_of(stage)
    lost_head = add_entries(stage, lost)
    put_back(before)
    return lost_head


def entries_of(stage: Stage) -> list[dict[str, Any]]:
    contents = query(stage.home / "catalog.db", "SELECT content FROM audit_entries ORDER BY seq")
    return [json.loads(content) for content in contents]


def origin_of(note: str) -> str:
    return read_checkpoint(note).origin


def test_the_first_entry_says_which_log_it_succeeds_and_where_that_was_cut(stage: Stage) -> None:
    lost = cut(stage)
    with stage.open() as library:
        new = library.audit().verification_key
    entry = entries_of(stage)[ENTRIES]
    assert (entry["action"], entry["seq"]) == ("log-succeeded", ENTRIES)
    facts = entry["facts"]
    assert facts["checkpoint"] == lost
    assert (facts["predecessor"], facts["signed"]) == (origin_of(lost), ENTRIES + 3)
    assert (facts["key"], facts["kept"]) == (new, ENTRIES)
    assert new.startswith(facts["log"] + "+")
    assert facts["log"] != facts["predecessor"]


def test_it_is_signed_again_under_a_key_of_its_own(stage: Stage) -> None:
    lost = cut(stage)
    with stage.open() as library:
        stage.grant(library)
        note = head_of(library)
    assert read_checkpoint(note).size == ENTRIES + 2
    assert origin_of(note) != origin_of(lost)
    with stage.open() as library:
        stage.grant(library)
        assert origin_of(head_of(library)) == origin_of(note)
    assert len([e for e in entries_of(stage) if e["action"] == "log-succeeded"]) == 1
    sizes = query(stage.home / "catalog.db", "SELECT size FROM audit_checkpoints ORDER BY size")
    assert sizes == [EACH, 2 * EACH, ENTRIES, ENTRIES + 2, ENTRIES + 3]


def test_a_cut_is_a_fault_until_it_is_acknowledged_and_told_for_ever(stage: Stage) -> None:
    cut(stage)
    assert faults(stage) == faults(stage) == [("log-truncated", ENTRIES)]
    with stage.open() as library:
        (acknowledged,) = library.audit().succeed(REASON)
    assert (acknowledged.signed, acknowledged.kept) == (ENTRIES + 3, ENTRIES)
    for _ in range(2):
        report = verify(stage)
        assert report.is_sound
        assert [c.acknowledged_in for c in report.cuts] == [ENTRIES + 1]
        assert f"{ENTRIES} were left" in report.cuts[0].explanation
        add_entries(stage, 1)


def test_the_reason_is_for_the_operator_and_not_in_the_entry(stage: Stage) -> None:
    cut(stage)
    with stage.open() as library:
        library.audit().succeed(REASON)
        shown = library.audit().entry(ENTRIES + 1)
    assert shown.details
    assert shown.details["reason"] == REASON
    assert REASON not in json.dumps(shown.entry)


def test_there_must_be_a_cut_to_acknowledge_and_a_reason(stage: Stage) -> None:
    with stage.open() as library, pytest.raises(NotFoundError, match="was not cut"):
        library.audit().succeed(REASON)
    cut(stage)
    with stage.open() as library:
        with pytest.raises(SettingsError, match="Say why"):
            library.audit().succeed("  ")
        library.audit().succeed(REASON)
        with pytest.raises(NotFoundError, match="acknowledged already"):
            library.audit().succeed(REASON)


def test_a_whole_log_is_opened_without_a_word(stage: Stage) -> None:
    with stage.open() as library, patch.object(audit, "append", side_effect=AssertionError):
        settle_log(library._deployment)
        assert library._deployment.vault.notary.logs.current.number == 0
    assert len(entries_of(stage)) == ENTRIES
    assert verify(stage).cuts == ()


def test_unsigned_entries_that_are_lost_leave_no_cut(stage: Stage) -> None:
    """Killed before any checkpoint: nothing shows, as the guide says, and nothing is made up."""
    before = catalog_of(stage)
    with stage.open() as library:
        stage.grant(library)
        with patch("mien.service.session.leave_checkpoint"):
            library.close()
    put_back(before)
    assert faults(stage) == []
    assert verify(stage).cuts == ()


def test_kept_checkpoints_from_before_and_after_the_cut_are_contained(stage: Stage) -> None:
    early = add_entries(stage, 1)
    lost = cut(stage)
    with stage.open() as library:
        library.audit().succeed(REASON)
        late = head_of(library)
    add_entries(stage, 5)
    assert faults(stage, against=early) == faults(stage, against=late) == []
    assert faults(stage, against=lost) == [("kept-checkpoint-not-contained", ENTRIES + 4)]


def test_entries_are_proved_under_checkpoints_of_both_logs(stage: Stage) -> None:
    early = add_entries(stage, 1)
    cut(stage)
    with stage.open() as library:
        late = head_of(library)
        for note in (early, late):
            assert library.audit().prove(5, checkpoint=note).checkpoint == note
        with pytest.raises(NotFoundError, match="came later"):
            library.audit().prove(ENTRIES + 1, checkpoint=early)


def test_a_log_may_be_cut_again(stage: Stage) -> None:
    backup = catalog_of(stage)
    cut(stage)
    add_entries(stage, 2)
    cut(stage)
    add_entries(stage, 2)
    put_back(backup)
    add_entries(stage, 2)
    report = verify(stage)
    assert [(f.fault.value, f.number) for f in report.findings] == [
        ("log-truncated", ENTRIES),
        ("log-truncated", ENTRIES + 3),
        ("log-truncated", ENTRIES),
    ]
    chain = [(c.predecessor, c.successor) for c in report.cuts]
    assert [before for before, _ in chain[1:]] == [after for _, after in chain[:-1]]
    with stage.open() as library:
        assert len(library.audit().succeed(REASON)) == 3
    assert verify(stage).is_sound


def test_the_newest_catalog_may_still_be_put_back(stage: Stage) -> None:
    """Its entries are as sound as they were; that another log had begun is told."""
    before = catalog_of(stage)
    whole = add_entries(stage, 5)
    newest = catalog_of(stage)
    put_back(before)
    add_entries(stage, 1)
    put_back(newest)
    add_entries(stage, 1)
    assert faults(stage, against=whole) == [
        ("log-truncated", ENTRIES),
        ("log-truncated", ENTRIES + 5),
    ]
    with stage.open() as library:
        library.audit().succeed(REASON)
    report = verify(stage, against=whole)
    assert report.is_sound
    assert "others were found" in report.cuts[1].explanation


def test_a_successor_that_was_begun_in_vain_is_forgotten(stage: Stage) -> None:
    """Killed after the vault knows of it and before the catalog does."""
    cut(stage)
    for _ in range(3):
        with (
            patch.object(audit, "append", side_effect=CatalogError("The disk is full.")),
            pytest.raises(CatalogError),
        ):
            stage.open()
    assert faults(stage) == [("log-truncated", ENTRIES)]
    assert len(verify(stage).cuts) == 1


def test_a_successor_that_signed_nothing_yet_goes_on(stage: Stage) -> None:
    cut(stage)
    for _ in range(2):
        with patch("mien.service.session.leave_checkpoint"), stage.open() as library:
            stage.grant(library)
    assert [e["action"] for e in entries_of(stage)[ENTRIES:]].count("log-succeeded") == 1
    add_entries(stage, 1)
    assert faults(stage) == [("log-truncated", ENTRIES)]


def test_a_catalog_that_is_exchanged_in_use_is_not_signed(stage: Stage) -> None:
    """Whoever had it open goes on writing; whoever opens it next begins the successor."""
    before = catalog_of(stage)
    add_entries(stage, 3)
    with stage.open() as library:
        library._deployment.database.close()
        put_back(before)
        stage.grant(library)
        with pytest.raises(AuditError, match="exchanged while it was in use"):
            library.audit().checkpoint()
    assert faults(stage) == [("log-truncated", ENTRIES + 1)]


def test_another_history_as_long_as_the_one_that_was_signed_is_told(stage: Stage) -> None:
    """Grown in a process that had the exchanged catalog open: as many entries, but not those."""
    before = catalog_of(stage)
    add_entries(stage, 3)
    with stage.open() as library:
        library._deployment.database.close()
        put_back(before)
        for _ in range(6):
            stage.grant(library)
        with pytest.raises(AuditError, match="exchanged while it was in use"):
            library.audit().checkpoint()
    assert faults(stage) == [("log-truncated", ENTRIES + 6)]


def test_entries_of_the_log_before_are_checked_before_the_successor_signs_them(
    stage: Stage,
) -> None:
    cut(stage)
    query(stage.home / "catalog.db", "UPDATE audit_entries SET content = 'x' WHERE seq = 5")
    with stage.open() as library, pytest.raises(AuditError, match=r"Entry 5 .* not written here"):
        library.audit().checkpoint()
    assert faults(stage) == [("entry-changed", 5), ("log-truncated", ENTRIES)]


def test_certificates_name_the_log_that_goes_on(stage: Stage) -> None:
    cut(stage)
    with stage.open() as library:
        log = library._deployment.vault.notary.logs.current
        report = library.erase(GrantorTarget("A. Holder"))
    certificate = json.loads(report.certificate)
    assert certificate["certificate"]["audit_log"] == log.origin
    key = library._deployment.vault.notary.signer.public_key.hex()
    assert certificate["public_key"] == key, "documents are signed as before"


def open_once(folder: Path) -> None:
    with Stage(folder).open():
        pass


def test_processes_that_open_at_once_begin_one_successor(stage: Stage) -> None:
    cut(stage)
    context = multiprocessing.get_context("forkserver")
    workers = [context.Process(target=open_once, args=(stage.folder,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert [e["action"] for e in entries_of(stage)].count("log-succeeded") == 1
    assert faults(stage) == [("log-truncated", ENTRIES)]


def test_threads_go_on_writing_into_the_successor(stage: Stage) -> None:
    cut(stage)
    with stage.open() as library:
        threads = [threading.Thread(target=grant_some, args=(stage, library)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        library.audit().succeed(REASON)
    assert verify(stage).is_sound
    assert len(entries_of(stage)) == ENTRIES + 1 + 15 + 1


def grant_some(stage: Stage, library: Library) -> None:
    for _ in range(5):
        stage.grant(library)
