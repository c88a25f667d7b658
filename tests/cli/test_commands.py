"""Every command, its one JSON document, and how it ends."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from cli.children import Answer, clean_environment, command_line, run_program
from cli.conftest import Mien
from mien import __version__
from mien.cli.quality import describe_quality
from mien.testing import GOOD, draw_photo
from service.stage import EMPTY, PURPOSE, Stage, check_complete, counts_of, query

GRANT = (
    *("grant", "add", "--kind", "owner_assertion", "--grantor", "A. Holder"),
    *("--purpose", PURPOSE, "--basis", "household", "--until", "2090-12-31"),
)


@pytest.fixture
def grant(stage: Stage, mien: Mien) -> str:
    """The id of a grant for the photos' folder."""
    stage.photos.mkdir()
    answer = mien(*GRANT, "--scope", stage.photos, "--json")
    return str(answer.document["grant_id"])


@pytest.fixture
def filled(stage: Stage, mien: Mien, grant: str) -> str:
    """A grant under which two photos of person 1 and one of person 2 were added."""
    stage.draw("ann.png", 1)
    stage.draw("ann and ben.png", 1, 2)
    stage.draw("ben.png", 2)
    assert mien("add", stage.photos, "--grant", grant).code == 0
    return grant


def check_error(answer: Answer, code: int, reason: str) -> str:
    """One document that holds the error, the same words on standard error; the message."""
    assert answer.code == code
    assert list(answer.document) == ["error"]
    assert answer.document["error"]["reason"] == reason
    message = str(answer.document["error"]["message"])
    assert "".join(message.split()) in "".join(answer.err.split())
    return message


def test_the_version_is_told_before_anything_is_loaded() -> None:
    answer = run_program("--version")
    assert (answer.code, answer.out, answer.err) == (0, f"mien {__version__}\n", "")


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("grant",),
        ("models",),
        ("--nonsense",),
        ("serch",),
        ("search",),
        ("add",),
        ("grant", "add", "--kind", "hearsay"),
        ("grant", "revoke"),
        ("search", "a.png", "--limit", "0"),
        ("search", "a.png", "--face", "-1"),
        ("search", "a.png", "--min-score", "high"),
        ("search", "a.png", "--min-score", "nan"),
        ("collection", "create", "x", "--basis", "because"),
        ("demo", "/nowhere/at/all"),
    ],
)
def test_a_command_that_is_none_exits_with_2_and_a_hint(mien: Mien, words: tuple[str, ...]) -> None:
    answer = mien(*words)
    assert answer.code == 2
    assert "--help" in answer.out + answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    "words", [("search", "--json"), ("grant", "add", "--json"), ("x", "--json")]
)
def test_a_usage_error_is_one_document_too(mien: Mien, words: tuple[str, ...]) -> None:
    assert "--help" in check_error(mien(*words), 2, "usage")


def test_a_grant_is_recorded_and_shown(stage: Stage, mien: Mien) -> None:
    stage.photos.mkdir()
    words = (*GRANT, "--scope", stage.photos, "--purpose", "sports-club", "--terms", "Ask first.")
    answer = mien(*words, "--json")
    assert (answer.code, answer.err) == (0, "")
    grant_id = answer.document["grant_id"]
    assert str(UUID(grant_id)) == grant_id
    assert answer.document["warnings"] == []
    shown = mien("grant", "show", grant_id, "--json").document
    valid_from = datetime.fromisoformat(shown.pop("valid_from"))
    assert datetime.now(UTC) - valid_from < timedelta(minutes=1)
    assert shown == {
        "grant_id": grant_id,
        "state": "in-force",
        "kind": "owner_assertion",
        "grantor": "A. Holder",
        "scope": [stage.photos.as_uri() + "/"],
        "uses": ["display", "search", "store", "template"],
        "purposes": [PURPOSE, "sports-club"],
        "bases": ["household"],
        "contact": "",
        "verified_by": getpass.getuser(),
        "jurisdiction": "",
        "evidence": [],
        "assessment": "",
        "retention_days": None,
        "terms": "Ask first.",
        "valid_until": "2091-01-01T00:00:00+00:00",
        "revoked_at": None,
    }
    assert mien("grant", "list", "--json").document["grants"][0]["grant_id"] == grant_id


