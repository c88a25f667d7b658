"""What of a report is drawn, and over which axes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from mien.evaluation.calibration import Calibration
from mien.evaluation.differentials import Differentials
from mien.evaluation.discard import Discard
from mien.evaluation.figures import Figure, Standing
from mien.evaluation.identification import Identification
from mien.evaluation.tail import FmrCurve, Knot
from mien.evaluation.trials import Histogram
from mien.evaluation.verification import CurvePoint, Verification
from mien.pages.plots import Line, Plot, Points


def plot_scores(histogram: Histogram) -> Plot:
    """How scores of one person and of strangers are spread."""
    middles = [(one + other) / 2 for one, other in pairwise(histogram.edges)]
    grouped = 4
    x = middles[::grouped]

    def group(shares: Sequence[float]) -> list[float]:
        starts = range(0, len(shares), grouped)
        return [100 * sum(shares[start : start + grouped]) for start in starts]

    return Plot(
        "score",
        "share of pairs, %",
        [
            Line("different people", x, group(histogram.strangers), is_filled=True, colour=1),
            Line("one person", x, group(histogram.mated), is_filled=True, colour=0),
        ],
    )


def plot_errors(verification: Verification) -> Plot:
    """The detection error trade-off, with its band; dashed below 30 false matches."""
    carried = [p for p in verification.curve if p.standing is Standing.CARRIED]
    weak = [p for p in verification.curve if p.standing is Standing.WEAK]
    return Plot(
        "false match rate",
        "false non-match rate",
        [
            _band("30 false matches or more", carried),
            _band("fewer", [*carried[-1:], *weak], is_dashed=True),
        ],
        x_is_log=True,
        y_is_log=True,
    )


def plot_rarity(curve: FmrCurve) -> Plot:
    """From scores to false match rates; dashed where it is extrapolated."""
    counted = [knot for knot in curve.knots if knot.score <= curve.extrapolates_from]
    beyond = [knot for knot in curve.knots if knot.score >= curve.extrapolates_from]
    return Plot(
        "score",
        "share of strangers who reach it",
        [
            _rarity("counted", counted),
            _rarity("extrapolated", beyond, is_dashed=True),
        ],
        y_is_log=True,
    )


def plot_searches(identification: Identification) -> Plot:
    """Missed searches against false alarms, by size of the gallery."""
    parts = []
    for number, size in enumerate(identification.sizes):
        known = [point for point in size.points if point.fnir.value is not None]
        parts.append(
            Points(
                f"{size.gallery:,} people enrolled",
                [point.fpir * 1.06**number for point in known],
                [_value(point.fnir) for point in known],
                [_low(point.fnir) for point in known],
                [_high(point.fnir) for point in known],
                colour=number,
            )
        )
    return Plot(
        "searches for nobody that raise an alarm (FPIR)",
        "searches that miss (FNIR)",
        parts,
        x_is_log=True,
    )


def plot_discard(measures: Sequence[Discard]) -> Plot:
    """Misses among those left, by the share of photos left out."""
    lines = []
    for number, measure in enumerate(measures):
        known = [point for point in measure.points if point.fnmr.value is not None]
        lines.append(
            Line(
                measure.quality,
                [100 * point.discarded for point in known],
                [100 * _value(point.fnmr) for point in known],
                [100 * _low(point.fnmr) for point in known],
                [100 * _high(point.fnmr) for point in known],
                colour=number,
            )
        )
    return Plot("photos left out, %", "pairs of one person missed, %", lines)


def plot_groups(found: Differentials) -> Plot:
    """False matches within each group that carries a figure, and over everybody."""
    known = [group for group in found.groups if group.fmr.value is not None]
    low = [max(_low(group.fmr), found.fmr / 100) for group in known]
    # On a logarithmic axis a rate of nothing has no place; its upper bound has.
    values = [max(_value(group.fmr), found.fmr / 100) for group in known]
    points = Points("", range(len(known)), values, low, [_high(group.fmr) for group in known])
    common = Line("everybody", [found.fmr] * 2, [-0.5, len(known) - 0.5], is_dashed=True, colour=1)
    return Plot(
        "false match rate within the group",
        "",
        [points, common],
        x_is_log=True,
        names=[f"{group.group} ({group.people})" for group in known],
    )


def plot_reliability(calibration: Calibration) -> Plot:
    """What was said at even odds against what was so."""
    bins = calibration.bins
    return Plot(
        "probability that was said",
        "share that was so",
        [
            Line("perfect", [0, 1], [0, 1], is_dashed=True, colour=1),
            Points(
                "ten bins of equal mass",
                [one.said for one in bins],
                [one.was_so for one in bins],
                [one.was_so if one.low is None else one.low for one in bins],
                [one.was_so if one.high is None else one.high for one in bins],
            ),
        ],
    )


def plot_tippett(calibration: Calibration) -> Plot:
    """The shares of pairs whose likelihood ratio is above each value."""
    x = [point.log10_ratio for point in calibration.tippett]
    return Plot(
        "likelihood ratio, power of ten",
        "pairs above it, %",
        [
            Line("one person", x, [100 * point.mated for point in calibration.tippett]),
            Line(
                "different people",
                x,
                [100 * point.strangers for point in calibration.tippett],
                colour=1,
            ),
        ],
    )


def _band(label: str, points: Sequence[CurvePoint], *, is_dashed: bool = False) -> Line:
    """Without points that no pair was missed at, which a logarithm has no place for."""
    seen = [point for point in points if point.fnmr > 0]
    return Line(
        label,
        [point.fmr for point in seen],
        [point.fnmr for point in seen],
        [point.low or point.fnmr / 10 for point in seen],
        [point.high or point.fnmr for point in seen],
        is_dashed=is_dashed,
    )


def _rarity(label: str, knots: Sequence[Knot], *, is_dashed: bool = False) -> Line:
    return Line(
        label,
        [knot.score for knot in knots],
        [10**knot.log10_fmr for knot in knots],
        [10**knot.low for knot in knots],
        [10**knot.high for knot in knots],
        is_dashed=is_dashed,
        colour=1 if is_dashed else 0,
    )


def _value(figure: Figure) -> float:
    return figure.value or 0.0


def _low(figure: Figure) -> float:
    return _value(figure) if figure.low is None else figure.low


def _high(figure: Figure) -> float:
    return _value(figure) if figure.high is None else figure.high
