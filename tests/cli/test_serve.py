"""`mien serve` as a process of its own: where it listens, whom it lets in first, how it ends."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cli.children import Child
from cli.conftest import Mien
from service.stage import Stage

pytestmark = pytest.mark.slow

SOON_S = 30.0
PASSWORD = "an ordinary long password"  # noqa: S105


@dataclass
class Served:
    origin: str
    welcome: str | None
    child: Child

    def stop(self, number: int = signal.SIGTERM) -> None:
        self.child.send(number)


@contextmanager
def serving(stage: Stage, name: str, *words: str) -> Iterator[Served]:
    folder = stage.folder / name
    child = Child(
        ["serve", "--port", "0", "--json", "--home", str(stage.home), *words], folder=folder
    )
    try:
        said = wait_for_words(folder / "out", child)
        # It has said where it will be; once it answers, it listens to signals too.
        assert httpx2.get(f"{said['origin']}/healthz", timeout=SOON_S).status_code == 200
        yield Served(said["origin"], said["welcome"], child)
    finally:
        child.kill_after(0)


def wait_for_words(path: Path, child: Child) -> dict[str, Any]:
    deadline = time.monotonic() + SOON_S
    while time.monotonic() < deadline:
        text = path.read_text("utf-8") if path.exists() else ""
        if text.endswith("}\n"):
            found: dict[str, Any] = json.loads(text)
            return found
        assert child.is_alive, path.with_name("err").read_text("utf-8")
        time.sleep(0.02)
    raise AssertionError("the server said nothing")


def test_the_first_start_makes_one_link_and_the_next_none(stage: Stage) -> None:
    with serving(stage, "first") as first:
        assert first.origin.startswith("http://127.0.0.1:")
        assert first.welcome is not None
        assert first.welcome.startswith(f"{first.origin}/welcome/")
        with httpx2.Client(base_url=first.origin) as client:
            assert client.get("/sign-in").status_code == 200
            assert client.get("/v1/collections").status_code == 401
            page = client.get(first.welcome)
            assert "password" in page.text
            chosen = {"password": PASSWORD, "again": PASSWORD}
            assert client.post(first.welcome, data=chosen).status_code in {200, 303}
            assert client.get(first.welcome).status_code in {404, 410}
        first.stop()
        assert first.child.wait().code == 0
    with serving(stage, "second") as second:
        assert second.welcome is None


def test_ctrl_c_ends_it_at_once_and_quietly(stage: Stage) -> None:
    with serving(stage, "served") as served:
        served.stop(signal.SIGINT)
        answer = served.child.wait()
    assert answer.err == ""
    assert answer.code == 0


def test_what_is_asked_for_is_written_into_no_log(stage: Stage) -> None:
    with serving(stage, "served") as served:
        httpx2.get(f"{served.origin}/v1/photos/a-name-that-should-not-be-kept")
        served.stop()
        answer = served.child.wait()
    kept = [path for path in stage.home.rglob("*") if path.is_file()]
    assert "a-name-that-should-not-be-kept" not in answer.out + answer.err
    assert not [path for path in kept if b"a-name-that-should-not-be-kept" in path.read_bytes()]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--host", "0.0.0.0"], "--certificate"),  # noqa: S104
        (["--behind", "https://photos.example.org"], "MIEN_CONTROLLER"),
        (["--behind", "http://photos.example.org"], "https://"),
        (["--certificate", os.devnull], "--key"),
    ],
)
def test_where_it_may_not_listen_it_does_not_start(mien: Mien, words: list[str], told: str) -> None:
    answer = mien("serve", *words)
    assert answer.code == 2
    assert told in answer.err
