"""Slow, broken-off and oversized bodies, a full disk, a killed process: nothing lost or left."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil  # type: ignore[import-untyped]
import pytest

from mien.testing import draw_photo
from server.process import PATIENCE, SLOWLY, serving, stop
from server.uploading import shelf_grant
from service.stage import Stage, check_sound, query

MANY = 60
BOUNDARY = "a boundary of ours"
REQUESTS = 1_000
GROWTH_MIB = 12


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path, now=datetime.now(UTC))


@pytest.fixture
def grant(stage: Stage) -> str:
    with stage.open() as library:
        return shelf_grant(stage, library)


def files(number: int) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [
        ("photos", (f"{i:03}.png", draw_photo(i % 50, 100 + i % 50, seed=i), "image/png"))
        for i in range(number)
    ]


def hand_in(client: httpx.Client, grant: str, number: int) -> str:
    answer = client.post("/v1/uploads", data={"grant": grant}, files=files(number))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["run_id"])


def wait_for(client: httpx.Client, run_id: str) -> dict[str, Any]:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        run = dict(client.get(f"/v1/runs/{run_id}").json())
        if run["state"] not in {"queued", "running"}:
            return run
        time.sleep(0.05)
    raise AssertionError(run)


def spool_of(stage: Stage) -> list[Path]:
    return [path for path in (stage.home / "spool").rglob("*") if path.is_file()]


def part(name: str, content: str, file: str = "") -> bytes:
    named = f'; filename="{file}"' if file else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return f"{head}{content}\r\n".encode()


@contextmanager
def begun(client: httpx.Client, *parts: bytes, length: int) -> Iterator[socket.socket]:
    """An upload whose body has only begun."""
    head = (
        "POST /v1/uploads HTTP/1.1\r\nHost: testserver\r\nAuthorization: Bearer admin\r\n"
        f'Content-Type: multipart/form-data; boundary="{BOUNDARY}"\r\n'
        f"Content-Length: {length}\r\n\r\n"
    )
    place = ("127.0.0.1", client.base_url.port or 0)
    with socket.create_connection(place, timeout=20) as opened:
        opened.sendall(head.encode() + b"".join(parts))
        yield opened


def until(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def read_answer(opened: socket.socket) -> str:
    received = b""
    while piece := opened.recv(65536):
        received += piece
    return received.decode()


def test_a_server_killed_in_the_midst_of_a_run_goes_on_with_it(stage: Stage, grant: str) -> None:
    with serving(stage.home, **{SLOWLY: "0.05"}) as (client, process):
        run_id = hand_in(client, grant, MANY)
        while client.get(f"/v1/runs/{run_id}").json()["progress"]["met"] < MANY // 3:
            time.sleep(0.02)
        process.kill()
        process.wait()
    assert len(spool_of(stage)) == MANY + 1
    with serving(stage.home) as (client, process):
        run = wait_for(client, run_id)
        assert client.get("/v1/runs").json()["items"][0]["state"] == "done"
        assert stop(process) < 5
    assert (run["state"], run["progress"]["met"]) == ("done", MANY)
    assert run["progress"]["new"] + run["progress"]["known"] == MANY
    catalog = stage.home / "catalog.db"
    for table, number in {"photos": MANY, "originals": MANY, "faces": 2 * MANY}.items():
        assert query(catalog, f"SELECT count(*) FROM {table}") == [number]  # noqa: S608  (above)
    assert spool_of(stage) == []
    check_sound(stage.home)
    with stage.open() as library:
        (health,) = library.examine().collections
        assert (health.unreadable_faces, health.photos) == (0, MANY)
        assert library.audit().verify().is_sound


def test_a_server_that_is_stopped_ends_soon_and_the_next_goes_on(stage: Stage, grant: str) -> None:
    with serving(stage.home, **{SLOWLY: "0.05"}) as (client, process):
        run_id = hand_in(client, grant, MANY)
        with client.stream("GET", f"/v1/runs/{run_id}/events") as events:
            lines = events.iter_lines()
            while '"met":0' in (line := next(lines)) or "data:" not in line:
                pass
            assert stop(process) < 5
    with serving(stage.home) as (client, _):
        run = wait_for(client, run_id)
    told = {name: run["progress"][name] for name in ("total", "met", "new", "known")}
    assert told == {"total": MANY, "met": MANY, "new": MANY, "known": 0}


def test_an_upload_that_breaks_off_leaves_nothing(stage: Stage, grant: str) -> None:
    half = part("grant", grant) + part("photos", "x" * 3_000_000, file="ann.png")[:2_500_000]
    with serving(stage.home) as (client, process):
        with begun(client, half, length=4_000_000):
            until(lambda: spool_of(stage))
        until(lambda: not spool_of(stage))
        # One that the server itself did not live to see the end of goes when the next begins.
        with begun(client, half, length=4_000_000):
            until(lambda: spool_of(stage))
            process.kill()
            process.wait()
    assert spool_of(stage)
    with serving(stage.home) as (client, _):
        until(lambda: not list((stage.home / "spool").iterdir()))
        assert client.get("/v1/runs").json()["items"] == []
    keys = query(stage.home / "keys" / "keys.db", "SELECT subject FROM subject_keys")
    assert [key for key in keys if key.startswith("upload:")] == []


def test_a_body_that_comes_too_slowly_is_cut_off_and_one_that_comes_evenly_is_not(
    stage: Stage, grant: str
) -> None:
    parts = (part("grant", grant), part("photos", "x", "a.png"))
    body = parts[0] + part("photos", "x" * 4_800, "a.png") + f"--{BOUNDARY}--\r\n".encode()
    with serving(stage.home, **{PATIENCE: "1"}) as (client, _):
        began = time.monotonic()
        with begun(client, *parts, length=9_000) as opened:
            answer = read_answer(opened)
        seconds = time.monotonic() - began
        assert client.get("/v1/runs").json()["items"] == []
        assert spool_of(stage) == []
        with begun(client, length=len(body)) as opened:
            for start in range(0, len(body), 600):
                opened.sendall(body[start : start + 600])
                time.sleep(0.2)
            even = opened.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 408 ")
    assert '"code":"too-slow"' in answer
    assert "x-content-type-options: nosniff" in answer.lower()
    assert 0.5 < seconds < 10
    assert even.startswith("HTTP/1.1 202 ")


def test_an_oversized_body_is_answered_before_it_is_read(stage: Stage) -> None:
    body = b'{"kind": "' + bytes(5_000_000)
    headers = {"Content-Type": "application/json"}
    with serving(stage.home) as (client, process):
        before = psutil.Process(process.pid).memory_info().rss
        pieces = iter([body[start : start + 65536] for start in range(0, len(body), 65536)])
        # One says how long it is, the other does not.
        answers = [client.post("/v1/runs", content=one, headers=headers) for one in (body, pieces)]
        grown = psutil.Process(process.pid).memory_info().rss - before
        assert client.get("/v1/runs").status_code == 200
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (413, "too-many-bytes")
    assert grown < 8 << 20


@pytest.mark.slow
def test_many_requests_do_not_make_it_grow(stage: Stage, grant: str) -> None:
    """Uploads, answers, problems and broken bodies; the first of them warm it up."""
    with serving(stage.home) as (client, process):
        server = psutil.Process(process.pid)
        run_id = hand_in(client, grant, 3)
        wait_for(client, run_id)
        grown = 0.0
        for number in range(REQUESTS):
            if number == REQUESTS // 4:
                grown = -server.memory_info().rss / (1 << 20)
            _ask(client, grant, run_id=run_id, number=number)
        grown += server.memory_info().rss / (1 << 20)
        left = len(server.open_files()), server.num_threads()
    assert grown < GROWTH_MIB
    assert left[0] < 40
    assert left[1] < 60


def _ask(client: httpx.Client, grant: str, *, run_id: str, number: int) -> None:
    kind = number % 8
    if kind == 0:
        answer = client.post("/v1/uploads", data={"grant": "none"}, files=files(1))
        assert answer.status_code == 403
    elif kind == 1:
        broken = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY.replace(' ', '')}"}
        assert client.post("/v1/uploads", content=b"x" * 2_000, headers=broken).status_code == 400
    elif kind == 2:
        assert client.get(f"/v1/runs/{run_id}/events").status_code == 200
    elif kind == 3 and number % 100 == 3:
        assert client.post("/v1/uploads", data={"grant": grant}, files=files(1)).status_code == 202
    else:
        assert client.get(f"/v1/runs/{run_id}").status_code == 200


@pytest.fixture
def small_disk() -> Iterator[Stage]:
    """A home on a disk of 6 MB."""
    with tempfile.TemporaryDirectory() as name:
        stage = Stage(Path(name), now=datetime.now(UTC))
        stage.home.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=6m,mode=0700", "tmpfs", str(stage.home)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("no tmpfs can be mounted here")
        try:
            yield stage
        finally:
            subprocess.run(["umount", "--lazy", str(stage.home)], check=True)


@pytest.mark.root
@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="mounts as root of Linux")
def test_a_full_disk_is_told_and_takes_nothing_along(
    small_disk: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.uploading import post_photos, wait_for, working

    monkeypatch.setattr("mien.api.uploads._MARGIN_BYTES", 0)
    stage = small_disk
    large = {"large.png": draw_photo(1) + os.urandom(9_000_000)}
    small = {"small.png": draw_photo(1)}
    with stage.open() as library, working(library) as (client, site):
        grant = shelf_grant(stage, library)
        told = post_photos(client, grant, large)
        # Who does not say how much there will be is told when there is no room any more.
        monkeypatch.setattr("mien.vault.spool.Spool.count_free", lambda _: 1 << 40)
        met = post_photos(client, grant, large)
        for answer in (told, met):
            assert (answer.status_code, answer.json()["code"]) == (507, "no-room")
        assert spool_of(stage) == []
        site.runs.stop()
        waiting = client_run(
            post_photos(client, grant, {"big.png": large["large.png"][:2_500_000]})
        )
        filler = stage.home / "filler"
        fill(filler)
        site.runs._stopping.clear()
        site.runs.start()
        time.sleep(1.5)
        filler.unlink()
        run = wait_for(client, waiting)
        assert run["state"] in {"done", "failed"}
        again = wait_for(client, client_run(post_photos(client, grant, small)))
        assert (again["state"], again["progress"]["new"]) == ("done", 1)
    assert spool_of(stage) == []
    check_sound(stage.home)


def fill(path: Path) -> None:
    """Until there is no room for a byte more."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def client_run(answer: Any) -> str:
    assert answer.status_code == 202, answer.text
    return str(answer.json()["run_id"])