def test_a_documented_basis_without_its_papers_is_not_recorded(stage: Stage, mien: Mien) -> None:
    stage.photos.mkdir()
    words = [word if word != "household" else "documented_basis" for word in GRANT]
    papers = ("--assessment", "DPIA 7", "--retention", "30")
    for some in ((), papers[:2], papers[2:]):
        bare = mien(*words, "--scope", stage.photos, *some, "--json")
        assert "--assessment" in check_error(bare, 2, "settings")
    full = mien(*words, "--scope", stage.photos, *papers, "--json")
    assert full.document["warnings"] == []
    shown = mien("grant", "show", full.document["grant_id"], "--json").document
    assert (shown["assessment"], shown["retention_days"]) == ("DPIA 7", 30)
    assert len(mien("grant", "list", "--json").document["grants"]) == 1


def test_a_grant_with_all_that_it_can_state_is_shown_whole(stage: Stage, mien: Mien) -> None:
    stage.photos.mkdir()
    letter = stage.folder / "letter.pdf"
    letter.write_bytes(b"%PDF-1.7")
    digest = hashlib.sha256(b"%PDF-1.7").hexdigest()
    answer = mien(
        *(
            *GRANT,
            "--scope",
            stage.photos,
            "--basis",
            "enrolled_only",
            "--contact",
            "ada@x.example",
        ),
        *("--verified-by", "B. Clerk", "--jurisdiction", "fr", "--evidence", letter, "--json"),
        *("--evidence", f"https://x.example/letter#sha256={digest}"),
    )
    assert answer.code == 0
    shown = mien("grant", "show", answer.document["grant_id"], "--json").document
    assert shown["bases"] == ["enrolled_only", "household"]
    assert (shown["contact"], shown["verified_by"]) == ("ada@x.example", "B. Clerk")
    assert shown["jurisdiction"] == "FR"
    assert [one["sha256"] for one in shown["evidence"]] == [digest, digest]
    assert [one["name"] for one in shown["evidence"]] == ["letter.pdf", "https://x.example/letter"]
    assert shown["evidence"][0]["media_type"] == "application/pdf"
    assert datetime.fromisoformat(shown["evidence"][0]["obtained_at"]).tzinfo
    plain = mien("grant", "show", answer.document["grant_id"]).out
    assert plain.count(digest) == 2
    assert "letter.pdf (application/pdf)" in plain


def test_evidence_that_is_not_there_is_told_and_nothing_is_recorded(
    stage: Stage, mien: Mien
) -> None:
    stage.photos.mkdir()
    empty = stage.folder / "empty.pdf"
    empty.touch()
    for evidence, told in ((empty, "is empty"), ("/nowhere/x.pdf", "cannot be read")):
        answer = mien(*GRANT, "--scope", stage.photos, "--evidence", evidence, "--json")
        assert told in check_error(answer, 2, "settings")
    assert mien("grant", "list", "--json").document == {"grants": []}


def test_the_platforms_that_no_grant_reaches_are_listed(mien: Mien) -> None:
    listed = mien("grant", "platforms", "--json").document["platforms"]
    assert {"facebook.com", "cdninstagram.com"} <= set(listed[0]["domains"])
    assert all(one["reason"] and one["instead"] and one["checked"] for one in listed)
    plain = mien("grant", "platforms")
    assert plain.code == 0
    assert "LinkedIn" in plain.out
    words = (*GRANT, "--scope", "https://www.linkedin.com/in/ann/", "--json")
    assert "account export" in check_error(mien(*words), 2, "settings")


def test_a_grant_that_was_changed_says_so_and_doctor_too(
    mien: Mien, stage: Stage, grant: str
) -> None:
    query(stage.home / "catalog.db", "UPDATE grants SET scope = ?", '["file:///"]')
    assert mien("grant", "show", grant, "--json").document["state"] == "grant-changed"
    assert "grant-changed" in mien("grant", "list").out
    told = mien("doctor", "--json")
    assert (told.code, told.document["changed_grants"]) == (0, [grant])
    assert f"mien grant revoke {grant}" in told.err
    refused = mien("grant", "narrow", grant, "--retention", "5", "--json")
    assert "mien grant revoke" in check_error(refused, 2, "conflict")
    assert mien("grant", "revoke", grant, "--json").document["state"] == "grant-revoked"
    assert mien("doctor", "--json").document["changed_grants"] == []


