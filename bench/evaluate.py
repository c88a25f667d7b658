"""`mien evaluate` on the photos that the tests use too: how good the models are.

With `--save` the reports enter docs/accuracy, without the names of photos and people;
docs/accuracy.md and the README's figures are made from them (`scripts/docs`).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
import time
from pathlib import Path

from bench.card import with_levels_of_others
from bench.rows import make_row

from mien.evaluation.report import Report, describe_report
from mien.library import Library

NAME = "evaluate"
SETS = ("lfw-view1", "london")
REPORTS = Path(__file__).parents[1] / "docs" / "accuracy"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))


def run(arguments: argparse.Namespace) -> dict[str, object]:
    rows = []
    for name in SETS:
        began = time.monotonic()
        report = evaluate(arguments.data / name, is_of_the_card=name == "lfw-view1")
        took = time.monotonic() - began
        label = f"{name}: {report.photos:,} photos evaluated"
        rows.append(make_row(label, took, unit="s", at_most=180.0 if name == "lfw-view1" else None))
        if arguments.save:
            save(report)
    return {"rows": rows}


def evaluate(folder: Path, *, is_of_the_card: bool) -> Report:
    """The card's cohort was made of people of lfw-view1, who are judged by others' instead."""
    normalise = with_levels_of_others if is_of_the_card else None
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as home, Library(home) as library:
        return library.evaluation().of_photos(folder, normalise=normalise)


def save(report: Report) -> None:
    """Writes a report for the documentation, which names nobody."""
    found = report.suspicions
    nameless = found and dataclasses.replace(found, photos=(), doubles=())
    described = describe_report(dataclasses.replace(report, suspicions=nameless))
    REPORTS.mkdir(exist_ok=True)
    text = json.dumps(described, indent=1) + "\n"
    (REPORTS / f"{report.title}.json").write_text(text, encoding="utf-8")
