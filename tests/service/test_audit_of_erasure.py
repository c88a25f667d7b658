"""Erasures, retention and narrowing stand in the audit log, and it forgets what they took."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from mien.library import Library
from mien.service.audit_read import ShownEntry
from mien.service.erase import FacesTarget, GrantorTarget, GrantTarget, SourceTarget, Target
from mien.service.grants import Narrowing
from mien.sources.address import folder_scope
from mien.testing import draw_photo
from service.logs import verify
from service.stage import PURPOSE, Stage, query

GRANTOR = "Nora Nordmann"


@pytest.fixture
def grant(stage: Stage) -> str:
    """The grant under which two photos were added, each of which a search has shown."""
    stage.draw("a.png", 1)
    stage.draw("b.png", 2)
    with stage.open() as library:
        grant = stage.grant(library, grantor=GRANTOR)
        library.add(stage.photos, grant=grant)
        library.search(draw_photo(1), purpose=PURPOSE)
    return grant


def last_entry(stage: Stage) -> dict[str, Any]:
    found = query(
        stage.home / "catalog.db", "SELECT content FROM audit_entries ORDER BY seq DESC LIMIT 1"
    )
    entry: dict[str, Any] = json.loads(found[0])
    return entry


def faces_of(stage: Stage) -> list[str]:
    return [str(face) for face in query(stage.home / "catalog.db", "SELECT uuid FROM faces")]


def read_all(library: Library) -> list[ShownEntry]:
    count = query(library._deployment.home.catalog, "SELECT count(*) FROM audit_entries")[0]
    return [library.audit().entry(seq) for seq in range(count)]


def test_an_erasure_is_entered_and_its_certificate_names_the_entry(
    stage: Stage, grant: str
) -> None:
    with stage.open() as library:
        report = library.erase(GrantTarget(grant))
        signer = library._deployment.vault.notary.signer
    entry, certificate = last_entry(stage), json.loads(report.certificate)
    statement = certificate["certificate"]
    assert (entry["action"], entry["outcome"]) == ("erasure", "done")
    assert entry["facts"]["erasure"] == report.erasure_id
    assert entry["facts"]["erased"] == report.erased
    assert entry["facts"]["grants"] == [json.loads(first_content(stage))["grant"]]
    assert (statement["audit_entry"], statement["audit_log"]) == (entry["seq"], signer.origin)
    marks = query(stage.home / "catalog.db", "SELECT marks FROM erasures")[0]
    digest = hashlib.sha256(marks).hexdigest()
    assert entry["facts"]["ledger_sha256"] == statement["ledger_sha256"] == digest
    assert certificate["public_key"] == signer.public_key.hex()
    assert verify(stage).is_sound


def first_content(stage: Stage) -> bytes:
    content: bytes = query(
        stage.home / "catalog.db", "SELECT content FROM audit_entries WHERE seq = 0"
    )[0]
    return content


def test_no_note_speaks_of_an_erased_face_and_its_neighbours_stay(stage: Stage, grant: str) -> None:
    gone, stays = faces_of(stage)
    with stage.open() as library:
        library.erase(FacesTarget((gone,)))
        shown = [match["face"] for entry in read_all(library) for match in entry.matches]
        assert shown == [stays]
        details = library.audit().entry(0).details
    assert details
    assert details["grant"] == grant
    assert verify(stage).is_sound


@pytest.mark.parametrize("kind", ["grant", "grantor"])
def test_no_note_speaks_of_an_erased_grant(stage: Stage, grant: str, kind: str) -> None:
    target: Target = GrantTarget(grant) if kind == "grant" else GrantorTarget(GRANTOR)
    with stage.open() as library:
        before = str(read_all(library))
        library.erase(target)
        after = str(read_all(library))
    for word in (GRANTOR, grant, str(stage.photos), *faces_of(stage)):
        assert word in before
        assert word not in after
    assert verify(stage).is_sound


def test_notes_put_back_with_an_old_catalog_are_erased_again(stage: Stage, grant: str) -> None:
    old = {path: path.read_bytes() for path in stage.home.glob("catalog.db*")}
    notes = "SELECT count(*) FROM audit_notes"
    with stage.open() as library:
        library.erase(GrantorTarget(GRANTOR))
    kept = query(stage.home / "catalog.db", notes)[0]
    for path in stage.home.glob("catalog.db*"):
        path.unlink()
    for path, content in old.items():
        path.write_bytes(content)
    with stage.open() as library:
        assert GRANTOR not in str(read_all(library))
    # One more than then: that the log goes on as another one was entered as well.
    assert query(stage.home / "catalog.db", notes) == [kept + 1]
    assert last_entry(stage)["facts"]["target"] == "replay"
    assert grant not in str(query(stage.home / "catalog.db", "SELECT uuid FROM grants"))


def test_retention_enters_what_it_takes_and_nothing_where_nothing_is_due(stage: Stage) -> None:
    stage.draw("a.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library, retention_days=10))
        entered = last_entry(stage)["seq"]
        assert library.enforce_retention() is None
        assert last_entry(stage)["seq"] == entered
        stage.now += timedelta(days=11)
        report = library.enforce_retention()
    assert report
    entry = last_entry(stage)
    assert (entry["action"], entry["facts"]["target"]) == ("retention", "retention")
    assert entry["facts"]["erased"] == report.erased


def test_a_narrowing_is_entered_with_what_is_left_of_the_grant(stage: Stage, grant: str) -> None:
    with stage.open() as library:
        library.narrow(grant, Narrowing(retention_days=7))
        details = library.audit().entry(last_entry(stage)["seq"]).details
    entry = last_entry(stage)
    assert (entry["action"], entry["facts"]["retention_days"]) == ("grant-narrowed", 7)
    assert entry["grant"] == json.loads(first_content(stage))["grant"]
    assert details
    assert details["grantor"] == GRANTOR


def test_an_erasure_that_finds_nothing_enters_nothing(stage: Stage, grant: str) -> None:
    with stage.open() as library:
        library.erase(SourceTarget(folder_scope(stage.photos)))
        entered = last_entry(stage)["seq"]
        assert library.enforce_retention() is None
        assert library.get_grant(grant).grant_id == grant
    assert last_entry(stage)["seq"] == entered
