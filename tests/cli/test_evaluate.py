from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Mien
from mien.evaluation.report import parse_report
from service.stage import Stage


@pytest.fixture
def people(stage: Stage) -> Path:
    for person in range(12):
        for number in range(3):
            stage.draw(f"p{person:02}/{number}.png", person, seed=3 * person + number)
    return stage.photos


def test_the_document_is_a_report(mien: Mien, people: Path) -> None:
    answer = mien("evaluate", people, "--replicates", 50, "--json")
    assert answer.code == 0
    report = parse_report(answer.document)
    assert (report.title, report.faces, report.replicates) == ("photos", 36, 50)


def test_the_tables_say_what_is_not_carried_and_why(mien: Mien, people: Path) -> None:
    answer = mien("evaluate", people, "--replicates", 50)
    assert answer.code == 0
    assert "36 faces of 12 people" in answer.out
    assert "594 pairs of different people" in answer.out
    for part in ("Finding faces", "Mean over halves", "Identification", "Suspect labels"):
        assert part in answer.out
    assert "not carried" in answer.out
    assert "594 pairs of different people carry no false match rate of 0.0001" in answer.out
    assert "3 in 12 people" in answer.out


def test_labels_or_a_collection_must_be_named(mien: Mien, people: Path) -> None:
    for words in ((), (people, "--collection", "club")):
        answer = mien("evaluate", *words)
        assert answer.code == 2
        assert "Name labelled photos, or a collection" in answer.err


def test_a_set_that_carries_nothing_ends_with_an_error(mien: Mien, stage: Stage) -> None:
    stage.draw("p1/a.png", 1)
    stage.draw("p2/a.png", 2)
    answer = mien("evaluate", stage.photos)
    assert answer.code == 1
    assert "one photo with a face" in answer.err
    assert answer.out == ""


def test_a_collection_without_a_purpose_is_refused(mien: Mien, stage: Stage) -> None:
    assert mien("collection", "create", "club", "--basis", "household").code == 0
    answer = mien("evaluate", "--collection", "club", "--json")
    assert answer.code == 3
    assert answer.document == {"refused": ["no-purpose"]}
    assert "[no-purpose]" in answer.err
    assert mien("evaluate", "--collection", "club", "--purpose", "try").code == 3


def test_an_unknown_collection_is_a_wrong_word(mien: Mien) -> None:
    answer = mien("evaluate", "--collection", "nowhere", "--purpose", "try")
    assert answer.code == 2


def test_a_page_is_written_beside_the_answer(mien: Mien, people: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    answer = mien("evaluate", people, "--replicates", 50, "--report", page, "--json")
    assert answer.code == 0
    assert parse_report(answer.document).faces == 36
    text = page.read_text(encoding="utf-8")
    assert "How well people are told apart: photos" in text
    assert "<svg" in text


def test_a_page_that_cannot_be_written_is_a_wrong_word(mien: Mien, people: Path) -> None:
    answer = mien("evaluate", people, "--replicates", 50, "--report", people / "no" / "page.html")
    assert answer.code == 2
    assert "cannot be written" in answer.err


def test_a_page_that_cannot_be_written_is_told_before_any_photo_is_read(
    mien: Mien, stage: Stage
) -> None:
    answer = mien("evaluate", stage.photos, "--report", stage.folder / "nowhere" / "page.html")
    assert answer.code == 2
    assert "its folder is not there" in answer.err
