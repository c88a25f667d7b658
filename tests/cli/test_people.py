"""`mien people`: what it says, writes and ends with."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.children import Answer
from cli.conftest import Mien
from service.enrolling import EVIDENCE, portraits
from service.stage import Stage, last_day, query

TERMS = ("--consent", EVIDENCE, "--purpose", "yearbook", "--until")


def until(stage: Stage, days: int = 365) -> date:
    return last_day(stage.now, days=days)


def enrol(stage: Stage, mien: Mien, person: int, name: str, *more: object) -> Answer:
    photos = portraits(stage, person)
    return mien("people", "enrol", name, *photos, *TERMS, until(stage), "--json", *more)


@pytest.fixture
def ann(stage: Stage, mien: Mien) -> str:
    """Her id."""
    answer = enrol(stage, mien, 1, "Ann Ek")
    assert answer.code == 0, answer.err
    return str(answer.document["person_id"])


def listed(mien: Mien) -> list[dict[str, Any]]:
    return list(mien("people", "list", "--json").document["people"])


def test_somebody_is_enrolled(stage: Stage, mien: Mien) -> None:
    answer = mien("people", "enrol", "Ann Ek", *portraits(stage, 1), *TERMS, until(stage))
    assert answer.code == 0, answer.err
    (person,) = listed(mien)
    assert answer.out.splitlines() == [
        f"Enrolled: Ann Ek, {person['person_id']}",
        f"For yearbook, until {until(stage)}.",
    ]
    assert person["name"] == "Ann Ek"
    assert (person["state"], person["reasons"]) == ("ConsentGiven", [])
    assert (person["purposes"], person["templates"]) == (["yearbook"], 2)
    assert person["valid_until"].startswith(str(until(stage) + timedelta(days=1)))


def test_json_tells_ids_and_who_looks_alike(stage: Stage, mien: Mien, ann: str) -> None:
    answer = enrol(stage, mien, 1, "Eve")
    assert answer.code == 0
    assert answer.document["alike"] == [ann]
    assert answer.document["refused"] == []
    assert answer.document["person_id"] != ann
    assert f"look like Ann Ek, who is enrolled already: {ann}" in answer.err


def test_all_that_is_said_of_a_consent_is_kept(stage: Stage, mien: Mien) -> None:
    form, notice = stage.folder / "form.pdf", stage.folder / "notice.txt"
    form.write_bytes(b"%PDF")
    notice.write_text("What we do", encoding="utf-8")
    answer = mien(
        *("people", "enrol", "Kim", *portraits(stage, 1), "--consent", form),
        *("--purpose", "yearbook", "--purpose", "press", "--until", until(stage, 900)),
        *("--of-age-on", until(stage, 400), "--guardian", "Mia Ek"),
        *("--language", "sv", "--jurisdiction", "SE", "--notice", notice, "--json"),
    )
    assert answer.code == 0, answer.err
    record = mien("people", "show", "Kim", "--record").document
    assert record["dct:language"] == "sv"
    assert record["dpv:hasJurisdiction"] == "loc:SE"
    assert record["dpv:hasNotice"]["dct:extent"] == len("What we do")
    assert len(record["dpv:hasProcess"]) == 2
    (event,) = mien("people", "events", "Kim", "--json").document["events"]
    assert (event["party"], event["guardian"]) == ("guardian", "Mia Ek")
    assert event["evidence"]["name"] == "form.pdf"
    (person,) = listed(mien)
    assert person["valid_until"] == person["of_age_at"]


def test_a_minor_without_a_guardian_is_refused(stage: Stage, mien: Mien) -> None:
    answer = enrol(stage, mien, 1, "Kim", "--of-age-on", until(stage, 400))
    assert answer.code == 3
    assert answer.document["refused"] == ["minor-without-guardian"]
    assert answer.document["person_id"] is None
    assert "[minor-without-guardian]" in answer.err
    assert listed(mien) == []


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["--consent", "", "--purpose", "press"], 2, "settings"),
        (["--consent", "missing.pdf", "--purpose", "press"], 2, "settings"),
        (["--consent", EVIDENCE, "--purpose", "Any Thing"], 2, "settings"),
        (["--consent", EVIDENCE], 2, "settings"),
        (["--purpose", "press"], 2, "usage"),
    ],
)
def test_what_is_incomplete_enrols_nobody(
    stage: Stage, mien: Mien, words: list[str], *, code: int, reason: str
) -> None:
    photos = portraits(stage, 1)
    answer = mien("people", "enrol", "Ann", *photos, *words, "--until", until(stage), "--json")
    assert (answer.code, answer.document["error"]["reason"]) == (code, reason)
    assert listed(mien) == []


@pytest.mark.parametrize(
    ("people", "reason"), [((), "no-face"), ((1, 2), "several-faces"), ((2,), "unlike-faces")]
)
def test_a_photo_that_will_not_do_is_named(
    stage: Stage, mien: Mien, people: tuple[int, ...], reason: str
) -> None:
    bad = stage.draw("../portraits/bad.png", *people)
    answer = mien(
        *("people", "enrol", "Ann", *portraits(stage, 1, number=1), bad, *TERMS),
        *(until(stage), "--json"),
    )
    assert answer.code == 5
    assert answer.document["error"]["reason"] == reason
    assert "bad.png" in answer.document["error"]["message"]
    assert listed(mien) == []


def test_a_face_is_chosen(stage: Stage, mien: Mien) -> None:
    both = stage.draw("../portraits/both.png", 2, 1)
    answer = mien("people", "enrol", "Ann", both, *TERMS, until(stage), "--face", 1, "--json")
    assert answer.code == 0, answer.err
    assert enrol(stage, mien, 1, "Eve").document["alike"] == [answer.document["person_id"]]


def test_people_are_listed_in_a_table(stage: Stage, mien: Mien, ann: str) -> None:
    enrol(stage, mien, 2, "Ben")
    mien("people", "withdraw", "Ben")
    shown = mien("people", "list").out
    assert ann in shown
    assert "in-force" in shown
    assert "consent-withdrawn" in shown


def test_nobody_is_listed_where_nobody_is(mien: Mien) -> None:
    assert "Nobody is enrolled" in mien("people", "list").out
    assert listed(mien) == []


def test_one_is_shown_by_name_and_by_id(mien: Mien, ann: str) -> None:
    by_name = mien("people", "show", "ann ek", "--json").document
    assert by_name == mien("people", "show", ann, "--json").document == listed(mien)[0]
    shown = mien("people", "show", ann).out
    assert "Ann Ek" in shown
    assert "templates until" in shown


def test_a_name_of_two_needs_an_id(stage: Stage, mien: Mien, ann: str) -> None:
    other = enrol(stage, mien, 2, "Ann Ek").document["person_id"]
    answer = mien("people", "show", "Ann Ek", "--json")
    assert (answer.code, answer.document["error"]["reason"]) == (2, "conflict")
    assert ann in answer.document["error"]["message"]
    assert other in answer.document["error"]["message"]


@pytest.mark.parametrize("command", ["show", "events", "receipt", "withdraw"])
def test_nobody_of_that_name_is_told(mien: Mien, command: str) -> None:
    answer = mien("people", command, "Zoe")
    assert answer.code == 2
    assert "Nobody is known as Zoe" in answer.err


def test_a_consent_is_renewed(stage: Stage, mien: Mien, ann: str) -> None:
    answer = mien(
        *("people", "renew", "Ann Ek", "--consent", "Form 13", "--until", until(stage, 700)),
        "--json",
    )
    assert answer.code == 0, answer.err
    assert answer.document["person_id"] == ann
    assert listed(mien)[0]["state"] == "RenewedConsentGiven"
    events = mien("people", "events", ann, "--json").document["events"]
    assert [event["state"] for event in events] == ["ConsentGiven", "RenewedConsentGiven"]
    table = mien("people", "events", ann).out
    assert "Form 13" in table
    assert EVIDENCE in table


def test_with_new_photos_too(stage: Stage, mien: Mien, ann: str) -> None:
    del ann
    new = stage.draw("../portraits/both.png", 2, 1)
    answer = mien(
        *("people", "renew", "Ann Ek", new, "--face", 1, "--consent", EVIDENCE),
        *("--until", until(stage, 700)),
    )
    assert answer.code == 0, answer.err
    assert answer.out.startswith("Renewed: Ann Ek")
    assert listed(mien)[0]["templates"] == 3


def test_a_withdrawal_erases_and_certifies(stage: Stage, mien: Mien, ann: str) -> None:
    paper = stage.folder / "certificate.json"
    answer = mien("people", "withdraw", ann, "--certificate", paper, "--json")
    assert answer.code == 0, answer.err
    assert answer.document["target"] == "withdrawal"
    assert answer.document["erased"]["templates"] == 2
    assert set(answer.document["left"].values()) == {0}
    assert json.loads(paper.read_text("utf-8"))["certificate"]["target"] == "withdrawal"
    assert listed(mien)[0]["reasons"] == ["consent-withdrawn"]
    again = mien("people", "withdraw", ann)
    assert again.code == 0
    assert "nothing was held" in again.out


def test_after_a_withdrawal_a_renewal_is_refused(stage: Stage, mien: Mien, ann: str) -> None:
    mien("people", "withdraw", ann, "--guardian", "Mia Ek")
    answer = mien("people", "renew", ann, "--consent", EVIDENCE, "--until", until(stage), "--json")
    assert answer.code == 3
    assert answer.document["refused"] == ["consent-withdrawn"]
    events = mien("people", "events", ann, "--json").document["events"]
    assert events[-1]["guardian"] == "Mia Ek"


def test_a_receipt_is_printed_or_written(stage: Stage, mien: Mien, ann: str) -> None:
    printed = json.loads(mien("people", "receipt", ann).out)
    assert printed["receipt"]["@type"] == "dpv:ConsentReceipt"
    path = stage.folder / "receipt.json"
    answer = mien("people", "receipt", "Ann Ek", "--out", path)
    assert answer.code == 0, answer.err
    written = json.loads(path.read_text("utf-8"))
    assert written["public_key"] == printed["public_key"]
    nowhere = mien("people", "receipt", ann, "--out", stage.folder / "no" / "where.json")
    assert nowhere.code == 2
    assert "cannot be written" in nowhere.err


def test_controller_and_contact_are_settings(
    mien: Mien, ann: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_CONTROLLER", "Club Uni")
    monkeypatch.setenv("MIEN_CONTACT", "secretary@club.example")
    controller = mien("people", "show", ann, "--record").document["dpv:hasDataController"]
    assert controller["dpv:hasName"] == "Club Uni"
    assert controller["dpv:hasContact"] == "secretary@club.example"


def test_a_person_is_erased_by_name(stage: Stage, mien: Mien, ann: str) -> None:
    answer = mien("erase", "--person", "Ann Ek", "--json")
    assert answer.code == 0, answer.err
    assert (answer.document["target"], answer.document["erased"]["people"]) == ("person", 1)
    assert listed(mien) == []
    assert mien("erase", "--person", ann).code == 2
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM consents") == [0]


def test_dates_of_people_stand_beside_those_of_grants(mien: Mien, ann: str) -> None:
    document = mien("retention", "list", "--json").document
    assert document["deadlines"] == []
    (row,) = document["people"]
    assert (row["person_id"], row["name"]) == (ann, "Ann Ek")
    assert row["erase_templates_at"] < row["erase_record_at"]
    shown = mien("retention", "list").out
    assert "Nothing is held under any grant" in shown
    assert ann in shown


def test_a_name_that_steers_terminals_is_shown_harmlessly(stage: Stage, mien: Mien) -> None:
    enrol(stage, mien, 1, "Ann\x1b[31mEk")
    for words in (("list",), ("show", "Ann\x1b[31mEk")):
        shown = mien("people", *words)
        assert shown.code == 0
        assert "\x1b[31m" not in shown.out


def test_the_record_of_a_changed_consent_is_not_printed(stage: Stage, mien: Mien, ann: str) -> None:
    query(stage.home / "catalog.db", "UPDATE consent_events SET valid_until = valid_until + 1")
    answer = mien("people", "show", ann, "--record", "--json")
    assert (answer.code, answer.document["error"]["reason"]) == (1, "audit")
    assert listed(mien)[0]["reasons"] == ["consent-changed"]


def test_a_photo_that_is_not_there_is_named(stage: Stage, mien: Mien) -> None:
    nowhere = Path("nowhere.png")
    answer = mien("people", "enrol", "Ann", nowhere, *TERMS, until(stage), "--json")
    assert (answer.code, answer.document["error"]["reason"]) == (5, "unreadable")
    assert "nowhere.png" in answer.document["error"]["message"]
