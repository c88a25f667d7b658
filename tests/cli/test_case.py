"""`mien case`: what it says, asks, writes and ends with."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from cli.children import Answer
from cli.conftest import Mien
from mien.testing import draw_photo
from service.inbox import ANN, faces_of, fill, sha256_of
from service.stage import PURPOSE, Stage

FROM = ("--from", "Zoe Requester")


@pytest.fixture
def filled(stage: Stage) -> str:
    """An album of three photos; the grant they are under."""
    with stage.open() as library:
        return fill(stage, library)


def open_case(mien: Mien, kind: str, *words: object) -> dict[str, Any]:
    answer = mien("case", "open", "--kind", kind, *FROM, *words, "--json")
    assert answer.code == 0, answer.err
    document: dict[str, Any] = answer.document
    return document


def search(mien: Mien, stage: Stage) -> list[str]:
    """The photos in which Ann is found."""
    answer = mien(
        *("search", stage.photos / "ann.png", "--purpose", PURPOSE, "--min-score", "0.8", "--json")
    )
    return [candidate["photo"] for candidate in answer.document["candidates"]]


def check_usage(answer: Answer, *, said: str) -> None:
    assert answer.code == 2
    assert said in answer.document["error"]["message"]


def test_a_takedown_goes_all_the_way(stage: Stage, mien: Mien, filled: str) -> None:
    del filled
    sha256 = sha256_of(stage, "ann.png")
    assert sha256 in search(mien, stage)
    opened = open_case(
        mien,
        "takedown",
        *("--photo", sha256, "--contact", "zoe@example.org", "--channel", "mail"),
        *("--reason", "Mine.", "--statement", "In good faith."),
    )
    case_id = opened["case_id"]
    assert (opened["state"], opened["held"], opened["overdue"]) == ("quarantined", 1, False)
    assert opened["about"] == {"photos": [sha256]}
    assert (opened["from"], opened["contact"], opened["channel"]) == (
        *("Zoe Requester", "zoe@example.org", "mail"),
    )
    due = datetime.fromisoformat(opened["due_at"]) - datetime.fromisoformat(opened["opened_at"])
    assert due == timedelta(days=30)
    acknowledged = json.loads(opened["acknowledgement"])["acknowledgement"]
    assert acknowledged["case"] == case_id
    assert sha256 not in search(mien, stage)
    decided = mien("case", "decide", case_id, "--grant", "--reason", "Theirs.", "--json").document
    assert decided["state"] == "verified"
    answered = mien("case", "answer", case_id, "--to", stage.folder / "out", "--json").document
    assert answered["final"]
    assert sorted(answered["files"]) == sorted(p.name for p in (stage.folder / "out").iterdir())
    assert mien("case", "close", case_id, "--json").document["state"] == "closed"
    assert mien("case", "list", "--json").document == {"cases": []}
    (listed,) = mien("case", "list", "--all", "--json").document["cases"]
    assert [event["state"] for event in listed["events"]][-1] == "closed"


def test_what_is_said_to_a_person(stage: Stage, mien: Mien, filled: str) -> None:
    del filled
    sha256 = sha256_of(stage, "ann.png")
    opened = mien("case", "open", "--kind", "erasure", *FROM, "--photo", sha256)
    assert opened.out.startswith("Case opened: ")
    case_id = opened.out.split()[2]
    assert "1 place where photos were found: out of every search from now on." in opened.out
    listed = mien("case", "list").out
    assert case_id in listed
    assert "Zoe Requester" in listed
    assert "overdue" not in listed
    shown = mien("case", "show", case_id).out
    for part in ("erasure", "quarantined", "Zoe Requester", sha256, "held 1"):
        assert part in shown
    refused = mien("case", "decide", case_id, "--refuse", "--reason", "It is history.")
    assert "verified" in refused.out
    answered = mien("case", "answer", case_id, "--to", stage.folder / "out")
    assert "3 files written to" in answered.out
    assert "closed" in mien("case", "close", case_id).out
    assert "Nothing is open." in mien("case", "list").out


def test_nothing_is_hidden_by_a_question(mien: Mien, filled: str) -> None:
    del filled
    opened = mien("case", "open", "--kind", "access", *FROM, "--source", "https://example.org/a")
    assert "Nothing is hidden by it." in opened.out


@pytest.mark.parametrize(
    ("option", "value", "about"),
    [
        ("--host", "example.org", {"host": "example.org"}),
        ("--grantor", "A. Holder", {"grantor": "A. Holder"}),
        ("--source", "https://example.org/a.jpg", {"source": "https://example.org/a.jpg"}),
        ("--face", "8f14", {"faces": ["8f14"]}),
        ("--person", "Ann Ek", {"person": "Ann Ek"}),
    ],
)
def test_every_way_to_say_what_it_is_about(
    mien: Mien, filled: str, option: str, value: str, about: dict[str, object]
) -> None:
    del filled
    assert open_case(mien, "takedown", option, value)["about"] == about


def test_a_folder_is_a_source_though_it_is_gone(stage: Stage, mien: Mien, filled: str) -> None:
    del filled
    assert open_case(mien, "takedown", "--source", stage.photos)["held"] == 3
    gone = open_case(mien, "takedown", "--source", stage.folder / "gone")
    assert gone["about"]["source"] == f"{(stage.folder / 'gone').resolve().as_uri()}/"


def test_lookalikes_are_looked_at_first(stage: Stage, mien: Mien, filled: str) -> None:
    del filled
    probe = stage.folder / "me.png"
    probe.write_bytes(draw_photo(ANN, seed=77))
    said = mien("case", "open", "--kind", "access", *FROM, "--like", probe)
    assert "2 faces may be theirs; look before" in said.out
    case_id = said.out.split()[2]
    answered = mien("case", "answer", case_id, "--to", stage.folder / "first")
    assert "for-you-to-check" in answered.err
    check_usage(mien("case", "confirm", case_id, "--json"), said="Say whose the faces are")
    check_usage(
        mien("case", "confirm", case_id, "--face", "x", "--nobody", "--json"),
        said="Say whose the faces are",
    )
    mine = faces_of(stage, "ann.png")[0]
    confirmed = mien("case", "confirm", case_id, "--face", mine, "--json").document
    assert confirmed["events"][-1]["faces"] == [mine]
    assert {like["face"] for like in confirmed["lookalikes"]} >= {mine}
    final = mien("case", "answer", case_id, "--to", stage.folder / "second", "--json").document
    assert final["final"]
    assert f"crops/{mine}.jpg" in final["files"]
    nobody = open_case(mien, "access", "--like", probe)["case_id"]
    assert mien("case", "confirm", nobody, "--nobody").code == 0


def test_a_correction_is_written(stage: Stage, mien: Mien, filled: str) -> None:
    del filled
    sha256 = sha256_of(stage, "ann.png")
    words = ("--photo", sha256, "--correct", "Credit = Ann Ek", "--correct", "caption=a=b")
    opened = open_case(mien, "rectification", *words)
    assert opened["about"]["corrections"] == {"credit": "Ann Ek", "caption": "a=b"}
    assert mien("case", "decide", opened["case_id"], "--grant").code == 0
    found = mien(
        "search", stage.photos / "ann.png", "--purpose", PURPOSE, "--limit", "1", "--json"
    ).document["candidates"]
    assert "Ann Ek" in json.dumps(found)


def test_a_counter_notice_is_recorded(stage: Stage, mien: Mien, filled: str) -> None:
    del filled
    case_id = open_case(mien, "takedown", "--photo", sha256_of(stage, "ann.png"))["case_id"]
    words = ("case", "counter", case_id, "--from", "Bob", "--statement", "It is mine.")
    document = mien(*words, "--json").document
    assert document["events"][-1]["by"] == "Bob"
    assert "It is mine." in mien("case", "show", case_id).out


def test_an_acknowledgement_is_written_where_one_wants_it(
    stage: Stage, mien: Mien, filled: str
) -> None:
    del filled
    path = stage.folder / "acknowledgement.json"
    words = ("--source", "https://example.org/a", "--acknowledgement")
    opened = open_case(mien, "access", *words, path)
    assert path.read_text("utf-8") == opened["acknowledgement"] + "\n"
    failed = mien(
        *("case", "open", "--kind", "access", *FROM, *words, stage.folder / "no" / "where"),
        "--json",
    )
    check_usage(failed, said="is open, but its acknowledgement cannot be written")
    assert len(mien("case", "list", "--json").document["cases"]) == 2


def test_a_timer_is_told_by_the_exit_code(stage: Stage, mien: Mien, filled: str) -> None:
    del filled
    assert mien("case", "remind").code == 0
    open_case(mien, "access", "--source", "https://example.org/a")
    assert mien("case", "remind", "--within", "7", "--json").document == {"cases": []}
    due = mien("case", "remind", "--within", "32", "--json")
    assert due.code == 6
    assert len(due.document["cases"]) == 1
    intimate = open_case(mien, "takedown", "--photo", sha256_of(stage, "ann.png"), "--intimate")
    soon = mien("case", "remind", "--within", "2")
    assert soon.code == 6
    assert intimate["case_id"] in soon.out
    assert mien("case", "remind", "--within", "1").code == 0


def test_what_is_overdue_is_marked(stage: Stage, mien: Mien, filled: str) -> None:
    del filled
    stage.now -= timedelta(days=40)
    with stage.open() as library:
        from service.inbox import request

        request(library, "access", source="file:///x")
    assert "overdue" in mien("case", "list").out
    (listed,) = mien("case", "list", "--json").document["cases"]
    assert listed["overdue"]
    assert mien("case", "remind", "--within", "0").code == 6


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("open", "--kind", "takedown", *FROM), "exactly one way"),
        (("open", "--kind", "takedown", *FROM, "--host", "a.b", "--face", "x"), "exactly one way"),
        (("open", "--kind", "takedown", *FROM, "--host", "https://a.b"), "is no host"),
        (("open", "--kind", "erasure", *FROM, "--photo", "x"), "is no SHA-256"),
        (("open", "--kind", "access", "--from", " ", "--face", "x"), "needs somebody who asks"),
        (("open", "--kind", "rectification", *FROM, "--grantor", "A"), "What is to be put right"),
        (
            ("open", "--kind", "rectification", *FROM, "--grantor", "A", "--correct", "name"),
            "write FIELD=VALUE",
        ),
        (("show", "nonsense"), "There is no case nonsense"),
        (("close", "nonsense"), "There is no case nonsense"),
        (("decide", "nonsense"), "Say what you decide"),
        (("decide", "nonsense", "--grant", "--refuse"), "Say what you decide"),
        (("decide", "nonsense", "--refuse"), "A refusal gives its reason"),
        (("answer", "nonsense", "--to", "nowhere"), "There is no case nonsense"),
    ],
)
def test_what_cannot_be_done_ends_with_2(
    mien: Mien, filled: str, words: tuple[str, ...], said: str
) -> None:
    del filled
    check_usage(mien("case", *words, "--json"), said=said)
    assert mien("case", "list", "--json").document == {"cases": []}


@pytest.mark.parametrize("kind", ["gossip", ""])
def test_there_are_no_other_kinds(mien: Mien, kind: str) -> None:
    answer = mien("case", "open", "--kind", kind, *FROM, "--host", "a.b", "--json")
    assert answer.code == 2


def test_a_probe_that_is_no_photo_ends_with_5(stage: Stage, mien: Mien, filled: str) -> None:
    del filled
    answer = mien(
        *("case", "open", "--kind", "access", *FROM, "--like", stage.folder / "no.png", "--json")
    )
    assert (answer.code, answer.document["error"]["reason"]) == (5, "unreadable")
