"""Runs benches and prints a JSON document of each: what was measured, on which machine.

    PYTHONPATH=src python -m bench search --save
    PYTHONPATH=src python -m bench loading erasing --save
    PYTHONPATH=src python -m bench table --check

Benches that are named together share what takes long to make. `--save` also writes each
document to bench/results; `table` renders docs/benchmarks.md from all that lie there. Exit
code 1: a target was missed, or the page is out of date.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from bench.machine import describe_circumstances
from bench.table import PAGE, RESULTS, render_page

BENCHES = {
    "accuracy": "How well people are told apart",
    "adding": "Photos through `mien add`, against face_recognition",
    "cohort": "Score normalisation with a cohort of nobody: what it gains, and which cohort",
    "cost": "What keys, seals and the audit log cost `mien add`",
    "evaluate": "Evaluating labelled photos, statistics included",
    "erasing": "Erasing one person from a million faces",
    "detection": "Finding faces: small, filling the picture, turned, and where there are none",
    "embed": "One forward pass of the recogniser, against dlib",
    "loading": "Loading a million encrypted templates",
    "optout": "Opting out by face: what gets through, who is dropped by mistake, what it costs",
    "pace": "A photo end to end, against an earlier commit",
    "quality": "Quality of faces: what its value says, and what it costs",
    "rekognition": "Amazon's interface: searches beside Mien's own, and indexing by boto3",
    "serving": "Searches through the server: how long, how many, under load and for ever",
    "search": "Search in a million faces, against other engines",
}
"""Name of the module in this package, and what it measures."""


def main(words: Sequence[str]) -> int:
    names = [word for word in words if word in BENCHES]
    options = [word for word in words if word not in BENCHES]
    if not names:
        return _write_table(is_check=_parse(options).check)
    every = [_parse([name, *options]) for name in names]
    command = " ".join(["PYTHONPATH=src python -m bench", *words])
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as shared:
        return max(_measure(a, command=command, shared=Path(shared)) for a in every)


def _measure(arguments: argparse.Namespace, *, command: str, shared: Path) -> int:
    arguments.shared = shared
    measured = import_module(f"bench.{arguments.name}").run(arguments)
    document = {"name": arguments.name, "title": BENCHES[arguments.name], "command": command}
    document |= describe_circumstances() | measured
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    print(text, end="", flush=True)
    if arguments.save:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{arguments.name}.json").write_text(text, encoding="utf-8")
    return int(any(row["met"] is False for row in measured["rows"]))


def _parse(words: Sequence[str]) -> argparse.Namespace:
    """Only the bench that is named is imported: each needs libraries of its own."""
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="name", required=True)
    for name, title in BENCHES.items():
        command = commands.add_parser(name, help=title)
        command.add_argument("--save", action="store_true", help="write it to bench/results")
        if name in words:
            import_module(f"bench.{name}").add_arguments(command)
    table = commands.add_parser("table", help="Render docs/benchmarks.md")
    table.add_argument("--check", action="store_true", help="only say whether it is current")
    return parser.parse_args(words)


def _write_table(*, is_check: bool) -> int:
    paths = sorted(RESULTS.glob("*.json"))
    page = render_page([json.loads(path.read_text(encoding="utf-8")) for path in paths])
    if is_check:
        is_current = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page
        print("current" if is_current else "out of date: run `python -m bench table`")
        return int(not is_current)
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
