"""A real server of a stage's home in a process of its own, with models that see drawn people.

    python -m server.process HOME

prints its port and serves until it is told to stop, by a signal. It ends by itself after
three minutes, or so many requests.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx2 as httpx

from cli.children import clean_environment
from mien.http.limits import Limits
from mien.library import Library
from mien.permission.caller import Role
from mien.server.app import make_app
from mien.server.listen import Address, make_server, open_socket
from mien.service.ports import Vision
from mien.settings import Settings
from mien.testing import FakeModels
from mien.types import Look, PhotoAnalysis
from server.door import Door, caller_of, make_site

LONGEST_S = 180.0
_MOST_REQUESTS = 5_000
PATIENCE = "MIEN_TEST_SECONDS_A_BODY"
SLOWLY = "MIEN_TEST_SECONDS_A_PHOTO"


class SlowModels(FakeModels):
    """Models that take their time, so that somebody can come in between."""

    def open(self, *, threads: int) -> Vision:
        return _SlowVision(super().open(threads=threads), float(os.environ.get(SLOWLY, "0")))


class _SlowVision:
    def __init__(self, vision: Vision, seconds: float) -> None:
        self._vision = vision
        self._seconds = seconds

    def analyse(self, content: bytes, *, look: Look = Look.PHOTO) -> PhotoAnalysis:
        time.sleep(self._seconds)
        return self._vision.analyse(content, look=look)


def serve(home: Path) -> None:
    """Until it is told to stop."""
    settings = Settings(home=home, cache=home / "cache", workers=2)
    address = Address(port=0)
    with Library(settings=settings, models=SlowModels()) as library:
        limits = Limits(slow_s=float(os.environ.get(PATIENCE, "20")))
        door = Door({"admin": caller_of(Role.ADMIN, calls_a_minute=1_000_000)})
        site = replace(make_site(library, door), limits=limits)
        server = make_server(make_app(site), address, on_stop=site.runs.begin_stop)
        server.config.limit_max_requests = _MOST_REQUESTS
        with open_socket(address) as opened:
            site.runs.start()
            threading.Timer(LONGEST_S, os._exit, [3]).start()
            print(opened.getsockname()[1], flush=True)  # noqa: T201  (for the parent)
            server.run(sockets=[opened])
        site.runs.stop()
    os._exit(0)


@contextmanager
def serving(home: Path, **environment: str) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    """A client of a curator's, and the process to do something to."""
    process = subprocess.Popen(
        [sys.executable, "-m", "server.process", str(home)],
        env=clean_environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        port = process.stdout.readline().strip()
        assert port, process.stderr.read() if process.stderr else ""
        headers = {"Authorization": "Bearer admin", "Host": "testserver"}
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=20
        ) as client:
            yield client, process
    finally:
        process.kill()
        process.communicate()


def stop(process: subprocess.Popen[str]) -> float:
    """As an operator stops it; how many seconds it took."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    return time.monotonic() - began


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
