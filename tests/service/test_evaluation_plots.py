"""What is drawn is what the report says: every point of it, and nothing that it does not carry."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from evaluation.drawn import draw_people
from mien.evaluation.figures import Standing
from mien.evaluation.judge import judge_sample
from mien.evaluation.report import Judgement, ScoreName
from mien.evaluation.resampling import Resampling
from mien.evaluation.tail import FmrCurve
from mien.pages.plots import Line, Plot, Points, draw_plot
from mien.service import evaluation_plots as plots


@pytest.fixture(scope="module")
def judgement() -> Judgement:
    teams = ["few" if one < 4 else "xy"[one % 2] for one in range(80)]
    sample = draw_people(
        80,
        3,
        noise=1.0,
        groups={"team": np.repeat(teams, 3).tolist()},
        qualities={"size": list(range(240)), "luck": list(range(240, 0, -1))},
    )
    return judge_sample(sample, score=ScoreName.COSINE, resampling=Resampling(50))


def lines_of(plot: Plot) -> list[Line]:
    return [part for part in plot.parts if isinstance(part, Line)]


def points_of(plot: Plot) -> list[Points]:
    return [part for part in plot.parts if isinstance(part, Points)]


def test_scores_of_both_kinds_are_drawn_to_the_same_area(judgement: Judgement) -> None:
    strangers, mated = lines_of(plots.plot_scores(judgement.histogram))
    assert (strangers.label, mated.label) == ("different people", "one person")
    assert sum(strangers.y) == pytest.approx(100)
    assert sum(mated.y) == pytest.approx(100)
    assert len(strangers.x) == len(strangers.y)
    assert list(strangers.x) == sorted(strangers.x)


def test_the_trade_off_is_dashed_where_few_false_matches_carry_it(judgement: Judgement) -> None:
    plot = plots.plot_errors(judgement.verification)
    sure, weak = lines_of(plot)
    assert plot.x_is_log
    assert plot.y_is_log
    assert not sure.is_dashed
    assert weak.is_dashed
    curve = judgement.verification.curve
    carried = [p for p in curve if p.standing is Standing.CARRIED and p.fnmr > 0]
    assert list(sure.x) == [point.fmr for point in carried]
    assert list(sure.y) == [point.fnmr for point in carried]
    assert weak.x[0] == sure.x[-1]  # joined where the one ends
    assert len(weak.x) + len(sure.x) == 1 + len([p for p in curve if p.fnmr > 0])


def test_nothing_on_a_logarithmic_axis_is_nothing(judgement: Judgement) -> None:
    for plot in (
        plots.plot_errors(judgement.verification),
        plots.plot_rarity(cast("FmrCurve", judgement.fmr_curve)),
    ):
        for line in lines_of(plot):
            assert all(value > 0 for value in (*line.y, *line.low, *line.high))
            assert all(
                low <= y <= high for low, y, high in zip(line.low, line.y, line.high, strict=True)
            )


def test_what_is_extrapolated_begins_where_counting_ends(judgement: Judgement) -> None:
    curve = judgement.fmr_curve
    assert curve is not None
    counted, beyond = lines_of(plots.plot_rarity(curve))
    assert counted.x[-1] == beyond.x[0] == curve.extrapolates_from
    assert beyond.is_dashed
    assert not counted.is_dashed
    assert list(counted.y) == sorted(counted.y, reverse=True)


def test_each_gallery_has_its_own_points(judgement: Judgement) -> None:
    searched = judgement.identification
    assert searched is not None
    drawn = points_of(plots.plot_searches(searched))
    assert [points.label for points in drawn] == [
        f"{size.gallery:,} people enrolled" for size in searched.sizes
    ]
    carried = [point for point in searched.sizes[0].points if point.fnir.value is not None]
    assert list(drawn[0].y) == [point.fnir.value for point in carried]
    assert len(drawn[0].x) < len(searched.sizes[0].points)


def test_each_measure_of_quality_has_its_own_line(judgement: Judgement) -> None:
    lines = lines_of(plots.plot_discard(judgement.discard))
    assert [line.label for line in lines] == ["size", "luck"]
    assert lines[0].colour != lines[1].colour
    assert (
        lines[0].y[0]
        == lines[1].y[0]
        == pytest.approx(100 * (judgement.discard[0].points[0].fnmr.value or 0))
    )


def test_groups_without_a_figure_are_not_drawn(judgement: Judgement) -> None:
    (found,) = judgement.differentials
    plot = plots.plot_groups(found)
    assert [name.partition(" ")[0] for name in plot.names] == ["x", "y"]
    (points,) = points_of(plot)
    assert list(points.y) == [group.fmr.value for group in found.groups if group.fmr.value]
    (common,) = lines_of(plot)
    assert set(common.x) == {found.fmr}


def test_what_was_said_stands_against_what_was_so(judgement: Judgement) -> None:
    found = judgement.calibration
    assert found is not None
    plot = plots.plot_reliability(found)
    (points,) = points_of(plot)
    assert list(points.x) == [one.said for one in found.bins]
    assert list(points.y) == [one.was_so for one in found.bins]
    (perfect,) = lines_of(plot)
    assert list(perfect.x) == list(perfect.y) == [0, 1]


def test_both_kinds_fall_in_a_tippett_plot(judgement: Judgement) -> None:
    found = judgement.calibration
    assert found is not None
    for line in lines_of(plots.plot_tippett(found)):
        assert line.y[0] == pytest.approx(100, abs=0.1)
        assert line.y[-1] == 0
        assert list(line.y) == sorted(line.y, reverse=True)


def test_every_plot_can_be_drawn(judgement: Judgement) -> None:
    assert judgement.identification is not None
    assert judgement.fmr_curve is not None
    assert judgement.calibration is not None
    for plot in (
        plots.plot_groups(judgement.differentials[0]),
        plots.plot_searches(judgement.identification),
        plots.plot_rarity(judgement.fmr_curve),
    ):
        svg = draw_plot(plot)
        assert plot.x_label in svg
        assert "nan" not in svg
