from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli import fake_mien
from cli.children import Answer
from mien.cli import output
from service.stage import Stage

Mien = Callable[..., Answer]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path, now=datetime.now(UTC))


@pytest.fixture
def mien(stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mien:
    """Runs a command of the stage's home in this process."""
    monkeypatch.setenv("MIEN_HOME", str(stage.home))
    for console in (output.out, output.err):
        monkeypatch.setattr(console, "_width", 200)

    def run(*words: object) -> Answer:
        capsys.readouterr()
        code = fake_mien.main([str(word) for word in words])
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return run
