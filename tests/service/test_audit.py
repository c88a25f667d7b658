"""What is entered into the audit log, with what it records, and what it never holds."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mien.catalog.merkle import Root, is_included
from mien.errors import CatalogError, NotFoundError
from mien.library import Library
from mien.permission.verdict import Reason
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.testing import draw_photo
from mien.vault.notary import Owner
from service.logs import EACH, ENTRIES, head_of, make_log, verify
from service.stage import NOON, PURPOSE, Stage, query

PROBE = draw_photo(1, seed=99)
FIELDS = {
    *("seq", "time", "actor", "action", "purpose", "grant", "consent", "subject_ref"),
    *("details_commit", "outcome", "reasons", "facts"),
}


@pytest.fixture
def face(stage: Stage) -> str:
    """The outside id of a face in a home that was searched: for it, refused, and for nobody."""
    stage.draw("a.png", 1)
    stage.draw("b.png", 2)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        stage.now += timedelta(seconds=1)
        found = library.search(PROBE, purpose=PURPOSE, limit=1)
        library.search(PROBE, purpose="advertising")
    return found.candidates[0].face.stored.uuid


def entries_of(stage: Stage) -> list[dict[str, Any]]:
    contents = query(stage.home / "catalog.db", "SELECT content FROM audit_entries ORDER BY seq")
    return [json.loads(content) for content in contents]


def actions_of(stage: Stage) -> list[str]:
    return [entry["action"] for entry in entries_of(stage)]


@pytest.mark.usefixtures("face")
def test_everything_that_was_done_is_entered_in_order(stage: Stage) -> None:
    assert actions_of(stage) == [
        *("grant-recorded", "collection-made", "run-started", "photos-added", "run-ended"),
        *("search", "search"),
    ]
    entries = entries_of(stage)
    assert [entry["seq"] for entry in entries] == list(range(7))
    assert all(entry.keys() == FIELDS for entry in entries)


@pytest.mark.usefixtures("face")
def test_a_run_is_entered_with_its_counts(stage: Stage) -> None:
    grant, made, _, added, ended = entries_of(stage)[:5]
    counts = {"photos_new": 2, "photos_known": 0, "faces": 2}
    collection = made["facts"]["collection"]
    assert added["facts"] == {"collection": collection, **counts, "dropped": {}, "refused": {}}
    assert ended["facts"] == {"collection": collection, **counts}
    assert added["grant"] == ended["grant"] == grant["grant"]


@pytest.mark.usefixtures("face")
def test_a_search_is_entered_as_article_12_asks(stage: Stage) -> None:
    search, refused = entries_of(stage)[5:]
    began = (NOON + timedelta(seconds=1)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    facts = search["facts"]
    assert (facts["began"], facts["ended"]) == (began, began)
    assert facts["collection"] == entries_of(stage)[1]["facts"]["collection"]
    assert facts["collection_revision"] == 1
    assert (len(facts["matches"]), facts["verifiers"]) == (1, [])
    assert (search["purpose"], search["outcome"], search["reasons"]) == (PURPOSE, "done", [])
    assert (refused["outcome"], refused["reasons"]) == ("refused", ["purpose-not-granted"])
    assert (refused["facts"]["input"], refused["facts"]["matches"]) == (None, [])


@pytest.mark.usefixtures("face")
def test_the_commitment_to_the_probe_opens_with_the_probe_alone(stage: Stage) -> None:
    with stage.open() as library:
        shown = library.audit().entry(5)
    assert shown.details
    salt = bytes.fromhex(str(shown.details["input_salt"]))
    facts = entries_of(stage)[5]["facts"]
    assert facts["input"] == hashlib.sha256(salt + hashlib.sha256(PROBE).digest()).hexdigest()


def test_no_entry_names_anyone(stage: Stage, face: str) -> None:
    with stage.open() as library:
        stage.grant(library, grantor="Grace Hopper", terms="only the brave", assessment="DPIA-7")
        grant = library.grants()[0].grant_id
        library.revoke(grant)
        library.search(PROBE, purpose="Is this Ada Lovelace?")
        actor = library._deployment.actor
        library._deployment.actor = "grace the searcher"
        library.search(PROBE, purpose=PURPOSE)
    tree = b"\n".join(query(stage.home / "catalog.db", "SELECT content FROM audit_entries"))
    secret = ["Grace", "grace", "brave", "DPIA", "Ada", "Holder", grant, face, str(stage.folder)]
    secret += ["file:", ".png", "default", hashlib.sha256(PROBE).hexdigest(), f'"{actor}"']
    secret += query(
        stage.home / "catalog.db", "SELECT uuid FROM faces UNION SELECT sha256 FROM photos"
    )
    assert [word for word in secret if word.encode() in tree] == []


def test_what_is_sealed_of_a_search_is_readable_nowhere(stage: Stage, face: str) -> None:
    sealed = b"".join(query(stage.home / "catalog.db", "SELECT sealed FROM audit_notes"))
    for word in (face, "actor", "A. Holder", "input_salt"):
        assert word.encode() not in sealed


def test_a_person_is_told_which_searches_showed_them(stage: Stage, face: str) -> None:
    with stage.open() as library:
        library.search(PROBE, purpose=PURPOSE)
        found = library.audit().searches_of(face)
        other = query(stage.home / "catalog.db", "SELECT uuid FROM faces WHERE uuid <> ?", face)[0]
        assert len(library.audit().searches_of(other)) == 1
    assert [search.entry["seq"] for search in found] == [5, 7]
    for search in found:
        assert [match["face"] for match in search.matches] == [face]
        assert search.details
        assert search.details["purpose"] == PURPOSE


def test_a_face_that_is_not_there_was_shown_to_nobody(stage: Stage) -> None:
    with stage.open() as library, pytest.raises(NotFoundError, match="no face 0"):
        library.audit().searches_of("0")


def test_a_face_that_is_erased_leaves_the_log_whole_and_silent(stage: Stage, face: str) -> None:
    commitment = entries_of(stage)[5]["facts"]["matches"]
    with stage.open() as library:
        library._deployment.vault.discard(blob_ids=[], face_ids=[face])
        shown = library.audit().entry(5)
    assert shown.matches == ()
    assert entries_of(stage)[5]["facts"]["matches"] == commitment
    assert verify(stage).is_sound


def test_what_is_being_erased_may_leave_no_note_behind(stage: Stage, face: str) -> None:
    with stage.open() as library:
        deployment = library._deployment
        with deployment.database.writing() as connection:
            owners = [Owner(face_id=face), Owner(library.grants()[0].grant_id)]
            assert audit.forget(deployment, connection, owners=owners) == 2
        assert library.audit().searches_of(face) == []
        assert library.audit().entry(0).details is None
    assert verify(stage).is_sound


def test_the_terms_of_a_grant_can_be_read_while_its_key_lives(stage: Stage) -> None:
    with stage.open() as library:
        grant = stage.grant(library, grantor="Grace Hopper")
        details = library.audit().entry(0).details
    assert details
    assert (details["grantor"], details["grant"]) == ("Grace Hopper", grant)


def test_a_revocation_is_entered(stage: Stage) -> None:
    with stage.open() as library:
        library.revoke(stage.grant(library))
    recorded, revoked = entries_of(stage)
    assert (revoked["action"], revoked["grant"]) == ("grant-revoked", recorded["grant"])


@pytest.mark.parametrize("grant", [None, "no such grant"])
def test_a_refused_run_is_entered_with_its_reason(stage: Stage, grant: str | None) -> None:
    stage.draw("a.png", 1)
    with stage.open() as library:
        report = library.add(stage.photos, grant=grant)
    (entry,) = entries_of(stage)
    assert (entry["action"], entry["outcome"]) == ("add", "refused")
    assert entry["reasons"] == list(report.verdict.reasons)
    assert entry["facts"] == {"refused": {entry["reasons"][0]: 1}}


def test_a_run_that_was_cut_short_is_entered_by_the_next(stage: Stage) -> None:
    stage.draw("a.png", 1)
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
        with library._deployment.database.writing() as connection:
            connection.exec_driver_sql("UPDATE runs SET state = 'started'")
        library.add(stage.photos, grant=grant)
    assert "runs-cut-short" in actions_of(stage)


def test_an_entry_stays_only_with_what_it_records(stage: Stage) -> None:
    with stage.open() as library, pytest.raises(CatalogError, match="NOT NULL"):
        add_one(library, then="INSERT INTO photos (id) VALUES (NULL)")
    assert entries_of(stage) == []


def test_a_note_of_a_face_without_a_key_is_left_out(stage: Stage) -> None:
    gone = Note({"face": "x"}, Owner(photo_id="p", face_id="x"))
    with stage.open() as library:
        deployment = library._deployment
        with deployment.database.writing() as connection:
            audit.append(deployment, connection, event=Event(action=Action.SEARCH, shown=[gone]))
    (entry,) = entries_of(stage)
    assert len(entry["facts"]["matches"]) == 1
    assert query(stage.home / "catalog.db", "SELECT number FROM audit_notes") == [0]


def test_words_that_are_no_unicode_are_entered_all_the_same(stage: Stage) -> None:
    """A shell hands bytes that are no text on as lone surrogates."""
    with stage.open() as library:
        library.search(PROBE, purpose="why\udcff")
        details = library.audit().entry(0).details
    assert details
    assert details["purpose"] == "why\\udcff"
    assert entries_of(stage)[0]["purpose"] is None


def test_refusals_are_entered_by_their_codes(stage: Stage) -> None:
    event = Event(action=Action.ADD, reasons=[Reason.NO_GRANT, Reason.GRANT_EXPIRED])
    with stage.open() as library, library._deployment.database.writing() as connection:
        audit.append(library._deployment, connection, event=event)
    assert entries_of(stage)[0]["reasons"] == ["no-grant", "grant-expired"]


def test_closing_leaves_a_checkpoint_and_looking_leaves_none(stage: Stage) -> None:
    make_log(stage)
    sizes = "SELECT size FROM audit_checkpoints"
    assert query(stage.home / "catalog.db", sizes) == [EACH, 2 * EACH, ENTRIES]
    with stage.open() as library:
        library.grants()
        assert head_of(library) == head_of(library)
    assert query(stage.home / "catalog.db", sizes) == [EACH, 2 * EACH, ENTRIES]


def test_an_empty_log_has_no_checkpoint(stage: Stage) -> None:
    with stage.open() as library:
        assert library.audit().checkpoint() is None
    assert verify(stage).is_sound


def test_a_checkpoint_that_the_vault_did_not_hear_of_is_no_trouble(stage: Stage) -> None:
    """Killed between the two: the vault remembers an earlier head, and goes on from there."""
    make_log(stage)
    with stage.open() as library:
        notary = library._deployment.vault.notary
        notary._keys._execute("DELETE FROM secrets WHERE name = 'audit head'")
        note = head_of(library)
    assert note == query(stage.home / "catalog.db", "SELECT note FROM audit_checkpoints")[-1]
    assert verify(stage, against=note).is_sound


def append_many(folder: Path, count: int) -> None:
    with Stage(folder).open() as library:
        for _ in range(count):
            add_one(library)


def add_one(library: Library, *, then: str = "SELECT 1") -> None:
    with library._deployment.database.writing() as connection:
        audit.append(library._deployment, connection, event=Event(action=Action.ADD))
        connection.exec_driver_sql(then)


def test_two_processes_append_without_gap_or_double(stage: Stage) -> None:
    with stage.open():
        pass
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["service.test_audit"])
    workers = [context.Process(target=append_many, args=(stage.folder, 60)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert [entry["seq"] for entry in entries_of(stage)] == list(range(120))
    assert verify(stage).is_sound


def test_an_entry_is_proved_to_be_in_a_checkpoint(stage: Stage) -> None:
    make_log(stage)
    with stage.open() as library:
        note = head_of(library)
        proof = library.audit().prove(5, checkpoint=note)
        head = library._deployment.vault.notary.signer.verify(note)
        assert is_included(proof.leaf_hash, 5, proof=proof.hashes, head=Root(head.size, head.root))
        stage.grant(library)
        with pytest.raises(NotFoundError, match=f"entry {ENTRIES} came later"):
            library.audit().prove(ENTRIES, checkpoint=note)
        with pytest.raises(NotFoundError, match="no entry 99"):
            library.audit().prove(99, checkpoint=note)