def test_a_photo_explains_itself(stage: Stage, mien: Mien, filled: str) -> None:
    sha256 = hashlib.sha256((stage.photos / "ann.png").read_bytes()).hexdigest()
    mien("search", stage.photos / "ann.png", "--purpose", PURPOSE)
    document = mien("explain", sha256, "--json").document
    (place,) = document["places"]
    assert document["photo"] == sha256
    assert (place["grant_id"], place["grantor"], place["state"]) == (filled, "A. Holder", "present")
    assert place["uri"] == (stage.photos / "ann.png").as_uri()
    assert place["verdicts"]["search"] == []
    assert place["verdicts"]["fetch"] == ["use-not-granted"]
    assert [one["name"] for one in document["collections"]] == ["default"]
    assert [entry["action"] for entry in document["entries"]] == ["grant-recorded", "search"]
    plain = mien("explain", sha256)
    for word in ("A. Holder", "store, template, search, display", "1 faces kept, 0 not"):
        assert word in plain.out
    mien("grant", "revoke", filled)
    assert "nothing: grant-revoked" in mien("explain", sha256).out
    check_error(mien("explain", "0" * 64, "--json"), 2, "not-found")
    check_error(mien("explain", "nonsense", "--json"), 2, "settings")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("--purpose", "Family Album"), "no purpose"),
        (("--grantor", " "), "who allows it"),
        (("--scope", "/nowhere"), "/nowhere is no folder"),
        (("--scope", "file:///photos/../etc/"), "no address that a grant can cover"),
        (("--until", "tomorrow"), "tomorrow"),
        (("--retention", "0"), "retention"),
    ],
)
def test_a_malformed_grant_is_not_recorded(
    stage: Stage, mien: Mien, change: tuple[str, ...], told: str
) -> None:
    stage.photos.mkdir()
    answer = mien(*GRANT, "--scope", stage.photos, *change, "--json")
    assert answer.code == 2
    assert told in answer.document["error"]["message"]
    assert mien("grant", "list", "--json").document == {"grants": []}


def test_a_revoked_grant_says_so_and_stays_so(mien: Mien, grant: str) -> None:
    first = mien("grant", "revoke", grant, "--json").document
    again = mien("grant", "revoke", grant, "--json").document
    assert first["state"] == again["state"] == "grant-revoked"
    assert first["revoked_at"] == again["revoked_at"]
    assert mien("grant", "list").out.count("grant-revoked") == 1


@pytest.mark.parametrize("verb", ["show", "revoke"])
def test_an_unknown_grant_is_named(mien: Mien, verb: str) -> None:
    message = check_error(mien("grant", verb, "nope", "--json"), 2, "not-found")
    assert "nope" in message
    assert "mien grant list" in message


def test_collections_are_made_and_listed(mien: Mien) -> None:
    papers = ("--purpose", "yearbook", "--assessment", "DPIA 7", "--retention", "90")
    bare = mien("collection", "create", "club", "--basis", "documented_basis", "--json")
    assert "--assessment" in check_error(bare, 2, "settings")
    made = mien("collection", "create", "club", "--basis", "documented_basis", *papers, "--json")
    expected = {
        "name": "club",
        "basis": "documented_basis",
        "purposes": ["yearbook"],
        "assessment": "DPIA 7",
        "retention_days": 90,
        "confirmations": 2,
        "is_unchanged": True,
        "model": "fake",
        "photos": 0,
        "faces": 0,
    }
    assert made.document == expected
    assert mien("collection", "list", "--json").document == {"collections": [expected]}
    message = check_error(
        mien("collection", "create", "club", "--basis", "household", "--json"), 2, "conflict"
    )
    assert "club" in message
    check_error(mien("collection", "create", " ", "--basis", "household", "--json"), 2, "settings")
    mien("collection", "create", "home", "--basis", "enrolled_only", "--one-person-confirms")
    listed = mien("collection", "list", "--json").document["collections"]
    assert [one["confirmations"] for one in listed] == [2, 1]
    plain = mien("collection", "list").out
    for word in ("yearbook", "90 days", "as granted"):
        assert word in plain


