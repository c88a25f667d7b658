"""`mien demo FOLDER` in this process, with stand-ins for the models: what it says and leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mien.cli import demo
from mien.cli.main import main
from mien.testing import FakeModels, draw_photo


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mien.library.InstalledModels", lambda *_, **__: FakeModels())
    monkeypatch.setattr(demo, "_pull_models", lambda _: None)
    pictures = tmp_path / "Pictures"
    pictures.mkdir()
    (pictures / "0-notes.txt").write_text("no photo")
    (pictures / "1-nobody.png").write_bytes(draw_photo())
    for seed in range(4):
        (pictures / f"2-{seed}.png").write_bytes(draw_photo(9, seed=seed))
    return pictures


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code = main(["demo", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_it_searches_with_the_first_photo_that_shows_a_face(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    code, document = run(capsys, str(folder))
    assert code == 0
    assert document["added"]["photos_new"] == 5
    assert document["probe_path"].endswith("2-0.png")
    assert len(document["candidates"]) == 4


def test_it_says_whose_word_it_takes_for_a_folder_of_ones_own(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert main(["demo", str(folder), "--json"]) == 0
    assert "By going on you say that you may search" in capsys.readouterr().err


def test_a_second_time_uses_the_same_grant(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    _, first = run(capsys, str(folder))
    _, second = run(capsys, str(folder))
    assert first["grant_id"] == second["grant_id"]
    assert second["added"]["photos_new"] == 0


def test_all_it_makes_lies_in_one_folder(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    run(capsys, str(folder))
    made = {path.name for path in tmp_path.iterdir()} - {"Pictures", "user"}
    assert made == {"mien-demo"}
    page = (tmp_path / "mien-demo" / "result.html").read_text(encoding="utf-8")
    assert page.count("<li>") == 4


def test_a_folder_without_faces_ends_with_its_own_code(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "nobody.png").write_bytes(draw_photo())
    assert main(["demo", str(tmp_path / "empty")]) == 4
    assert "No photo there shows a face." in capsys.readouterr().err
