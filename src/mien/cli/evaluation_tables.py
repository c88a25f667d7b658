"""A report of an evaluation, for a person at a terminal.

Nothing is printed that the data do not carry: the table says so in its place, and why.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from mien.cli.output import out
from mien.service.evaluate import Figure, Judgement, Report, Standing

_MARKS = {Standing.WEAK: " weak", Standing.EXTRAPOLATED: " extrapolated"}


def print_report(report: Report) -> None:
    """What was judged, and each group of figures as a table of its own."""
    out.print(
        f"{report.title}: {report.photos:,} photos, {report.faces:,} faces of {report.people:,} "
        f"people, judged with {report.model} in {report.seconds:.0f} s."
    )
    out.print(_tabulate_finding(report))
    for judgement in report.judgements:
        out.print(Text(f"\nScore: {judgement.score}", style="bold"))
        for table in _iter_tables(judgement):
            out.print(table)
    for note in report.notes:
        out.print(f"· {note}", soft_wrap=True)
    out.print(
        f"Intervals are 95 %, of {report.replicates:,} draws of the people (seed {report.seed}). "
        "weak: rests on fewer than 30 errors.",
        soft_wrap=True,
    )


def show_figure(figure: Figure, *, digits: int = 4) -> Text:
    """The number with its interval and a mark where it is weak, or why there is none."""
    if figure.value is None:
        return Text(f"not carried: {figure.note}", style="dim")
    text = Text(f"{figure.value:.{digits}f}")
    if figure.low is not None and figure.high is not None:
        text.append(f"  [{figure.low:.{digits}f}, {figure.high:.{digits}f}]")
    text.append(_MARKS.get(figure.standing, ""), style="yellow")
    if figure.note:
        text.append(f" ({figure.note})", style="dim")
    return text


def _iter_tables(judgement: Judgement) -> Iterator[Table]:
    yield _tabulate_verification(judgement)
    if judgement.halves:
        yield _tabulate_halves(judgement)
    if judgement.identification is not None:
        yield _tabulate_identification(judgement)


def _tabulate_finding(report: Report) -> Table:
    table = Table("Finding faces", "Share", title_justify="left")
    acquisition = report.acquisition
    table.add_row(
        f"no face in {acquisition.faceless:,} of {acquisition.photos:,} photos",
        show_figure(acquisition.share),
    )
    if report.detection is not None:
        found = report.detection
        table.add_row(
            f"{found.found:,} of {found.found + found.missed:,} faces found",
            show_figure(found.recall),
        )
        table.add_row(
            f"{found.false:,} of {found.found + found.false:,} detections false: precision",
            show_figure(found.precision),
        )
    return table


def _tabulate_verification(judgement: Judgement) -> Table:
    found = judgement.verification
    table = Table("FMR", "Score from", "True match rate", title_justify="left")
    table.title = (
        f"Verification: {found.mated_pairs:,} pairs of {found.mated_people:,} people, "
        f"{found.stranger_pairs:,} pairs of strangers"
    )
    for point in found.points:
        threshold = "" if point.threshold is None else f"{point.threshold:.4f}"
        table.add_row(f"{point.fmr:g}", threshold, show_figure(point.tmr))
    return table


def _tabulate_halves(judgement: Judgement) -> Table:
    table = Table("FMR", "True match rate", title_justify="left")
    table.title = "Mean over seeded halves of the people"
    for point in judgement.halves:
        table.add_row(f"{point.fmr:g}", show_figure(point.tmr))
    return table


def _tabulate_identification(judgement: Judgement) -> Table:
    table = Table("People enrolled", "At", "Share", title_justify="left")
    table.title = "Identification: rank 1, and searches that miss (FNIR) at false alarms (FPIR)"
    for size in judgement.identification.sizes if judgement.identification else ():
        table.add_row(f"{size.gallery:,}", "rank 1", show_figure(size.rank_one))
        for point in size.points:
            table.add_row("", f"FPIR {point.fpir:g}", show_figure(point.fnir))
    return table