def test_adding_reports_what_became_of_every_file(stage: Stage, mien: Mien, grant: str) -> None:
    stage.draw("ann.png", 1, 2)
    stage.draw("copy of ann.png", 1, 2, seed=1)
    stage.draw("copy.png", 1, 2, seed=1)
    (stage.photos / "bad.jpg").write_bytes(b"no photo")
    (stage.photos / "notes.txt").write_text("Ann")
    answer = mien("add", stage.photos, "--grant", grant, "--json")
    assert answer.code == 0
    document = answer.document
    assert document.pop("seconds") > 0
    assert document == {
        "photos_new": 2,
        "photos_known": 1,
        "reopened": 0,
        "faces": 4,
        "dropped": {},
        "ignored": 1,
        "refused": {},
        "failed": [{"path": str(stage.photos / "bad.jpg"), "reason": "not-a-photo"}],
    }
    again = mien("add", stage.photos, "--grant", grant)
    assert again.code == 0
    assert "0 new photos" in again.out
    assert "bad.jpg (not-a-photo)" in again.err


@pytest.mark.parametrize(
    ("words", "reason"),
    [((), "no-grant"), (("--grant", ""), "no-grant"), (("--grant", "nope"), "unknown-grant")],
)
def test_adding_without_a_grant_exits_with_3_and_stores_nothing(
    stage: Stage, mien: Mien, words: tuple[str, ...], reason: str
) -> None:
    stage.draw("ann.png", 1)
    answer = mien("add", stage.photos, *words, "--json")
    assert answer.code == 3
    assert answer.document["refused"] == {reason: 1}
    assert f"[{reason}]" in answer.err
    assert counts_of(stage.home) == EMPTY
    plain = mien("add", stage.photos, *words)
    assert plain.code == 3
    assert f"[{reason}]" in plain.err


def test_adding_beyond_the_scope_exits_with_3(stage: Stage, mien: Mien, grant: str) -> None:
    elsewhere = stage.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "ann.png").write_bytes(draw_photo(1))
    answer = mien("add", elsewhere, "--grant", grant, "--json")
    assert answer.code == 3
    assert answer.document["refused"] == {"out-of-scope": 1}
    assert counts_of(stage.home) == EMPTY


def test_adding_under_an_expired_grant_exits_with_3(stage: Stage, mien: Mien) -> None:
    stage.draw("ann.png", 1)
    words = [word if word != "2090-12-31" else "2020-01-01" for word in GRANT]
    recorded = mien(*words, "--scope", stage.photos, "--json")
    assert "has passed" in recorded.err
    answer = mien("add", stage.photos, "--grant", recorded.document["grant_id"], "--json")
    assert (answer.code, answer.document["refused"]) == (3, {"grant-expired": 1})


def test_adding_only_what_cannot_be_read_exits_with_5(stage: Stage, mien: Mien, grant: str) -> None:
    (stage.photos / "bad.jpg").write_bytes(b"no photo")
    missing = stage.photos / "missing.png"
    answer = mien("add", stage.photos, missing, "--grant", grant, "--json")
    assert answer.code == 5
    assert {failed["path"]: failed["reason"] for failed in answer.document["failed"]} == {
        str(stage.photos / "bad.jpg"): "not-a-photo",
        str(missing): "not-found",
    }
    assert counts_of(stage.home) == EMPTY


def test_adding_an_empty_folder_is_done_at_once(stage: Stage, mien: Mien, grant: str) -> None:
    answer = mien("add", stage.photos, "--grant", grant, "--json")
    assert (answer.code, answer.document["photos_new"]) == (0, 0)


