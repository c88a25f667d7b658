"""What is handed out: a folder, whole or not at all, that proves what it says."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mien.catalog.merkle import Root, is_included
from mien.errors import ConflictError, SettingsError
from mien.library import Library
from mien.permission.case import CaseKind, CaseState
from mien.service import case_answer
from service.inbox import (
    ANN,
    REQUESTER,
    answer,
    faces_of,
    fill,
    found,
    grant_case,
    read_json,
    refuse_case,
    request,
    sha256_of,
)
from service.stage import Stage, query
from service.traces import find_traces

SIGNED = {"acknowledgement.json": "acknowledgement", "certificate-1.json": "certificate"}


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open(controller="The *Archive*", contact="rights@archive.example") as library:
        fill(stage, library)
        yield library


def letter_of(folder: Path) -> str:
    return (folder / "letter.md").read_text("utf-8")


def check_signed(folder: Path, name: str, *, statement: dict[str, Any] | None = None) -> None:
    document = read_json(folder, name)
    signed = json.dumps(
        statement or document[SIGNED[name]], sort_keys=True, separators=(",", ":")
    ).encode()
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(document["public_key"]))
    key.verify(bytes.fromhex(document["signature"]), signed)


def test_an_erasure_is_answered_with_letter_proof_and_certificate(
    stage: Stage, library: Library
) -> None:
    opened = request(
        library, "erasure", photos=(sha256_of(stage, "ann.png"),), reason="I was a child."
    )
    library.cases().decide(opened.case.case_id, is_granted=True, reason="You were.")
    answered = answer(stage, library, opened)
    expected = ("acknowledgement.json", "certificate-1.json", "letter.md", "proof.json")
    assert answered.files == expected
    assert sorted(path.name for path in answered.folder.iterdir()) == list(expected)
    letter = letter_of(answered.folder)
    for part in (
        f"To {REQUESTER}",
        r"From The \*Archive\*, rights@archive.example",
        "On 1 May 2030 you asked us, in person or by letter, that we erase the photo",
        "You wrote: “I was a child.”",
        "Our reason: You were.",
        "no search showed any of it",
        "It is erased: 1 photo, 1 face, 1 place.",
        "Complain to the data protection authority",
        "1,095 days after",
    ):
        assert part in letter
    assert answered.is_final
    assert answered.case.is_answered


@pytest.mark.parametrize("name", SIGNED)
def test_what_is_signed_verifies_and_what_was_changed_does_not(
    stage: Stage, library: Library, name: str
) -> None:
    opened = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    grant_case(library, opened)
    folder = answer(stage, library, opened).folder
    check_signed(folder, name)
    statement = read_json(folder, name)[SIGNED[name]]
    for field in statement:
        with pytest.raises(InvalidSignature):
            check_signed(folder, name, statement={**statement, field: "changed"})


def test_the_acknowledgement_says_when_it_came_in_and_is_due_and_names_nobody(
    stage: Stage, library: Library
) -> None:
    opened = request(library, "access", source="file:///x", contact="zoe@example.org")
    document = json.loads(opened.acknowledgement)["acknowledgement"]
    assert document == {
        "type": "mien-acknowledgement/1",
        "case": opened.case.case_id,
        "kind": "access",
        "received_at": "2030-05-01T12:00:00.000000Z",
        "due_at": "2030-06-01T12:00:00.000000Z",
        "next": "You get everything that is held about what you named.",
        "audit_log": library._deployment.vault.notary.signer.origin,
        "audit_entry": document["audit_entry"],
    }
    entry = library.audit().entry(document["audit_entry"]).entry
    assert entry["action"] == "case-opened"
    stage.now += timedelta(days=9)
    assert library.cases().acknowledge(opened.case.case_id) == opened.acknowledgement
    folder = answer(stage, library, opened).folder
    assert (folder / "acknowledgement.json").read_text("utf-8") == opened.acknowledgement + "\n"


@pytest.mark.parametrize("kind", CaseKind)
def test_every_kind_says_what_happens_next(stage: Stage, library: Library, kind: CaseKind) -> None:
    corrections = {"credit": "x"} if kind is CaseKind.RECTIFICATION else {}
    photos = (sha256_of(stage, "ann.png"),)
    opened = request(library, kind, photos=photos, corrections=corrections)
    document = json.loads(opened.acknowledgement)["acknowledgement"]
    assert ("taken out of every search" in document["next"]) is kind.hides


def test_the_proof_shows_that_request_and_erasure_stand_in_the_log(
    stage: Stage, library: Library
) -> None:
    opened = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    grant_case(library, opened)
    folder = answer(stage, library, opened).folder
    proof = read_json(folder, "proof.json")
    checkpoint = library._deployment.vault.notary.signer.verify(proof["checkpoint"])
    assert proof["key"] == library.audit().verification_key
    assert [one["entry"]["action"] for one in proof["entries"]] == ["case-opened", "erasure"]
    for one in proof["entries"]:
        content = json.dumps(one["entry"], sort_keys=True, separators=(",", ":")).encode()
        leaf = hashlib.sha256(b"\0" + content).digest()
        assert leaf.hex() == one["leaf_hash"]
        root = Root(checkpoint.size, checkpoint.root)
        hashes = [bytes.fromhex(each) for each in one["hashes"]]
        assert is_included(leaf, one["entry"]["seq"], proof=hashes, head=root)
    seqs = [one["entry"]["seq"] for one in proof["entries"]]
    assert seqs[1] == read_json(folder, "certificate-1.json")["certificate"]["audit_entry"]


def test_a_damaged_log_delays_no_answer(stage: Stage, library: Library) -> None:
    opened = request(library, "access", photos=(sha256_of(stage, "ann.png"),))
    query(stage.home / "catalog.db", "DELETE FROM audit_notes WHERE seq < 3")
    query(stage.home / "catalog.db", "DELETE FROM audit_entries WHERE seq < 3")
    query(stage.home / "catalog.db", "UPDATE audit_entries SET mark = zeroblob(32)")
    answered = answer(stage, library, opened)
    assert "proof.json" not in answered.files
    assert "proof.json" not in letter_of(answered.folder)


def test_a_refusal_gives_reason_and_redress(stage: Stage, library: Library) -> None:
    opened = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    library.cases().decide(opened.case.case_id, is_granted=False, reason="It is history.")
    answered = answer(stage, library, opened)
    assert answered.files == ("acknowledgement.json", "letter.md", "proof.json")
    letter = letter_of(answered.folder)
    assert "We did not do it. Our reason: It is history." in letter
    assert "What had been hidden meanwhile is shown again." in letter
    assert "go to court" in letter
    assert "erased:" not in letter


def test_access_that_is_refused_hands_out_nothing(stage: Stage, library: Library) -> None:
    opened = request(library, "access", photos=(sha256_of(stage, "ann.png"),))
    refuse_case(library, opened)
    answered = answer(stage, library, opened)
    assert answered.files == ("acknowledgement.json", "letter.md", "proof.json")


def test_a_holder_of_rights_is_told_of_other_redress(stage: Stage, library: Library) -> None:
    opened = request(library, "takedown", photos=(sha256_of(stage, "ann.png"),))
    refuse_case(library, opened)
    letter = letter_of(answer(stage, library, opened).folder)
    assert "Send us another notice" in letter
    assert "data protection authority" not in letter


def test_what_is_not_held_is_said_so(stage: Stage, library: Library) -> None:
    opened = request(library, "takedown", host="elsewhere.example")
    stage.now += timedelta(days=2)
    grant_case(library, opened)
    letter = letter_of(answer(stage, library, opened).folder)
    assert "Nothing of it is held. We looked in everything, and again on 3 May 2030." in letter
    access = request(library, "access", faces=("8f14e45f-ceea-467f-ab2f-000000000001",))
    answered = answer(stage, library, access, "second")
    assert "Nothing is held about what you named." in letter_of(answered.folder)
    document = read_json(answered.folder, "held.json")
    assert (document["photos"], document["grants"], document["searches"]) == ([], [], [])


def test_access_needs_no_decision_and_may_be_asked_for_again(
    stage: Stage, library: Library
) -> None:
    opened = request(library, "access", photos=(sha256_of(stage, "ann.png"),))
    first = answer(stage, library, opened)
    assert first.case.state is CaseState.VERIFIED
    assert first.case.decision is not None
    assert first.case.decision.is_granted
    second = answer(stage, library, opened, "again")
    assert second.case.state is CaseState.VERIFIED
    assert read_json(second.folder, "held.json")["photos"]
    assert library.cases().close(opened.case.case_id).is_closed


def test_access_may_be_granted_by_hand_first(stage: Stage, library: Library) -> None:
    opened = request(library, "access", photos=(sha256_of(stage, "ann.png"),))
    assert grant_case(library, opened).state is CaseState.DECIDED
    with pytest.raises(ConflictError, match="cannot be closed now"):
        library.cases().close(opened.case.case_id)
    assert answer(stage, library, opened).case.state is CaseState.VERIFIED


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_folder_can_be_read_by_its_owner_alone(
    stage: Stage, library: Library, umask: int
) -> None:
    opened = request(library, "access", faces=tuple(faces_of(stage, "ann.png")))
    before = os.umask(umask)
    try:
        folder = answer(stage, library, opened).folder
    finally:
        os.umask(before)
    for path in (folder, *folder.rglob("*")):
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected


@pytest.mark.parametrize("kind", ["access", "erasure"])
@pytest.mark.parametrize("obstacle", ["file", "full folder", "below a file", "no room"])
def test_where_it_cannot_be_written_the_case_stays_as_it_was(
    stage: Stage,
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    obstacle: str,
) -> None:
    opened = request(library, kind, photos=(sha256_of(stage, "ann.png"),))
    if kind == "erasure":
        grant_case(library, opened)
    place = stage.folder / "place"
    folder = place
    if obstacle == "full folder":
        place.mkdir()
        (place / "mine.txt").write_text("mine", "utf-8")
    elif obstacle == "no room":
        monkeypatch.setattr(case_answer, "_open_own", fail)
    else:
        place.write_text("mine", "utf-8")
        folder = place / "below" if obstacle == "below a file" else place
    before = library.cases().get(opened.case.case_id)
    beside = sorted(path.name for path in stage.folder.iterdir())
    with pytest.raises(SettingsError, match="the case is as it was"):
        library.cases().answer(opened.case.case_id, folder)
    assert library.cases().get(opened.case.case_id) == before
    assert sorted(path.name for path in stage.folder.iterdir()) == beside
    monkeypatch.undo()
    assert answer(stage, library, opened).case.is_answered


def fail(*_: object) -> int:
    raise OSError(28, "No space left on device")


def test_an_empty_folder_that_is_there_may_be_used(stage: Stage, library: Library) -> None:
    opened = request(library, "access", source="file:///x")
    (stage.folder / "deep" / "answer").mkdir(parents=True)
    answered = library.cases().answer(opened.case.case_id, stage.folder / "deep" / "answer")
    assert (answered.folder / "letter.md").is_file()


def test_the_words_of_others_are_read_as_words_alone(stage: Stage, library: Library) -> None:
    opened = request(
        library,
        "takedown",
        requester="<script>alert(1)</script>\n# Answer",
        contact="[x](javascript:1)",
        grantor="`A` **Holder**",
        reason="One\x1b[2J\ntwo | three",
    )
    grant_case(library, opened)
    letter = letter_of(answer(stage, library, opened).folder)
    assert letter.count("# Answer to your request") == 1
    assert r"\<script\>alert\(1\)\</script\> \# Answer" in letter
    assert r"\[x\]\(javascript:1\)" in letter
    assert r"\`A\` \*\*Holder\*\*" in letter
    assert r"One \[2J two \| three" in letter
    assert "\x1b" not in letter


def test_nothing_of_an_answer_stays_in_the_home(stage: Stage, library: Library) -> None:
    opened = request(library, "access", faces=tuple(faces_of(stage, "ann.png")))
    assert found(library, ANN)
    answered = answer(stage, library, opened)
    crops = {path.name: path.read_bytes() for path in answered.folder.rglob("*.jpg")}
    assert len(crops) == 2
    library.close()
    traces = crops | {"path": str(answered.folder).encode()}
    assert find_traces(stage.home, traces) == []
