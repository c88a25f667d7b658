"""No demand is forgotten: each has tests or a reason, and the table says neither more nor less."""

from __future__ import annotations

from pathlib import Path

import pytest

from house.rights import (
    FOLDER,
    NAME,
    find_faults,
    find_tests,
    iter_test_names,
    rights_table,
    state_of,
)
from house.source import ROOT
from rights.demands import DEMANDS, Demand, Wait

HERE = Path(__file__)
HELD = Demand("Held.", "all")
WAITING = Demand("Waiting.", "all", waits_for=Wait.SERVER)
PARTLY = Demand("Partly.", "all", waits_for=Wait.SERVER, is_held_in_part=True)


def test_all_28_demands_are_in_the_table_in_order() -> None:
    assert list(DEMANDS) == list(range(1, 29))


def test_every_demand_has_tests_or_a_stated_reason() -> None:
    assert find_faults(DEMANDS, find_tests()) == []


def test_every_test_in_the_folder_belongs_to_a_demand() -> None:
    strays = [
        f"{path.name}: {name}"
        for path in sorted(FOLDER.glob("test_*.py"))
        for name in iter_test_names(path.read_text(encoding="utf-8"))
        if not NAME.fullmatch(name)
    ]
    assert strays == [], "name it test_rN_..., or move it out of tests/rights"


def test_no_test_of_a_demand_lives_elsewhere() -> None:
    strays = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if FOLDER not in path.parents
        for name in iter_test_names(path.read_text(encoding="utf-8"))
        if NAME.fullmatch(name)
    ]
    assert strays == [], "move it to tests/rights, where docs/rights.md finds it"


@pytest.mark.parametrize("demand", DEMANDS.values(), ids=[f"R{number}" for number in DEMANDS])
def test_a_demand_is_a_sentence_without_what_a_table_would_read(demand: Demand) -> None:
    assert demand.text.endswith(".")
    assert not set("|<>\n`") & set(demand.text + demand.asked_by)


@pytest.mark.parametrize(
    ("demand", "has_tests", "fault"),
    [
        (HELD, True, ""),
        (HELD, False, "R1: neither a test nor a reason"),
        (WAITING, False, ""),
        (WAITING, True, "R1: it waits though there are tests"),
        (PARTLY, True, ""),
        (PARTLY, False, "R1: held in part needs tests"),
        (Demand("x.", "y", is_held_in_part=True), True, "R1: held in part needs tests"),
    ],
)
def test_what_is_forgotten_or_wrong_is_found(
    demand: Demand, *, has_tests: bool, fault: str
) -> None:
    tests = {1: [(HERE, "test_r1_x")]} if has_tests else {}
    faults = find_faults({1: demand}, tests)
    assert [each.startswith(fault) for each in faults] == ([True] if fault else [])


def test_a_test_of_an_unknown_demand_is_found() -> None:
    faults = find_faults({1: HELD}, {1: [(HERE, "test_r1_x")], 99: [(HERE, "test_r99_x")]})
    assert faults == ["R99: tests for a demand that nobody made"]


@pytest.mark.parametrize(
    ("demand", "has_tests", "state"),
    [
        (HELD, True, "held"),
        (HELD, False, "missing"),
        (WAITING, False, "waits for the server"),
        (PARTLY, True, "held in part; the rest waits for the server"),
    ],
)
def test_the_state_is_what_tests_and_reason_say(
    demand: Demand, *, has_tests: bool, state: str
) -> None:
    assert state_of(demand, has_tests=has_tests) == state


def test_a_row_names_file_and_tests() -> None:
    path = FOLDER / "test_erasure.py"
    table = rights_table({5: HELD}, {5: [(path, "test_r5_one"), (path, "test_r5_two")]})
    assert table.splitlines()[2] == (
        "| R5 | Held. | all | held | [test_erasure.py](../tests/rights/test_erasure.py)"
        "<br>`test_r5_one`<br>`test_r5_two` |"
    )


def test_tests_are_found_by_name_alone_wherever_they_stand() -> None:
    source = (
        "def test_r3_top(): ...\nclass TestMore:\n  def test_r4_inner(self): ...\n"
        "async def test_r5_later(): ...\ndef helper_r6_x(): ...\n"
    )
    assert sorted(iter_test_names(source)) == ["test_r3_top", "test_r4_inner", "test_r5_later"]
    assert NAME.fullmatch("test_r12_x")
    for name in ("test_r_x", "test_r0_x", "test_r12", "test_r12x", "test_rights_of_x"):
        assert not NAME.fullmatch(name)


def test_finding_tests_imports_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "test_heavy.py").write_text("import nowhere\ndef test_r7_x(): ...\n")
    assert find_tests(tmp_path) == {7: [(tmp_path / "test_heavy.py", "test_r7_x")]}
