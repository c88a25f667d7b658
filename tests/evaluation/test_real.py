"""The real models on a few people of the London set."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.evaluation.report import Report
from mien.library import Library
from mien.settings import Settings

pytestmark = [pytest.mark.real, pytest.mark.slow]

PEOPLE = 24


@pytest.fixture(scope="module")
def report(
    data_folder: Path, cache_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Report:
    """Two photos each of the first two dozen people, by a list like the set's own."""
    folder = tmp_path_factory.mktemp("london")
    lines = (data_folder / "london" / "people.csv").read_text(encoding="utf-8").splitlines()
    people = sorted({line.split(",")[1] for line in lines[1:]})[:PEOPLE]
    kept = [line for line in lines[1:] if line.split(",")[1] in people]
    (folder / "list.csv").write_text("\n".join([lines[0], *kept]), encoding="utf-8")
    settings = Settings(home=folder / "home", cache=cache_folder)
    with Library(settings=settings) as library:
        evaluation = library.evaluation(replicates=60)
        return evaluation.of_photos(folder / "list.csv", photos=data_folder / "london")


def test_every_portrait_gives_its_face(report: Report) -> None:
    assert (report.photos, report.faces, report.people) == (2 * PEOPLE, 2 * PEOPLE, PEOPLE)
    assert report.acquisition.faceless == 0


def test_every_one_of_them_is_found_first(report: Report) -> None:
    """As of all 102 of them: see `python -m bench accuracy`."""
    for judgement in report.judgements:
        assert judgement.identification is not None
        assert judgement.identification.sizes[-1].rank_one.value == 1.0
        assert judgement.verification.points[0].tmr.value == 1.0


def test_their_labels_raise_no_suspicion(report: Report) -> None:
    assert report.suspicions is not None
    assert (report.suspicions.photo_count, report.suspicions.double_count) == (0, 0)


def test_groups_are_those_that_people_told_of_themselves(report: Report) -> None:
    attributes = {found.attribute for found in report.judgements[0].differentials}
    assert attributes <= {"age", "gender", "ethnicity_self_reported"}
    assert "expression" not in attributes
