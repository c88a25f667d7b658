"""Which demands are held, by which tests: read from the names of tests, without running any."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from house.source import ROOT, FunctionNode
from rights.demands import DEMANDS, Demand

FOLDER = ROOT / "tests" / "rights"
NAME = re.compile(r"test_r([1-9]\d*)_\w+")

Tests = Mapping[int, Sequence[tuple[Path, str]]]


def find_tests(folder: Path = FOLDER) -> Tests:
    """Tests by the number of the demand that they hold, each with its file."""
    found: dict[int, list[tuple[Path, str]]] = {}
    for path in sorted(folder.glob("test_*.py")):
        for name in iter_test_names(path.read_text(encoding="utf-8")):
            match = NAME.fullmatch(name)
            if match:
                found.setdefault(int(match[1]), []).append((path, name))
    return found


def iter_test_names(source: str) -> Iterable[str]:
    """Functions that pytest would collect from a module, those of its classes too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, FunctionNode) and node.name.startswith("test_"):
            yield node.name


def rights_table(demands: Mapping[int, Demand] = DEMANDS, tests: Tests | None = None) -> str:
    """Every demand with its tests and its state."""
    found = find_tests() if tests is None else tests
    rows = [_row(number, demand, found.get(number, ())) for number, demand in demands.items()]
    head = "| demand | what is asked | by whom | state | tests |"
    return "\n".join([head, "| --- | --- | --- | --- | --- |", *rows])


def find_faults(demands: Mapping[int, Demand], tests: Tests) -> list[str]:
    """Demands that the table would tell a lie about, or nothing."""
    faults = [
        f"R{number}: tests for a demand that nobody made" for number in tests.keys() - demands
    ]
    for number, demand in demands.items():
        has_tests = bool(tests.get(number))
        if not has_tests and demand.waits_for is None:
            faults.append(f"R{number}: neither a test nor a reason why there is none")
        if has_tests and demand.waits_for is not None and not demand.is_held_in_part:
            faults.append(f"R{number}: it waits though there are tests; is it held in part?")
        if demand.is_held_in_part and not (has_tests and demand.waits_for):
            faults.append(f"R{number}: held in part needs tests, and something to wait for")
    return faults


def state_of(demand: Demand, *, has_tests: bool) -> str:
    if demand.waits_for is None:
        return "held" if has_tests else "missing"
    waits = f"waits for {demand.waits_for}"
    return f"held in part; the rest {waits}" if has_tests else waits


def _row(number: int, demand: Demand, tests: Sequence[tuple[Path, str]]) -> str:
    by_file: dict[Path, list[str]] = {}
    for path, name in tests:
        by_file.setdefault(path, []).append(name)
    links = [_link(path, names) for path, names in by_file.items()]
    state = state_of(demand, has_tests=bool(tests))
    cells = (f"R{number}", demand.text, demand.asked_by, state, "<br>".join(links))
    return f"| {' | '.join(cells)} |"


def _link(path: Path, names: Sequence[str]) -> str:
    shown = "<br>".join(f"`{name}`" for name in names)
    return f"[{path.name}](../{path.relative_to(ROOT).as_posix()})<br>{shown}"