@pytest.mark.usefixtures("filled")
def test_a_search_gives_probe_and_candidates(stage: Stage, mien: Mien) -> None:
    probe = stage.folder / "probe.png"
    probe.write_bytes(draw_photo(1, 2))
    answer = mien("search", probe, "--purpose", PURPOSE, "--limit", "2", "--json")
    assert (answer.code, answer.err) == (0, "")
    document = answer.document
    box = {"x1": 16, "y1": 16, "x2": 64, "y2": 64}
    right = {"x1": 96, "y1": 16, "x2": 144, "y2": 64}
    assert document["probe"]["searched"] == 0
    assert document["probe"]["faces"] == [
        {"face": 0, "box": box, "confidence": 1.0, "quality": describe_quality(GOOD)},
        {"face": 1, "box": right, "confidence": 1.0, "quality": describe_quality(GOOD)},
    ]
    assert [row["rank"] for row in document["candidates"]] == [1, 2]
    uris = {row["locations"][0]["uri"] for row in document["candidates"]}
    assert uris == {(stage.photos / name).as_uri() for name in ("ann.png", "ann and ben.png")}
    for row in document["candidates"]:
        assert 0.8 < row["score"] <= 1
        assert row["box"] == box
        assert re.fullmatch("[0-9a-f]{64}", row["photo"])
    other = mien("search", probe, "--purpose", PURPOSE, "--face", "1", "--limit", "2", "--json")
    assert other.document["probe"]["searched"] == 1
    uris = {row["locations"][0]["uri"] for row in other.document["candidates"]}
    assert uris == {(stage.photos / name).as_uri() for name in ("ben.png", "ann and ben.png")}


@pytest.mark.usefixtures("filled")
def test_no_answer_holds_a_template(stage: Stage, mien: Mien) -> None:
    """No list of numbers, and no text long enough to be one."""
    for words in (
        ("search", stage.photos / "ann.png", "--purpose", PURPOSE, "--json"),
        ("doctor", "--json"),
        ("grant", "list", "--json"),
        ("collection", "list", "--json"),
    ):
        document = mien(*words).document
        for text in re.findall(r'"((?:[^"\\]|\\.)*)"', json.dumps(document)):
            assert len(text) < 300
        assert not re.search(r"\[\s*-?\d+\.?\d*(e-?\d+)?\s*,", json.dumps(document))


@pytest.mark.usefixtures("filled")
def test_a_search_for_a_person_shows_a_table(stage: Stage, mien: Mien) -> None:
    answer = mien("search", stage.photos / "ann and ben.png", "--purpose", PURPOSE)
    assert answer.code == 0
    assert "choose one with --face" in answer.out
    assert "ann%20and%20ben.png" in answer.out
    assert "none of them is an identification" in answer.out


@pytest.mark.usefixtures("filled")
def test_a_search_may_write_a_page(stage: Stage, mien: Mien) -> None:
    page = stage.folder / "page.html"
    probe = stage.photos / "ann.png"
    assert mien("search", probe, "--purpose", PURPOSE, "--page", page).code == 0
    html = page.read_text("utf-8")
    assert html.count("data:image/jpeg;base64,") >= 4
    assert "<script" not in html
    answer = mien("search", probe, "--purpose", PURPOSE, "--page", "/nowhere/p.html", "--json")
    assert "/nowhere/p.html" in check_error(answer, 2, "settings")


@pytest.mark.parametrize(
    ("reason", "purpose"),
    {
        "no-purpose": (),
        "malformed-purpose": ("--purpose", "Why Not"),
        "purpose-not-granted": ("--purpose", "advertising"),
    }.items(),
)
def test_a_refused_search_says_the_same_whatever_the_probe_and_the_photos(
    stage: Stage, mien: Mien, grant: str, reason: str, purpose: tuple[str, ...]
) -> None:
    mien("collection", "create", "default", "--basis", "household")
    answers = []
    for person in (1, 2):
        probe = stage.folder / "probe.png"
        if person == 2:
            probe.write_bytes(draw_photo(1))
            stage.draw("ann.png", 1)
            assert mien("add", stage.photos, "--grant", grant).code == 0
        answers.append(mien("search", probe, *purpose, "--json"))
        answers.append(mien("search", "/nowhere", *purpose, "--face", "7", "--json"))
    assert answers[0].code == 3
    assert answers[0].document == {"refused": [reason]}
    assert f"[{reason}]" in answers[0].err
    assert all(answer == answers[0] for answer in answers)


def test_a_search_is_refused_at_once_after_revocation(
    stage: Stage, mien: Mien, filled: str
) -> None:
    probe = stage.photos / "ann.png"
    assert mien("search", probe, "--purpose", PURPOSE).code == 0
    mien("grant", "revoke", filled)
    answer = mien("search", probe, "--purpose", PURPOSE, "--json")
    assert (answer.code, answer.document) == (3, {"refused": ["purpose-not-granted"]})


