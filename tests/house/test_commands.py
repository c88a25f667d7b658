"""The README's two commands are what runs, here and elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from house.source import ROOT

SCRIPTS = sorted(path for path in (ROOT / "scripts").iterdir() if not path.suffix)
SHELL = [*SCRIPTS, ROOT / ".ci" / "run"]


@pytest.mark.parametrize("name", ["demo", "test"])
def test_the_readme_has_the_command_on_one_line(name: str) -> None:
    assert len(readme_commands(name)) == 1, f"one sh block of one line after <!-- {name} -->"


def test_ci_runs_the_test_command_of_the_readme() -> None:
    shown = subprocess.run(
        ["bash", ROOT / ".ci" / "run", "--show"], check=True, capture_output=True, text=True
    )
    assert shown.stdout.splitlines() == readme_commands("test")


@pytest.mark.parametrize("name", ["demo", "test"])
def test_the_commands_install_what_is_pinned(name: str) -> None:
    assert "--require-hashes -r requirements" in readme_commands(name)[0]


@pytest.mark.parametrize("script", SHELL, ids=lambda script: script.name)
def test_scripts_are_executable_and_parse(script: Path) -> None:
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n# ")
    subprocess.run(["bash", "-n", script], check=True)


def readme_commands(name: str) -> list[str]:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(rf"<!-- {name} -->\s*```sh\n(.*?)```", readme, re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]
