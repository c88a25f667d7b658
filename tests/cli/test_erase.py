"""`mien erase` and `mien retention`: what they say, ask, write and end with."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.children import Answer, Child
from cli.conftest import Mien
from service.grouping import groups_of, make_group
from service.stage import PURPOSE, Stage, query


@pytest.fixture
def filled(stage: Stage) -> str:
    """Three photos; the grant they are under."""
    for number in range(3):
        stage.draw(f"{number}.png", number)
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
    return grant


def find(mien: Mien, stage: Stage, person: int) -> dict[str, str]:
    """The best candidate of a search."""
    answer = mien(
        "search",
        stage.photos / f"{person}.png",
        "--purpose",
        PURPOSE,
        "--min-score",
        "0.8",
        "--json",
    )
    assert answer.code == 0, answer.err
    candidates = answer.document["candidates"]
    return dict(candidates[0]) if candidates else {}


def check_usage(answer: Answer, *, said: str) -> None:
    assert answer.code == 2
    assert said in answer.document["error"]["message"]


def test_a_photo_is_erased_by_what_a_search_shows(stage: Stage, mien: Mien, filled: str) -> None:
    del filled
    shown = find(mien, stage, 1)
    answer = mien("erase", "--photo", shown["photo"], "--json")
    assert answer.code == 0, answer.err
    document = answer.document
    assert (document["target"], document["erased"]["photos"]) == ("photo", 1)
    assert set(document["left"].values()) == {0}
    assert document["files_not_touched"] == [(stage.photos / "1.png").resolve().as_uri()]
    assert (stage.photos / "1.png").exists()
    assert find(mien, stage, 1) == {}
    assert find(mien, stage, 2) != {}


def test_a_face_is_erased_by_its_id(stage: Stage, mien: Mien, filled: str) -> None:
    del filled
    uuids = query(stage.home / "catalog.db", "SELECT uuid FROM faces")
    answer = mien("erase", "--face", uuids[0], "--face", uuids[1], "--json")
    assert answer.document["erased"]["faces"] == 2
    assert query(stage.home / "catalog.db", "SELECT uuid FROM faces") == uuids[2:]


def test_a_person_goes_by_the_name_that_faces_are_under(
    stage: Stage, mien: Mien, filled: str
) -> None:
    uuids = query(stage.home / "catalog.db", "SELECT uuid FROM faces")
    with stage.open() as library:
        make_group(library, groups_of(library, filled), "ann", face_ids=uuids[:1])
    answer = mien("erase", "--face-group", "ann", "--collection", "default")
    assert "Erased: 1 faces, 1 face groups" in answer.out
    assert query(stage.home / "catalog.db", "SELECT uuid FROM faces") == uuids[1:]
    check_usage(mien("erase", "--face-group", "ann", "--json"), said="no face group ann")


@pytest.mark.parametrize("kind", ["--source", "--grantor", "--grant", "--before"])
def test_everything_may_go_by_where_it_came_from(
    stage: Stage, mien: Mien, filled: str, *, kind: str
) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    values = {
        "--source": stage.photos,
        "--grantor": "A. Holder",
        "--grant": filled,
        "--before": tomorrow,
    }
    answer = mien("erase", kind, values[kind], "--json")
    assert answer.code == 0, answer.err
    assert answer.document["erased"]["photos"] == 3


def test_a_folder_that_is_gone_can_be_erased(stage: Stage, mien: Mien, filled: str) -> None:
    del filled
    stage.photos.rename(stage.folder / "elsewhere")
    answer = mien("erase", "--source", stage.photos)
    assert answer.code == 0, answer.err
    assert "Erased: 3 faces, 3 photos, 3 locations, 3 sealed files." in answer.out
    assert "nothing outside its data folder" in answer.err


def test_the_certificate_is_written(stage: Stage, mien: Mien, filled: str) -> None:
    path = stage.folder / "certificate.json"
    assert mien("erase", "--grant", filled, "--certificate", path).code == 0
    certificate = json.loads(path.read_text("utf-8"))["certificate"]
    assert certificate["erased"]["photos"] == 3
    text = path.read_text("utf-8")
    assert "A. Holder" not in text
    assert filled not in text
    assert stage.photos.as_uri() not in text


def test_a_certificate_that_cannot_be_written_is_told_of(
    stage: Stage, mien: Mien, filled: str
) -> None:
    answer = mien("erase", "--grant", filled, "--certificate", stage.folder / "no" / "x", "--json")
    check_usage(answer, said="It is erased, but the certificate cannot be written")


@pytest.mark.parametrize(
    "words",
    [
        ("--face", "8f14e45f-ceea-467f-ab2f-000000000001"),
        ("--photo", "ab" * 32),
        ("--grantor", "Nobody"),
        ("--grant", "8f14e45f-ceea-467f-ab2f-000000000001"),
        ("--before", "1999-01-01"),
        ("--source", "https://example.org/"),
    ],
)
def test_nothing_found_ends_with_2(mien: Mien, filled: str, words: tuple[str, str]) -> None:
    del filled
    check_usage(
        mien("erase", *words, "--json"), said="here" if words[0] != "--grant" else "no grant"
    )


@pytest.mark.parametrize("words", [(), ("--grantor", "A", "--before", "2030-01-01")])
def test_exactly_one_target_is_asked_for(mien: Mien, filled: str, words: tuple[str, ...]) -> None:
    del filled
    check_usage(mien("erase", *words, "--json"), said="exactly one kind of option")


@pytest.mark.parametrize(("reply", "left"), [("n\n", 3), ("y\n", 0)])
def test_a_terminal_is_asked_first(
    stage: Stage,
    mien: Mien,
    filled: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    reply: str,
    left: int,
) -> None:
    monkeypatch.setattr(sys, "stdin", Typed(reply))
    answer = mien("erase", "--grant", filled)
    assert "Erase 3 faces, 3 photos" in answer.err
    assert answer.code == (130 if left else 0)
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM photos") == [left]


class Typed:
    """A terminal on which somebody types."""

    def __init__(self, reply: str) -> None:
        self._reply = reply

    def isatty(self) -> bool:
        return True

    def readline(self, *_: object) -> str:
        return self._reply

    def fileno(self) -> int:
        raise OSError


def test_nobody_is_asked_who_said_yes(
    mien: Mien, filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Typed(""))
    assert mien("erase", "--grant", filled, "--yes").code == 0


def test_retention_is_shown_and_enforced(stage: Stage, mien: Mien, filled: str) -> None:
    (deadline,) = mien("retention", "list", "--json").document["deadlines"]
    assert deadline["grant_id"] == filled
    assert mien("retention", "run", "--json").document == {"erasure": None}
    query(stage.home / "catalog.db", "UPDATE grants SET valid_until = 5")
    assert mien("retention", "run", "--json").document["erased"]["photos"] == 3
    nothing: dict[str, object] = {"deadlines": [], "collections": [], "people": []}
    assert mien("retention", "list", "--json").document == nothing
    assert "Nothing is overdue." in mien("retention", "run").out


def test_a_grant_is_narrowed(stage: Stage, mien: Mien, filled: str) -> None:
    inner = stage.photos / "inner"
    inner.mkdir()
    narrowed = mien("grant", "narrow", filled, "--scope", inner, "--retention", "5", "--json")
    assert narrowed.document["retention_days"] == 5
    assert find(mien, stage, 1) == {}
    wider = mien("grant", "narrow", filled, "--scope", stage.photos, "--json")
    check_usage(wider, said="can only be narrowed")


def test_two_processes_may_erase_at_once(stage: Stage, filled: str) -> None:
    del filled
    hashes = query(stage.home / "catalog.db", "SELECT sha256 FROM photos")
    children = [
        Child(
            ["erase", "--photo", sha256, "--home", stage.home, "--json"],
            folder=Path(stage.folder / sha256),
        )
        for sha256 in hashes
    ]
    assert [child.wait().code for child in children] == [0, 0, 0]
    assert query(stage.home / "catalog.db", "SELECT state FROM erasures") == ["done"] * 3


def test_what_goes_from_a_collection_by_its_own_retention_is_shown(
    stage: Stage, mien: Mien, filled: str
) -> None:
    mien("collection", "create", "club", "--basis", "household", "--retention", "30")
    assert mien("add", stage.photos, "--grant", filled, "--collection", "club").code == 0
    (shown,) = mien("retention", "list", "--json").document["collections"]
    erase_at = datetime.fromisoformat(shown["erase_at"])
    assert shown["collection"] == "club"
    assert timedelta(days=29) < erase_at - datetime.now(UTC) < timedelta(days=30)
    assert "The first of collection club goes from it at" in mien("retention", "list").out
