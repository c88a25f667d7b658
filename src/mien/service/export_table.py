"""Candidates as a table for a spreadsheet, in which no cell is anything but what it says.

A text that a spreadsheet would take for a formula gets an apostrophe before it. Numbers are
written as numbers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from mien.service.taken import Taken, say

COLUMNS = (
    *("rank", "score", "band", "fmr", "fmr_low", "fmr_high"),
    *("expected_strangers", "likelihood_ratio", "judgement"),
    *("photo", "face", "places", "grants", "caption", "credit", "copyright"),
)
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")  # noqa: RUF001  (as they are typed)


def make_table(taken: Sequence[Taken]) -> bytes:
    """As CSV in UTF-8, with a line of names first; several places stand in one cell."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for one in taken:
        writer.writerow([make_safe(cell) for cell in _list_cells(one)])
    return file.getvalue().encode()


def _list_cells(one: Taken) -> list[str | float | int]:
    credit, strength = one.face.credit, one.shown.strength
    rates: list[str | float | int] = [""] * 6
    if strength is not None:
        rates = [
            strength.band.value,
            *(_round(rate) for rate in (strength.fmr, strength.fmr_low, strength.fmr_high)),
            _round(strength.expected_strangers),
            _round(strength.likelihood_ratio),
        ]
    return [
        one.shown.rank,
        one.shown.score,
        *rates,
        say(one.opinion),
        one.face.sha256,
        one.face.stored.uuid,
        " ".join(dict.fromkeys(place.uri for place in one.places)),
        " ".join(dict.fromkeys(place.grant_id for place in one.places)),
        *(credit.caption, credit.credit, credit.copyright),
    ]


def _round(number: float) -> float:
    """No more digits than are known."""
    return float(f"{number:.3g}")


def make_safe(cell: str | float) -> str | float:
    """The cell, as no spreadsheet takes it for a formula."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA):
        return f"'{cell}"
    return cell
