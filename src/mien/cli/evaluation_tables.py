"""A report of an evaluation, for a person at a terminal: the page's words and tables.

Nothing is printed that the data do not carry: the table says so in its place, and why.
"""

from __future__ import annotations

from dataclasses import replace

from rich import box
from rich.table import Table as RichTable
from rich.text import Text

from mien.cli.output import out
from mien.pages.document import Block, Items, Table
from mien.service.evaluate import Report
from mien.service.evaluation_document import make_colophon, make_document


def print_report(report: Report) -> None:
    """Section by section, of the score that decides: the last one that was judged."""
    *others, decisive = report.judgements
    document = make_document(replace(report, judgements=(decisive,)), has_plots=False)
    out.print(Text(document.title, style="bold"))
    out.print(document.lead)
    if others:
        out.print(
            f"Told here of the {decisive.score} score, which decides; --report and --json have the "
            f"{' and the '.join(judgement.score for judgement in others)} too."
        )
    for section in document.sections:
        out.print(Text(f"\n{section.title}", style="bold"))
        for block in section.blocks:
            _print_block(block)
    out.print(Text(f"\n{make_colophon(report)}", style="dim"))


def _print_block(block: Block) -> None:
    if isinstance(block, Items):
        for text in block.texts:
            out.print(f"· {text}")
    elif isinstance(block, Table):
        out.print(_make_table(block) if block.rows else block.empty)
    elif isinstance(block, str):
        out.print(block)


def _make_table(block: Table) -> RichTable:
    """The last column, which says why, is dimmed."""
    table = RichTable(*block.columns[:-1], box=box.SIMPLE_HEAD)
    table.add_column(block.columns[-1], style="dim")
    for row in block.rows:
        table.add_row(*(Text(cell) for cell in row))
    return table
