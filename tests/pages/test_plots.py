"""A plot is an element of its own, takes the page's colours, and is drawn the same each time."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from mien.pages.document import Document, Drawing, Section, render_html, render_markdown
from mien.pages.plots import Line, Plot, Points, draw_plot

SVG = "{http://www.w3.org/2000/svg}"

LINES = Plot(
    "score",
    "share of pairs",
    [
        Line("one person", [0, 1, 2], [1, 2, 3], [0.5, 1.5, 2.5], [1.5, 2.5, 3.5]),
        Line("strangers", [0, 1, 2], [3, 2, 1], is_dashed=True, is_filled=True, colour=1),
    ],
)
GROUPS = Plot(
    "rate",
    "",
    [Points("", [0, 1], [1e-3, 1e-2], [1e-4, 5e-3], [1e-2, 2e-2])],
    x_is_log=True,
    names=["red & blue", "<b>green</b>"],
)


def texts_of(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314  (our own)


@pytest.mark.parametrize("plot", [LINES, GROUPS])
def test_a_plot_is_one_element_without_anything_to_load(plot: Plot) -> None:
    svg = draw_plot(plot)
    assert svg.startswith("<svg")
    assert svg.endswith("</svg>")
    tree = ET.fromstring(svg)  # noqa: S314  (our own)
    assert tree.tag == f"{SVG}svg"
    assert not [node for node in tree.iter() if node.tag in {f"{SVG}script", f"{SVG}image"}]
    links = re.findall(r'href="([^"]*)"', svg)
    assert all(link.startswith("#") for link in links)
    assert "<metadata>" not in svg


def test_the_same_values_are_drawn_the_same() -> None:
    assert draw_plot(LINES) == draw_plot(LINES)
    assert draw_plot(LINES) != draw_plot(GROUPS)


def test_letters_and_axes_take_the_colour_of_the_page() -> None:
    svg = draw_plot(LINES)
    assert "currentColor" in svg
    assert "#123456" not in svg
    assert not re.search(r"fill: ?#000000|fill: ?#ffffff", svg)


def test_a_plot_is_as_wide_as_the_page_allows() -> None:
    head = draw_plot(LINES).partition(">")[0]
    assert "viewBox" in head
    assert " width=" not in head
    assert " height=" not in head


def test_axes_and_lines_are_named() -> None:
    found = texts_of(draw_plot(LINES))
    assert {"score", "share of pairs", "one person", "strangers"} <= set(found)


def test_names_are_shown_and_never_markup() -> None:
    svg = draw_plot(GROUPS)
    assert {"red & blue", "<b>green</b>"} <= set(texts_of(svg))
    assert "<b>" not in svg


def test_a_page_shows_the_drawing_and_its_caption() -> None:
    svg = draw_plot(LINES)
    document = Document("Title", "Lead.", (Section("Part", (Drawing(svg, 'A "plot" & more.'),)),))
    page = render_html(document, colophon="End.")
    assert svg in page
    assert "<figcaption>A &#34;plot&#34; &amp; more.</figcaption>" in page
    assert 'aria-label="A &#34;plot&#34; &amp; more."' in page


def test_markdown_has_the_caption_alone() -> None:
    document = Document("Title", "Lead.", (Section("Part", (Drawing("<svg></svg>", "Caption."),)),))
    text = render_markdown(document, colophon="End.")
    assert "Caption." in text
    assert "svg" not in text
