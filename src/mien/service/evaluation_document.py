"""A report as a document for people to read: words, tables and, for a page, plots.

It says only what stands in the report, so it can be made again from a saved one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mien.errors import SettingsError
from mien.evaluation.acquisition import Detection
from mien.evaluation.calibration import Calibration
from mien.evaluation.differentials import Differentials
from mien.evaluation.discard import Discard
from mien.evaluation.figures import Figure
from mien.evaluation.fusion import FusedPhotos
from mien.evaluation.halves import HalvesPoint
from mien.evaluation.identification import Identification
from mien.evaluation.labels import Suspicions
from mien.evaluation.report import Judgement, Kind, Report
from mien.evaluation.tail import FmrCurve
from mien.evaluation.verification import Verification
from mien.pages.document import (
    Block,
    Document,
    Drawing,
    Items,
    Section,
    Table,
    render_html,
)
from mien.pages.plots import Plot, draw_plot
from mien.service import evaluation_plots as plots
from mien.service.evaluation_words import show_interval, show_rate, show_value, tabulate

Draw = Callable[[Plot, str], Sequence[Block]]

_READING = (
    "Every figure has an interval of 95 %, from drawing the people again {replicates:,} times "
    "(seed {seed}). Weak: it rests on fewer than 30 errors. Not carried: not even one error is to "
    "be expected in so few pairs, so no figure is given. Intervals cover chance; they say nothing "
    "of people or cameras that are not in the set."
)
_CLLR = (
    "Cllr is the price in bits of acting on them: 0 is perfect, 1 says nothing. The calibration "
    "error compares what was said at even odds with what was so."
)
_WORST = "The worst of several groups looks worse than it is where groups are small."
_HALVES = (
    "The people are parted in two at random ten times, and the mean over all halves is taken: a "
    "figure that hangs less on which people meet. Each threshold is that of its half."
)
_FUSION = (
    "A person enrolled with several photos, compared with every other photo. Each way has a "
    "threshold of its own at the same false match rate. A gain whose interval holds 0 is none."
)


def make_document(report: Report, *, has_plots: bool) -> Document:
    """Raises `ModuleNotFoundError` where plots are asked for without matplotlib."""
    draw = _draw if has_plots else _leave_out
    sections = [Section("Finding faces", tuple(_tell_finding(report)))]
    for judgement in report.judgements:
        for title, blocks in _iter_parts(judgement, draw=draw):
            named = title if len(report.judgements) == 1 else f"{title} ({judgement.score} score)"
            sections.append(Section(named, tuple(blocks)))
    if report.suspicions is not None:
        sections.append(Section("Suspect labels", tuple(_tell_suspicions(report.suspicions))))
    sections.append(Section("What the figures leave out", tuple(_tell_notes(report))))
    kind = "pairs of " if report.kind is Kind.PAIRS else ""
    lead = (
        f"{report.faces:,} faces of {report.people:,} people in {kind}{report.photos:,} photos, "
        f"judged with {report.model}."
    )
    return Document(f"How well people are told apart: {report.title}", lead, tuple(sections))


def write_page(path: Path, report: Report) -> None:
    """The document with its plots, as a page. Raises `SettingsError` where it cannot be written."""
    document = make_document(report, has_plots=True)
    try:
        path.write_text(render_html(document, colophon=make_colophon(report)), encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"The page {path} cannot be written: {error.strerror}.") from error


def make_colophon(report: Report) -> str:
    """Where the document comes from."""
    return (
        f"Made by mien evaluate at {report.made_at} in "
        f"{report.seconds:.0f} s. Model {report.model}, digest {report.model_digest[:16]}…"
    )


def _draw(plot: Plot, caption: str) -> Sequence[Block]:
    return [Drawing(draw_plot(plot), caption)]


def _leave_out(_: Plot, __: str) -> Sequence[Block]:
    return []


def _iter_parts(judgement: Judgement, *, draw: Draw) -> Iterator[tuple[str, list[Block]]]:
    yield "Verification", list(_tell_verification(judgement, draw=draw))
    if judgement.halves:
        yield "Mean over halves", _tell_halves(judgement.halves)
    if judgement.identification is not None and judgement.identification.sizes:
        yield "Identification", list(_tell_identification(judgement.identification, draw=draw))
    if judgement.fmr_curve is not None:
        yield "How rare a score is", list(_tell_rarity(judgement.fmr_curve, draw=draw))
    if judgement.calibration is not None:
        yield "Calibration", list(_tell_calibration(judgement.calibration, draw=draw))
    if judgement.card_calibration is not None:
        told = _tell_calibration(judgement.card_calibration, draw=draw)
        yield "Calibration of the model's card", list(told)
    for found in judgement.differentials:
        title = f"Groups by {found.attribute.replace('_', ' ')}"
        yield title, list(_tell_groups(found, draw=draw))
    if judgement.discard:
        yield "Quality and misses", list(_tell_discard(judgement.discard, draw=draw))
    if judgement.fusion:
        yield "Several photos of a person", _tell_fusion(judgement.fusion)


def _tell_finding(report: Report) -> Iterator[Block]:
    found = report.acquisition
    yield (
        f"{found.faceless:,} of {found.photos:,} photos gave no face to compare, of which "
        f"{found.unreadable:,} could not be read: a share of {show_value(found.share)} "
        f"({show_interval(found.share)})."
    )
    if report.detection is not None:
        yield _tabulate_detection(report.detection)


def _tabulate_detection(found: Detection) -> Table:
    rows: list[tuple[Sequence[str], Figure]] = [
        ((f"faces found: {found.found:,} of {found.found + found.missed:,}",), found.recall),
        ((f"detections that are faces; {found.false:,} are none",), found.precision),
    ]
    rows += [
        ((f"found, from {row.from_px} pixels: {row.faces:,} faces",), row.recall)
        for row in found.by_size
    ]
    return tabulate(["what", "share"], rows)


def _tell_verification(judgement: Judgement, *, draw: Draw) -> Iterator[Block]:
    found: Verification = judgement.verification
    yield (
        f"{found.mated_pairs:,} pairs of one person ({found.mated_people:,} people have one) and "
        f"{found.stranger_pairs:,} pairs of different people. A pair matches from the score on "
        "that so many pairs of different people reach."
    )
    yield tabulate(
        ["false match rate", "score from", "true match rate"],
        [
            (
                (show_rate(p.fmr), "" if p.threshold is None else f"{p.threshold:.4f}"),
                p.tmr,
            )
            for p in found.points
        ],
    )
    if any(point.fnmr > 0 for point in found.curve):
        yield from draw(
            plots.plot_errors(found),
            "Detection error trade-off, with its 95 % band; dashed below 30 false matches.",
        )
    yield from draw(
        plots.plot_scores(judgement.histogram),
        "How scores are spread, each kind of pair to 100 %.",
    )


def _tell_halves(halves: Sequence[HalvesPoint]) -> list[Block]:
    rows = [((show_rate(point.fmr),), point.tmr) for point in halves]
    return [
        _HALVES,
        tabulate(["false match rate", "true match rate"], rows),
    ]


def _tell_identification(found: Identification, *, draw: Draw) -> Iterator[Block]:
    yield (
        f"Mean over {found.splits} random enrolments. One photo of each person enrolled is in the "
        "gallery; all their other photos are searched, and all photos of people who are not. A "
        "search misses where the right person is not first, or not above the threshold."
    )
    rows: list[tuple[Sequence[str], Figure]] = []
    for size in found.sizes:
        rows.append(((f"{size.gallery:,}", "right one first"), size.rank_one))
        rows += [
            ((f"{size.gallery:,}", f"missed, at {p.fpir:g} false alarms a search"), p.fnir)
            for p in size.points
        ]
    yield tabulate(["people enrolled", "what", "share"], rows)
    if any(point.fnir.value is not None for size in found.sizes for point in size.points):
        yield from draw(
            plots.plot_searches(found),
            "Missed searches against false alarms; lower is better, larger galleries are harder.",
        )


def _tell_rarity(curve: FmrCurve, *, draw: Draw) -> Iterator[Block]:
    yield (
        f"The share of strangers who reach a score, from {curve.pairs:,} pairs of {curve.people:,} "
        f"people. From {curve.extrapolates_from:.4f} on, fewer than 30 pairs were seen and the "
        "curve is extrapolated: a generalised Pareto distribution of shape "
        f"{curve.tail.shape:.3f}, fitted to the {curve.tail.exceedances:,} highest scores."
    )
    yield from draw(
        plots.plot_rarity(curve),
        "How rare a score is among strangers, with its 95 % band; dashed where extrapolated.",
    )


def _tell_calibration(found: Calibration, *, draw: Draw) -> Iterator[Block]:
    fitted = f"fitted on other people ({found.folds} folds)" if found.folds else "in the card"
    yield (
        f"Likelihood ratios of {found.mated_pairs:,} pairs of one person and "
        f"{found.stranger_pairs:,} of two, each by a curve that was {fitted}. {_CLLR}"
    )
    yield tabulate(
        ["what", "value"],
        [
            (("Cllr",), found.cllr),
            (("Cllr-min, after the best recalibration",), found.cllr_min),
            (("lost by calibration",), found.cllr_loss),
            (("calibration error, ten bins of equal mass",), found.ece),
        ],
    )
    yield from draw(
        plots.plot_reliability(found), "What was said, and what was so; on the line is perfect."
    )
    yield from draw(
        plots.plot_tippett(found), "Tippett plot: the shares of pairs above a likelihood ratio."
    )


def _tell_groups(found: Differentials, *, draw: Draw) -> Iterator[Block]:
    yield (
        f"All at one threshold, {found.threshold:.4f}: over everybody, {show_rate(found.fmr)} "
        f"pairs of different people match. {_WORST}"
    )
    rows: list[tuple[Sequence[str], Figure]] = []
    small = []
    for group in found.groups:
        name = f"{group.group} ({group.people:,})"
        if group.fmr.value is None and group.fnmr.value is None:
            small.append(name)
        else:
            rows += [((name, "false matches"), group.fmr), ((name, "misses"), group.fnmr)]
    if small:
        yield f"Too few to say anything of: {', '.join(small)}."
    rows += [
        (("worst over best", "false matches"), found.fmr_max_min),
        (("worst over geometric mean", "false matches"), found.fmr_max_mean),
        (("worst over best", "misses"), found.fnmr_max_min),
    ]
    yield tabulate(["group (people)", "what", "rate"], rows)
    carried = [one for one in found.across if one.fmr.value is not None]
    if carried:
        yield tabulate(
            ["between", "pairs", "false match rate"],
            [((f"{o.one} and {o.other}", f"{o.stranger_pairs:,}"), o.fmr) for o in carried],
        )
    if any(group.fmr.value is not None for group in found.groups):
        yield from draw(
            plots.plot_groups(found),
            "False matches within each group, with their intervals; dashed: over everybody.",
        )


def _tell_discard(measures: Sequence[Discard], *, draw: Draw) -> Iterator[Block]:
    yield (
        f"At a false match rate of {show_rate(measures[0].fmr)}: how misses change when the "
        "poorest photos are left out. The area is the mean over the first fifth of discards, over "
        "the misses without any; below 1 the measure helps."
    )
    yield tabulate(["measure", "area"], [((one.quality,), one.area) for one in measures])
    yield from draw(plots.plot_discard(measures), "Misses among the pairs that are left.")


def _tell_fusion(found: Sequence[FusedPhotos]) -> list[Block]:
    rows: list[tuple[Sequence[str], Figure]] = []
    for one in found:
        head = f"{one.photos} of {one.people:,} people, {show_rate(one.fmr)}"
        for rate in one.rates:
            name = rate.fusion.replace("-", " ")
            rows.append(((head, f"{name}: true match rate"), rate.tmr))
            if rate.gain.value:
                rows.append(((head, f"{name}: gain over one photo"), rate.gain))
    return [
        _FUSION,
        tabulate(["photos enrolled, false match rate", "what", "share"], rows),
    ]


def _tell_suspicions(found: Suspicions) -> Iterator[Block]:
    if not found.photo_count and not found.double_count:
        yield "None."
        return
    yield (
        f"{found.photo_count:,} photos and {found.double_count:,} pairs of names look wrong. They "
        "were left as they are; only a person can tell."
    )
    texts = [
        f"{one.photo} as {one.person} ({one.own_score:.3f}): like "
        + (f"{one.other} ({one.other_score:.3f})" if one.other else "nobody here")
        for one in found.photos
    ]
    texts += [f"{one.one} and {one.other} look like one ({one.score:.3f})" for one in found.doubles]
    yield Items(tuple(texts))


def _tell_notes(report: Report) -> Iterator[Block]:
    yield Items(report.notes)
    yield _READING.format(replicates=report.replicates, seed=report.seed)
