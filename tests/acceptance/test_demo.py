"""`mien demo` as a newcomer runs it: real weights, real packages, a real process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.real, pytest.mark.slow]

SECONDS = 600
SOURCE = Path(__file__).resolve().parents[2] / "src"


def run_demo(folder: Path, cache: Path, *words: str) -> Any:
    environment = {**os.environ, "MIEN_CACHE": str(cache), "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        [sys.executable, "-m", "mien", "demo", "--json", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("newcomer")


def test_the_demo_finds_every_photo_of_the_person_first(folder: Path, cache_folder: Path) -> None:
    document = run_demo(folder, cache_folder)
    names = [row["locations"][0]["uri"].rsplit("/", 1)[-1] for row in document["candidates"]]
    obama = {name for name in names if name.startswith("obama")} | {"32bit.png"}
    assert len(names) == 8
    assert set(names[: len(obama)]) == obama
    assert document["added"]["failed"] == []


def test_the_demo_shows_the_credit_that_the_files_carry(folder: Path, cache_folder: Path) -> None:
    document = run_demo(folder, cache_folder)
    shown = " ".join(row["credit"]["credit"] for row in document["candidates"])
    assert "Pete Souza" in shown


def test_the_page_stands_by_itself_and_suggests_no_endorsement(
    folder: Path, cache_folder: Path
) -> None:
    document = run_demo(folder, cache_folder)
    page = (folder / "mien-demo" / "result.html").read_text(encoding="utf-8")
    assert document["page"] == (folder / "mien-demo" / "result.html").resolve().as_uri()
    assert "nobody shown here endorses anything" in page
    assert "<script" not in page
    assert 'src="http' not in page


def test_a_second_demo_adds_nothing_twice(folder: Path, cache_folder: Path) -> None:
    document = run_demo(folder, cache_folder)
    assert document["added"]["photos_new"] == 0
    assert document["added"]["photos_known"] == 8
    assert len(document["candidates"]) == 8


def test_the_demo_takes_a_folder_of_ones_own(
    tmp_path: Path, cache_folder: Path, data_folder: Path
) -> None:
    document = run_demo(tmp_path, cache_folder, str(data_folder / "families"))
    assert document["added"]["photos_new"] == 24
    assert document["candidates"][0]["score"] == pytest.approx(1.0, abs=1e-3)
