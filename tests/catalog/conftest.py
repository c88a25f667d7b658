"""A fresh catalog, and a transaction on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from catalog.samples import open_catalog, undone
from mien.catalog.connect import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_catalog(tmp_path) as opened:
        yield opened


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.writing() as opened:
        yield opened


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A catalog that stays empty: whoever uses it leaves nothing there."""
    with open_catalog(tmp_path_factory.mktemp("standing")) as opened:
        yield opened


@pytest.fixture
def trial(standing: Database) -> Iterator[Connection]:
    """A transaction on it, of which nothing stays."""
    with undone(standing) as opened:
        yield opened
