"""`mien` in processes of its own, with stand-ins for its models.

They are forked from one process that has loaded everything, so that many can be started.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

FAKE_MIEN = Path(__file__).with_name("fake_mien.py")
_SOURCES = (FAKE_MIEN.parents[2] / "src", FAKE_MIEN.parents[1])
_TIMEOUT_S = 60

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["mien.cli.app", "mien.testing", "mien.index.exact"])


@dataclass(frozen=True)
class Answer:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output; an error where there is anything else."""
        return json.loads(self.out)


class Child:
    """A command under way."""

    def __init__(self, words: Sequence[str | Path], *, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._process: ForkServerProcess = _context.Process(
            target=_work, args=([os.fspath(word) for word in words], folder)
        )
        self._process.start()

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def kill_after(self, delay_s: float) -> bool:
        """SIGKILL after that time; whether it was still at work then."""
        self._process.join(delay_s)
        was_alive = self._process.is_alive()
        self._process.kill()
        self._process.join(_TIMEOUT_S)
        return was_alive and self._process.exitcode == -signal.SIGKILL

    def send(self, number: int) -> None:
        """A signal to the command."""
        os.kill(self._process.pid or 0, number)

    def wait(self) -> Answer:
        self._process.join(_TIMEOUT_S)
        code = self._process.exitcode
        if code is None:
            self._process.kill()
            raise AssertionError("the command did not end")
        return Answer(
            code,
            (self._folder / "out").read_text("utf-8"),
            (self._folder / "err").read_text("utf-8"),
        )


def _work(words: list[str], folder: Path) -> None:
    from cli import fake_mien

    for descriptor, name in ((1, "out"), (2, "err")):
        with (folder / name).open("wb") as file:
            os.dup2(file.fileno(), descriptor)
    sys.exit(fake_mien.main(words))


def command_line(*words: str | bytes | Path) -> list[str | bytes]:
    """What starts the same command from a shell."""
    return [sys.executable, str(FAKE_MIEN), *(os.fspath(word) for word in words)]


def clean_environment(**values: str) -> dict[str, str]:
    path = os.pathsep.join(map(str, _SOURCES))
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **values}


def run_program(*words: str | bytes | Path, before: Sequence[str] = (), **values: str) -> Answer:
    """The command in a fresh interpreter, behind the words of another command if there are any."""
    done = subprocess.run(
        [*before, *command_line(*words)],
        env=clean_environment(**values),
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    return Answer(
        done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )
