"""Plots as SVG that stands in a page: by day and by night, without scripts or other files.

Lines and letters take the colour of the text around them, and the ground shows through. The
same values give the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_COLOURS = ("#2f81d6", "#e0702a", "#2e9e6b", "#b65fc9", "#c9a227", "#d6455d")
"""Told apart on white and on black, and mostly by the colour-blind."""
_INK = "#123456"
"""Stands for the colour of the text while the plot is drawn."""
_SETTINGS: Mapping[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "mien",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "grid.color": _INK,
    "grid.alpha": 0.15,
    "legend.frameon": False,
}
_MARKERS = ("o", "s", "^", "D", "v", "P")


@dataclass(frozen=True, slots=True)
class Line:
    """Points in order; with `low` and `high`, a band around them. Dashed for what is not sure."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    is_dashed: bool = False
    is_filled: bool = False
    colour: int = 0


@dataclass(frozen=True, slots=True)
class Points:
    """Single figures, each with its interval."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    colour: int = 0


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn over which axes; `names` are words in the place of numbers along y."""

    x_label: str
    y_label: str
    parts: Sequence[Line | Points]
    x_is_log: bool = False
    y_is_log: bool = False
    names: Sequence[str] = ()


def draw_plot(plot: Plot) -> str:
    """The plot as an SVG element. Raises `ModuleNotFoundError` without matplotlib."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(dict(_SETTINGS)):
        height = 4.2 if not plot.names else 1.1 + 0.42 * len(plot.names)
        figure = Figure(figsize=(7.2, height), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        for part in plot.parts:
            if isinstance(part, Line):
                _draw_line(axes, part)
            else:
                _draw_points(axes, part, is_across=bool(plot.names))
        _dress(axes, plot)
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None})
    return _fit_in(drawn.getvalue())


def _draw_line(axes: Any, line: Line) -> None:  # noqa: ANN401  (matplotlib has no types)
    colour = _COLOURS[line.colour % len(_COLOURS)]
    style = "--" if line.is_dashed else "-"
    axes.plot(line.x, line.y, style, color=colour, label=line.label or None, linewidth=1.8)
    if line.is_filled:
        axes.fill_between(line.x, line.y, color=colour, alpha=0.2, linewidth=0)
    if line.low:
        axes.fill_between(line.x, line.low, line.high, color=colour, alpha=0.18, linewidth=0)


def _draw_points(axes: Any, points: Points, *, is_across: bool) -> None:  # noqa: ANN401
    below = [max(0.0, y - low) for y, low in zip(points.y, points.low, strict=True)]
    above = [max(0.0, high - y) for y, high in zip(points.y, points.high, strict=True)]
    colour = _COLOURS[points.colour % len(_COLOURS)]
    style = {
        "fmt": _MARKERS[points.colour % len(_MARKERS)],
        "color": colour,
        "capsize": 3,
        "markersize": 5,
        "label": points.label or None,
    }
    if is_across:
        axes.errorbar(points.y, points.x, xerr=[below, above], **style)
    else:
        axes.errorbar(points.x, points.y, yerr=[below, above], **style)


def _dress(axes: Any, plot: Plot) -> None:  # noqa: ANN401
    axes.set_xlabel(plot.x_label)
    axes.set_ylabel(plot.y_label)
    if plot.x_is_log:
        axes.set_xscale("log")
    if plot.y_is_log:
        axes.set_yscale("log")
    if plot.names:
        axes.set_yticks(range(len(plot.names)), plot.names)
        axes.set_ylim(len(plot.names) - 0.5, -0.5)
    axes.grid(visible=True, which="major")
    if any(part.label for part in plot.parts):
        axes.legend()


def _fit_in(svg: str) -> str:
    """The element alone, as wide as the page allows, in the colour of the text around it."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r'(<svg\b[^>]*?) width="[^"]*"', r"\1", element, count=1)
    element = re.sub(r'(<svg\b[^>]*?) height="[^"]*"', r"\1", element, count=1)
    return element.replace(_INK, "currentColor").strip()
