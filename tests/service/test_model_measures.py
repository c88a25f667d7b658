"""Thresholds out of a report: what its data carry, of the model that it is about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mien.errors import EvaluationError, ModelError
from mien.evaluation.figures import Standing
from mien.evaluation.report import Report, describe_report
from mien.service.model_measures import read_report, take_measures
from mien.testing import FakeModels
from mien.vision.pipeline import describe_model
from service.model_shop import shop
from service.stage import Stage
from service.test_model_book import open_library
from vision.site import Site

MODEL = FakeModels().model


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Of thirty drawn people, three photos each: 3,915 pairs of strangers."""
    stage = Stage(tmp_path_factory.mktemp("measured"))
    for person in range(30):
        for number in range(3):
            stage.draw(f"p{person:02}/{number}.png", person, seed=3 * person + number)
    with stage.open() as library:
        return library.evaluation(replicates=50).of_photos(stage.photos)


@pytest.fixture
def sites() -> Iterator[dict[str, Site]]:
    with shop() as sites:
        yield sites


def write(stage: Stage, report: Report, **changes: Any) -> Path:
    path = stage.folder / "report.json"
    path.write_text(json.dumps(describe_report(replace(report, **changes))))
    return path


def test_thresholds_are_those_of_the_report(report: Report) -> None:
    measures = take_measures(report, MODEL)
    assert measures.model_digest == MODEL.digest
    assert "30 people in 90 photos" in measures.measured_on
    points = {point.fmr: point for point in report.judgements[0].verification.points}
    assert 1e-2 in measures.score_by_fmr
    for rate, score in measures.score_by_fmr.items():
        assert rate in {1e-2, 1e-3, 1e-4}
        assert score == points[rate].threshold
        assert points[rate].tmr.standing in {Standing.CARRIED, Standing.WEAK}
        tmr = points[rate].tmr.value
        assert tmr is not None
        assert measures.missed_by_fmr[rate] == pytest.approx(1 - tmr)


def test_what_the_data_do_not_carry_is_not_taken(report: Report) -> None:
    """Of 3,915 pairs, not one stranger in 10,000 is to be expected."""
    assert 1e-4 not in take_measures(report, MODEL).score_by_fmr


def test_a_report_about_another_model_is_refused(report: Report) -> None:
    with pytest.raises(ModelError, match=r"about fake \(dddd.*not about fake"):
        take_measures(replace(report, model_digest="dd" * 32), MODEL)


def test_a_report_that_carries_nothing_is_refused(report: Report) -> None:
    (judgement, *_) = report.judgements
    bare = replace(judgement, verification=replace(judgement.verification, points=()))
    with pytest.raises(ModelError, match="carries no threshold"):
        take_measures(replace(report, judgements=(bare,)), MODEL)


@pytest.mark.parametrize("content", ["", "[]", "3", "{"])
def test_what_is_no_report_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(content)
    with pytest.raises(ModelError, match="report"):
        read_report(path)
    path.write_text("{}")
    with pytest.raises(EvaluationError, match="no report"):
        read_report(path)
    with pytest.raises(ModelError, match="cannot be read"):
        read_report(tmp_path / "nothing.json")


def test_a_written_report_is_read_as_it_was(stage: Stage, report: Report) -> None:
    read = read_report(write(stage, report))
    before, after = take_measures(report, MODEL), take_measures(read, MODEL)
    assert after.measured_on == before.measured_on
    assert after.score_by_fmr == pytest.approx(before.score_by_fmr, abs=1e-5)


def test_a_measured_pack_has_thresholds_from_then_on(
    stage: Stage, report: Report, sites: dict[str, Site]
) -> None:
    with open_library(stage, pack="sface") as library:
        models = library.models()
        digest = describe_model(models._installed.shelf.get_pack("sface")).digest
        path = write(stage, report, model="sface", model_digest=digest)
        measures = models.measure("sface", report=path)
        assert library._deployment.model.digest == digest
        (entry,) = [e for e in library.audit().entries() if e["action"] == "model-measured"]
        assert entry["facts"]["score_by_fmr"]["0.01"] == measures.score_by_fmr[1e-2]  # type: ignore[index]
    with open_library(stage, pack="sface") as again:
        assert again._deployment.model.score_at(1e-2) == measures.score_by_fmr[1e-2]


def test_only_the_model_that_was_measured_gets_them(
    stage: Stage, report: Report, sites: dict[str, Site]
) -> None:
    with open_library(stage) as library:
        with pytest.raises(ModelError, match="MIEN_PACK=PACK mien evaluate"):
            library.models().measure("sface", report=write(stage, report))
        with pytest.raises(ModelError, match="no recogniser"):
            library.models().measure("yunet", report=write(stage, report))
