from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest

from evaluation.drawn import draw_people
from mien.errors import EvaluationError
from mien.evaluation.acquisition import measure_acquisition, measure_detection
from mien.evaluation.judge import PairList, check_libraries, judge_pairs, judge_sample
from mien.evaluation.labels import suspect_labels
from mien.evaluation.report import Kind, Report, ScoreName, describe_report, parse_report
from mien.evaluation.resampling import Resampling
from mien.evaluation.sample import Sample
from mien.types import Box

FEW = Resampling(50)


@pytest.fixture(scope="module")
def sample() -> Sample:
    teams = ["x" if one % 2 else "y" for one in np.repeat(np.arange(60), 4)]
    sizes = list(range(240))
    return draw_people(60, 4, noise=0.9, groups={"team": teams}, qualities={"size": sizes})


@pytest.fixture(scope="module")
def report(sample: Sample) -> Report:
    box = Box(0, 0, 10, 10)
    return Report(
        title="drawn",
        kind=Kind.PHOTOS,
        made_at="2030-05-01T12:00:00Z",
        model="fake",
        model_digest="fa" * 32,
        replicates=FEW.replicates,
        seed=FEW.seed,
        seconds=1.5,
        photos=242,
        faces=240,
        people=60,
        acquisition=measure_acquisition(242, faceless=2, unreadable=1),
        detection=measure_detection({"a": [box]}, {"a": [box]}),
        suspicions=suspect_labels(sample),
        judgements=(judge_sample(sample, score=ScoreName.COSINE, resampling=FEW),),
        notes=("something is left out",),
    )


def test_every_part_is_measured(report: Report) -> None:
    (judgement,) = report.judgements
    assert judgement.verification.people == 60
    assert len(judgement.halves) == 5
    assert judgement.identification is not None
    assert judgement.fmr_curve is not None
    assert judgement.calibration is not None
    assert judgement.card_calibration is None
    assert [one.attribute for one in judgement.differentials] == ["team"]
    assert [one.quality for one in judgement.discard] == ["size"]
    assert [one.photos for one in judgement.fusion] == [2, 3]


def test_a_report_comes_back_from_json_as_it_was_printed(report: Report) -> None:
    document = json.loads(json.dumps(describe_report(report), allow_nan=False))
    again = parse_report(document)
    assert describe_report(again) == document
    assert again.judgements[0].score is ScoreName.COSINE
    assert again.judgements[0].verification.points[0].tmr.standing == (
        report.judgements[0].verification.points[0].tmr.standing
    )


def test_a_document_holds_numbers_words_and_lists_alone(report: Report) -> None:
    def check(value: Any) -> None:
        if isinstance(value, dict):
            assert all(isinstance(key, str) for key in value)
            for one in value.values():
                check(one)
        elif isinstance(value, list):
            for one in value:
                check(one)
        else:
            assert value is None or type(value) in {str, int, float, bool}, type(value)
            assert not (isinstance(value, float) and not math.isfinite(value))

    check(describe_report(report))


def test_no_key_is_missing_from_the_guide(report: Report) -> None:
    from house.source import ROOT

    guide = (ROOT / "docs" / "guide" / "evaluate.md").read_text(encoding="utf-8")
    document = describe_report(report)
    keys = set(document) | {field.name for field in dataclasses.fields(report.judgements[0])}
    assert [key for key in sorted(keys - {"format"}) if f"`{key}`" not in guide] == []


def test_numbers_have_six_digits(report: Report) -> None:
    described = describe_report(dataclasses.replace(report, seconds=1 / 3))
    assert described["seconds"] == 0.333333


@pytest.mark.parametrize("document", [{}, {"format": 2}, {"format": "1"}])
def test_another_format_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(EvaluationError, match="no report of format 1"):
        parse_report(document)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": 7}, "7 is no str"),
        ({"photos": "many"}, "'many' is no int"),
        ({"kind": "rumour"}, "rumour"),
        ({"judgements": [{}]}, "score"),
    ],
)
def test_a_damaged_document_is_refused(report: Report, change: dict[str, Any], said: str) -> None:
    with pytest.raises(EvaluationError, match=said):
        parse_report({**describe_report(report), **change})


def test_a_list_of_pairs_has_its_verification_and_nothing_else(sample: Sample) -> None:
    one, other = np.arange(0, 240, 2), np.roll(np.arange(1, 241, 2), 40)
    one, other = np.concatenate([one, one]), np.concatenate([other, one + 1])
    pairs = PairList(one, other, sample.people[one] == sample.people[other])
    judgement = judge_pairs(sample, pairs, score=ScoreName.COSINE, resampling=FEW)
    assert judgement.verification.mated_pairs == 120
    assert judgement.verification.stranger_pairs == 120
    assert judgement.identification is None
    assert [judgement.halves, judgement.differentials, judgement.fusion] == [(), (), ()]


def test_a_missing_library_is_named_with_the_cure() -> None:
    check_libraries()
    with pytest.raises(EvaluationError, match=r"needs nolib, which.*mien\[evaluate\]"):
        check_libraries(("scipy", "nolib"))


def test_a_sample_without_anything_to_fit_leaves_parts_out() -> None:
    small = draw_people(8, 2, noise=0.5)
    judgement = judge_sample(small, score=ScoreName.COSINE, resampling=FEW)
    assert judgement.fmr_curve is None
    assert judgement.calibration is None
    assert judgement.fusion == ()