@pytest.mark.usefixtures("filled")
def test_a_probe_without_a_face_exits_with_4(stage: Stage, mien: Mien) -> None:
    probe = stage.folder / "nobody.png"
    probe.write_bytes(draw_photo())
    answer = mien("search", probe, "--purpose", PURPOSE, "--json")
    assert answer.code == 4
    assert answer.document["probe"] == {"faces": [], "searched": None}
    assert answer.document["candidates"] == []
    plain = mien("search", probe, "--purpose", PURPOSE)
    assert plain.code == 4
    assert "no face" in plain.err


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "unreadable"), (b"", "empty-file"), (b"text", "not-a-photo")]
)
@pytest.mark.usefixtures("filled")
def test_a_probe_that_cannot_be_read_exits_with_5(
    stage: Stage, mien: Mien, content: bytes | None, reason: str
) -> None:
    probe = stage.folder / "probe.png"
    if content is not None:
        probe.write_bytes(content)
    message = check_error(mien("search", probe, "--purpose", PURPOSE, "--json"), 5, reason)
    assert str(probe) in message


@pytest.mark.usefixtures("filled")
def test_a_face_that_the_probe_lacks_exits_with_2(stage: Stage, mien: Mien) -> None:
    words = ("search", stage.photos / "ann.png", "--purpose", PURPOSE, "--face", "5", "--json")
    assert "no face 5" in check_error(mien(*words), 2, "settings")


def test_a_search_in_a_collection_that_is_not_there_says_how_to_make_one(mien: Mien) -> None:
    answer = mien("search", "x.png", "--purpose", PURPOSE, "--json")
    assert "mien add" in check_error(answer, 2, "not-found")


def test_the_doctor_counts_and_measures(stage: Stage, mien: Mien, filled: str) -> None:
    document = mien("doctor", "--json").document
    assert document["home"] == str(stage.home)
    assert document["versions"]["mien"] == __version__
    assert (document["grants"], document["grants_in_force"]) == (1, 1)
    assert {"id", "licence", "is_pulled"} <= set(document["models"][0])
    (collection,) = document["collections"]
    assert (collection["photos"], collection["faces"]) == (3, 4)
    assert collection["search_ms"] > 0
    assert collection["index_recall"] == 1
    mien("grant", "revoke", filled)
    assert mien("doctor", "--json").document["grants_in_force"] == 0
    plain = mien("doctor")
    assert plain.code == 0
    assert "household" in plain.out


@pytest.mark.usefixtures("filled")
def test_the_doctor_and_a_search_tell_of_faces_that_are_lost(stage: Stage, mien: Mien) -> None:
    shutil.rmtree(stage.home / "blobs")
    found = mien("search", stage.photos / "ann.png", "--purpose", PURPOSE, "--json")
    assert found.code == 0
    assert found.document["candidates"] == []
    assert "mien doctor" in found.err
    doctor = mien("doctor", "--json")
    assert doctor.code == 0
    assert doctor.document["collections"][0]["unreadable_faces"] == 4
    assert "Restore the data folder" in doctor.err


def test_models_are_listed_and_shown_with_their_licences(mien: Mien) -> None:
    models = mien("models", "list", "--json").document["models"]
    assert {"centerface", "dlib-resnet-v1"} <= {model["id"] for model in models}
    assert all(model["licence"] for model in models)
    shown = mien("models", "show", "centerface", "--json").document
    assert re.fullmatch("[0-9a-f]{64}", shown["sha256"])
    assert mien("models", "list").code == mien("models", "show", "centerface").code == 0
    check_error(mien("models", "show", "nope", "--json"), 2, "model")


def test_a_home_may_be_named_by_option_or_environment(stage: Stage, mien: Mien) -> None:
    other = stage.folder / "other"
    document = mien("doctor", "--home", other, "--json").document
    assert document["home"] == str(other)
    assert (other / "catalog.db").is_file()
    assert not stage.home.exists()


def test_a_home_that_is_a_file_is_named(stage: Stage, mien: Mien) -> None:
    stage.home.write_text("in the way")
    answer = mien("grant", "list", "--json")
    assert answer.code == 1
    assert str(stage.home) in answer.document["error"]["message"]


