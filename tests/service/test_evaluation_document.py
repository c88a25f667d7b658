"""The document says what stands in the report: every figure, and why there is none."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

from evaluation.drawn import draw_people
from mien.errors import SettingsError
from mien.evaluation.acquisition import measure_acquisition, measure_detection
from mien.evaluation.figures import Figure, Standing, withhold
from mien.evaluation.judge import judge_sample
from mien.evaluation.labels import Double, Suspect, Suspicions
from mien.evaluation.report import Kind, Report, ScoreName
from mien.evaluation.resampling import Resampling
from mien.pages.document import Document, Drawing, Items, Table, render_html, render_markdown
from mien.service.evaluation_document import make_colophon, make_document, write_page
from mien.service.evaluation_words import show_interval, show_rate, show_value
from mien.types import Box

FEW = Resampling(50)


@pytest.fixture(scope="module")
def report() -> Report:
    teams = [["red", "blue", "few"][min(one % 9, 2) if one > 80 else one % 2] for one in range(90)]
    sample = draw_people(
        90,
        4,
        noise=0.9,
        groups={"shirt_colour": np.repeat(teams, 4).tolist()},
        qualities={"size": list(range(360))},
    )
    box = Box(0, 0, 50, 50)
    return Report(
        title="drawn <people>",
        kind=Kind.PHOTOS,
        made_at="2030-05-01T12:00:00Z",
        model="fake",
        model_digest="fa" * 32,
        replicates=50,
        seed=1,
        seconds=12.3,
        photos=365,
        faces=360,
        people=90,
        acquisition=measure_acquisition(365, faceless=5, unreadable=2),
        detection=measure_detection({"a": [box, Box(80, 0, 90, 9)]}, {"a": [box]}),
        suspicions=Suspicions(
            (Suspect("a*b.jpg", "Ann", 0.1, "Ben", 0.9), Suspect("c.jpg", "Cy", 0.2, "", 0.3)),
            2,
            (Double("Dan", "Daniel", 0.95, ("d1.jpg", "d2.jpg")),),
            1,
        ),
        judgements=(judge_sample(sample, score=ScoreName.COSINE, resampling=FEW),),
        notes=("Five photos are left out.",),
    )


@pytest.fixture(scope="module")
def document(report: Report) -> Document:
    return make_document(report, has_plots=True)


def rows_of(document: Document, title: str) -> list[tuple[str, ...]]:
    (section,) = [one for one in document.sections if one.title == title]
    return [row for block in section.blocks if isinstance(block, Table) for row in block.rows]


def test_every_part_has_its_section(document: Document) -> None:
    assert [section.title for section in document.sections] == [
        "Finding faces",
        "Verification",
        "Mean over halves",
        "Identification",
        "How rare a score is",
        "Calibration",
        "Groups by shirt colour",
        "Quality and misses",
        "Several photos of a person",
        "Suspect labels",
        "What the figures leave out",
    ]


def test_each_rate_stands_with_its_interval(report: Report, document: Document) -> None:
    rows = rows_of(document, "Verification")
    for row, point in zip(rows, report.judgements[0].verification.points, strict=True):
        assert row[0] == show_rate(point.fmr)
        assert row[2] == show_value(point.tmr)
        assert row[3] == show_interval(point.tmr)
        assert row[4] == point.tmr.note
    assert rows[-1][2] == "not carried"
    assert "carry no false match rate of 1e-06" in rows[-1][4]


def test_every_figure_of_the_searches_is_there(report: Report, document: Document) -> None:
    searched = report.judgements[0].identification
    assert searched is not None
    rows = rows_of(document, "Identification")
    assert len(rows) == sum(1 + len(size.points) for size in searched.sizes)
    assert rows[0][2] == show_value(searched.sizes[0].rank_one)


def test_groups_too_small_are_named_and_have_no_row(document: Document) -> None:
    (section,) = [one for one in document.sections if one.title == "Groups by shirt colour"]
    words = " ".join(block for block in section.blocks if isinstance(block, str))
    assert re.search(r"Too few to say anything of: few \(\d\)\.", words)
    assert not [row for row in rows_of(document, section.title) if row[0].startswith("few ")]


def test_plots_are_drawn_where_they_are_asked_for(report: Report, document: Document) -> None:
    drawn = [b for section in document.sections for b in section.blocks if isinstance(b, Drawing)]
    assert len(drawn) == 8
    assert all(drawing.svg.startswith("<svg") for drawing in drawn)
    without = make_document(report, has_plots=False)
    assert not [b for s in without.sections for b in s.blocks if isinstance(b, Drawing)]


def test_suspicions_are_listed_as_such(document: Document) -> None:
    (section,) = [one for one in document.sections if one.title == "Suspect labels"]
    (listed,) = [block for block in section.blocks if isinstance(block, Items)]
    assert listed.texts == (
        "a*b.jpg as Ann (0.100): like Ben (0.900)",
        "c.jpg as Cy (0.200): like nobody here",
        "Dan and Daniel look like one (0.950)",
    )
    assert "only a person can tell" in str(section.blocks[0])


def test_no_suspicion_is_said_too(report: Report) -> None:
    clean = dataclasses.replace(report, suspicions=Suspicions((), 0, (), 0))
    (section,) = [
        one
        for one in make_document(clean, has_plots=False).sections
        if one.title == "Suspect labels"
    ]
    assert section.blocks == ("None.",)


def test_two_scores_have_sections_of_their_own(report: Report) -> None:
    (cosine,) = report.judgements
    normalised = dataclasses.replace(cosine, score=ScoreName.NORMALISED)
    both = dataclasses.replace(report, judgements=(cosine, normalised))
    titles = [section.title for section in make_document(both, has_plots=False).sections]
    assert "Verification (cosine score)" in titles
    assert "Verification (normalised score)" in titles
    assert len(titles) == len(set(titles))


def test_the_page_shows_names_as_text(report: Report, tmp_path: Path) -> None:
    write_page(tmp_path / "report.html", report)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "drawn &lt;people&gt;" in page
    assert "<people>" not in page
    assert page.count("<svg") == 8
    assert "<script" not in page
    assert "http:" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)


def test_a_page_that_cannot_be_written_is_named(report: Report, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"report\.html cannot be written"):
        write_page(tmp_path / "nowhere" / "report.html", report)


def test_markdown_and_page_have_the_same_figures(report: Report) -> None:
    document = make_document(report, has_plots=False)
    text = render_markdown(document, colophon="End.")
    page = render_html(document, colophon="End.")
    for point in report.judgements[0].halves:
        if point.tmr.value is not None:
            assert show_interval(point.tmr) in text
            assert show_interval(point.tmr) in page


def test_the_colophon_says_where_it_comes_from(report: Report) -> None:
    assert make_colophon(report) == (
        "Made by mien evaluate at 2030-05-01T12:00:00Z in 12 s. Model fake, digest "
        "fafafafafafafafa…"
    )


@pytest.mark.parametrize(
    ("figure", "value", "interval"),
    [
        (Figure(0.5, 0.4, 0.6), "0.5000", "0.4000 to 0.6000"),
        (Figure(0.0, 0.0, 0.03, Standing.WEAK), "0.0000 (weak)", "0.0000 to 0.0300"),
        (
            Figure(1.5e-5, 1e-6, 2e-4, Standing.EXTRAPOLATED),
            "1.5e-05 (extrapolated)",
            "1e-06 to 0.0002",
        ),
        (Figure(24.67, 8.6, 591.4), "24.6700", "8.6000 to 591"),
        (Figure(0.5), "0.5000", ""),
        (Figure(3.0, 1.5), "3.0000", "1.5000 or more"),
        (withhold("too few"), "not carried", ""),
    ],
)
def test_figures_in_words(figure: Figure, value: str, interval: str) -> None:
    assert show_value(figure) == value
    assert show_interval(figure) == interval


def test_rates_are_one_in_so_many() -> None:
    assert [show_rate(rate) for rate in (1e-2, 1e-4, 1e-6)] == [
        "1 in 100",
        "1 in 10,000",
        "1 in 1,000,000",
    ]
