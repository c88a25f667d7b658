"""The SQL that is really sent is the SQL that was reviewed.

After a wanted change: `PYTHONPATH=src:tests python -m catalog.statements`, and read the diff.
"""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

from catalog.statements import CALLS, FOLDER, record_all


@pytest.fixture(scope="module")
def recorded() -> dict[str, str]:
    return record_all()


@pytest.mark.parametrize("module", CALLS)
def test_the_sql_is_the_committed_one(recorded: dict[str, str], module: str) -> None:
    committed = (FOLDER / f"{module}.sql").read_text(encoding="utf-8")
    assert recorded[module] == committed, "read the change, then write it with catalog.statements"


def test_there_is_a_file_for_each_module_and_no_other() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(f"{m}.sql" for m in CALLS)


@pytest.mark.parametrize("module", CALLS)
def test_every_function_that_takes_a_connection_is_recorded(module: str) -> None:
    found = importlib.import_module(f"mien.catalog.{module}")
    functions = {
        name
        for name, function in inspect.getmembers(found, inspect.isfunction)
        if function.__module__ == found.__name__
        and not name.startswith("_")
        and "connection" in inspect.signature(function).parameters
    }
    assert functions == set(CALLS[module]), "call it once in catalog.statements"


def test_no_value_stands_in_the_sql(recorded: dict[str, str]) -> None:
    """Values travel beside a statement; what a file is called can then never be run."""
    for text in recorded.values():
        literals = set(re.findall(r"'[^']*'", text))
        # The pattern of a prefix, and how it is escaped.
        assert literals <= {"'%'", "'/'"}


def test_every_query_for_a_person_to_see_asks_for_grants_and_state(
    recorded: dict[str, str],
) -> None:
    queries = re.findall(r"-- \w*visible\w*\n(.*?;)", recorded["faces"], re.DOTALL)
    pages = r"-- find_(?:by_place|newest|visible_photo)\n(.*?;)"
    queries += re.findall(pages, recorded["browse"], re.DOTALL)
    assert len(queries) == 5
    for query in queries:
        assert re.search(r"(faces|photos)\.collection_id( \+ \?)? = \?", query)
        assert "locations.state = ?" in query
        assert "locations.grant_id + ? IN (?)" in query
        assert "locations.added_at > ?" in query