def test_an_unusable_setting_is_named(mien: Mien, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_WORKERS", "many")
    assert "MIEN_WORKERS" in check_error(mien("doctor", "--json"), 2, "settings")


@pytest.mark.usefixtures("filled")
def test_a_surprise_is_one_document_and_tells_no_content(
    stage: Stage, mien: Mien, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("the name of a person")

    monkeypatch.setattr("mien.library.search_photos", fail)
    answer = mien("search", stage.photos / "ann.png", "--purpose", PURPOSE, "--json")
    message = check_error(answer, 1, "unexpected")
    assert "ZeroDivisionError at" in message
    assert "the name of a person" not in answer.out + answer.err


def test_an_interrupt_exits_with_130_and_the_same_command_goes_on(stage: Stage) -> None:
    stage.draw_many(240)
    with stage.open() as library:
        grant = stage.grant(library)
    words = ("add", stage.photos, "--grant", grant, "--home", stage.home, "--json")
    process = subprocess.Popen(
        command_line(*words),
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while counts_of(stage.home)["photos"] == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    answer = Answer(process.returncode, out, err)
    assert "run the same command" in check_error(answer, 130, "interrupted")
    done = counts_of(stage.home)["photos"]
    assert 0 < done < 240
    again = run_program(*words)
    assert again.document["photos_known"] == done
    assert again.document["photos_new"] == 240 - done
    check_complete(stage)


def test_a_reader_that_leaves_early_ends_a_command_quietly(stage: Stage) -> None:
    with stage.open() as library:
        for _ in range(50):
            stage.grant(library)
    process = subprocess.Popen(
        command_line("grant", "list", "--json", "--home", stage.home),
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        said = process.stderr.read()
    assert process.wait(30) == 1
    assert said == b""


def test_progress_is_shown_on_a_terminal_beside_the_document(stage: Stage) -> None:
    stage.draw_many(40)
    with stage.open() as library:
        grant = stage.grant(library)
    shown, terminal = pty.openpty()
    done = subprocess.run(
        command_line("add", stage.photos, "--grant", grant, "--home", stage.home, "--json"),
        env=clean_environment(TERM="xterm", COLUMNS="100"),
        stdout=subprocess.PIPE,
        stderr=terminal,
        check=True,
    )
    os.close(terminal)
    with os.fdopen(shown, "rb") as file:
        said = file.read1().decode()
    assert json.loads(done.stdout)["photos_new"] == 40
    assert "Indexing" in said
    assert re.search(r"\d/s", said)


def test_nothing_but_the_document_is_on_standard_output(stage: Stage, grant: str) -> None:
    """In an interpreter of its own, with the weakest locale there is."""
    stage.draw("Zoë.png", 1)
    (stage.photos / "bad Zoë.png").write_bytes(b"")
    words = ("add", stage.photos, "--grant", grant, "--home", stage.home, "--json")
    answer = run_program(*words, LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert answer.code == 0
    assert answer.document["photos_new"] == 1
    assert answer.out.isascii()
    assert answer.document["failed"][0]["path"].endswith("bad Zoë.png")


@pytest.mark.usefixtures("filled")
def test_a_terminal_sees_a_table_in_any_encoding(stage: Stage) -> None:
    query(stage.home / "catalog.db", "UPDATE photos SET credit = '写真: Zoë'")
    words = ("search", stage.photos / "ann.png", "--purpose", PURPOSE, "--home", stage.home)
    answer = run_program(*words, PYTHONIOENCODING="latin-1", PYTHONUTF8="0", COLUMNS="500")
    assert answer.code == 0
    assert "ann.png" in answer.out


def test_every_command_explains_itself(mien: Mien) -> None:
    groups = {"grant": ("add", "list", "show", "revoke"), "collection": ("create", "list")}
    groups["models"] = ("list", "pull", "show")
    commands = [(name,) for name in ("demo", "add", "search", "doctor", *groups)]
    for words in [*commands, *((g, c) for g, names in groups.items() for c in names)]:
        answer = mien(*words, "--help")
        assert answer.code == 0
        assert f"mien {' '.join(words)}" in answer.out
        assert len(words) == 1 or "--json" in answer.out
    assert os.environ["MIEN_HOME"] not in mien("--help").out
    assert not Path(os.environ["MIEN_HOME"]).exists()
