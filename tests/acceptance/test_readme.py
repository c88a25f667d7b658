"""The examples of the README, run as they stand, with stand-ins for the models."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from mien.cli.main import main
from mien.testing import FakeModels, draw_photo

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
SHORTENED = "5f0c…"


def example(name: str) -> str:
    """The code block after a marker."""
    found = re.search(rf"<!-- example: {name} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found.group(1)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MIEN_HOME", str(tmp_path / "own"))
    monkeypatch.setattr("mien.library.InstalledModels", lambda *_, **__: FakeModels())
    (tmp_path / "Pictures").mkdir()
    for seed in range(3):
        (tmp_path / "Pictures" / f"{seed}.png").write_bytes(draw_photo(7, seed=seed))
    (tmp_path / "me.jpg").write_bytes(draw_photo(7, seed=99))


def test_the_commands_of_the_readme_do_what_it_says(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    commands = [line[2:] for line in example("cli").splitlines() if line.startswith("$ ")]
    grant_id = ""
    for command in commands:
        words = shlex.split(command.replace(SHORTENED, grant_id))
        assert words[0] == "mien"
        assert main(words[1:]) == 0
        shown = capsys.readouterr().out
        if "grant add" in command:
            grant_id = shown.split()[-1]
        if command.startswith("mien search"):
            assert shown.count("file://") == 3
    assert (tmp_path / "result.html").is_file()
    assert main(["search", "me.jpg", "--purpose", "family-album"]) == 3


def test_the_python_example_of_the_readme_prints_every_photo(
    capsys: pytest.CaptureFixture[str],
) -> None:
    exec(compile(example("python"), "README.md", "exec"), {})  # noqa: S102  (our own README)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2", "3"]
    assert all("/Pictures/" in line for line in lines)
