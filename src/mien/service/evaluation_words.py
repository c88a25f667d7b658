"""A figure in words: its number, its interval, how far it is carried, and why."""

from __future__ import annotations

from collections.abc import Sequence

from mien.evaluation.figures import Figure, Standing
from mien.pages.document import Table

NOT_CARRIED = "not carried"


def show_value(figure: Figure) -> str:
    """The number, marked where it is weak or extrapolated."""
    if figure.value is None:
        return NOT_CARRIED
    mark = "" if figure.standing is Standing.CARRIED else f" ({figure.standing})"
    return f"{_show_number(figure.value)}{mark}"


def show_interval(figure: Figure) -> str:
    if figure.low is None:
        return ""
    if figure.high is None:
        return f"{_show_number(figure.low)} or more"
    return f"{_show_number(figure.low)} to {_show_number(figure.high)}"


def show_rate(rate: float) -> str:
    """A false match rate as one in so many."""
    return f"1 in {round(1 / rate):,}"


def tabulate(
    columns: Sequence[str], rows: Sequence[tuple[Sequence[str], Figure]], *, empty: str = "None."
) -> Table:
    """Rows of words, each ending with a figure, its interval and what is to be said of it."""
    return Table(
        (*columns, "95 % interval", "note"),
        tuple((*words, show_value(f), show_interval(f), f.note) for words, f in rows),
        empty=empty,
    )


def _show_number(value: float) -> str:
    """Four digits after the point, or three that count where it is small or large."""
    if value == 0 or 1e-3 <= abs(value) < 100:  # noqa: PLR2004  (where four digits tell enough)
        return f"{value:.4f}"
    return f"{value:.3g}"
