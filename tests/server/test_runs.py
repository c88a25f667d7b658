"""Long runs: queued, done, cancelled, followed from afar, and gone on with after any end."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mien.api.runs import iter_events
from mien.catalog.long_runs import LongRunState
from mien.errors import ConflictError, NotFoundError, SettingsError
from mien.library import Library
from mien.permission.caller import Role
from mien.service.long_run import Asked, RunKind
from mien.service.long_runs import KEPT, Runs
from mien.service.ports import Vision
from mien.testing import FakeModels, draw_photo
from mien.types import Look, PhotoAnalysis
from server.door import Door, caller_of
from server.uploading import PATIENCE_S, hand_in, shelf_grant, wait_for, working
from service.stage import Stage, check_complete, check_sound, query

MANY = 90


class GatedModels(FakeModels):
    """Models that look at nothing until the gate is opened, and count how often they looked."""

    def __init__(self) -> None:
        self.gate = threading.Semaphore(0)
        self.looks = 0
        self.niceness: set[int] = set()

    def open(self, *, threads: int) -> Vision:
        return _GatedVision(self, super().open(threads=threads))


class _GatedVision:
    def __init__(self, models: GatedModels, vision: Vision) -> None:
        self._models = models
        self._vision = vision

    def analyse(self, content: bytes, *, look: Look = Look.PHOTO) -> PhotoAnalysis:
        assert self._models.gate.acquire(timeout=PATIENCE_S)
        self._models.looks += 1
        self._models.niceness.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return self._vision.analyse(content, look=look)


@pytest.fixture
def gated(stage: Stage) -> GatedModels:
    stage.models = models = GatedModels()
    return models


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def drawn(number: int) -> dict[str, bytes]:
    return {f"{i:03}.png": draw_photo(i % 50, 100 + i % 50, seed=i) for i in range(number)}


def state_of(client: TestClient, run_id: str) -> Any:
    return client.get(f"/v1/runs/{run_id}").json()["state"]


def served(stage: Stage, **changes: Any) -> Library:
    return stage.open(served_folders=str(stage.photos), **changes)


def add_folder(client: TestClient, grant: str, *folders: Path, **more: Any) -> Any:
    body = {"kind": "add-folder", "grant": grant, "folders": [str(one) for one in folders], **more}
    return client.post("/v1/runs", json=body)


def test_a_folder_is_added_that_the_operator_serves(stage: Stage) -> None:
    stage.draw_many(5)
    with served(stage) as library, working(library) as (client, _):
        made = add_folder(client, stage.grant(library), stage.photos)
        run = wait_for(client, made.json()["run_id"])
        entries = library.audit().entries()
    assert (made.status_code, made.headers["Location"]) == (202, f"/v1/runs/{run['run_id']}")
    assert (run["state"], run["progress"]["new"], run["progress"]["total"]) == ("done", 5, 5)
    actions = [str(entry["action"]) for entry in entries]
    assert actions[-3:] == ["run-started", "photos-added", "run-ended"]
    assert len({entry["actor"] for entry in entries[-3:]}) == 1
    assert entries[-1]["actor"] != entries[0]["actor"]
    check_complete(stage)


@pytest.mark.parametrize("where", ["nowhere served", "above", "by a link"])
def test_no_other_folder_of_the_machine_is_looked_into(stage: Stage, where: str) -> None:
    stage.draw("ann.png", 1)
    outside = stage.folder / "outside"
    outside.mkdir()
    (outside / "ben.png").write_bytes(draw_photo(2))
    (stage.photos / "link").symlink_to(outside)
    folder = {"by a link": stage.photos / "link"}.get(where, stage.folder)
    opened = stage.open() if where == "nowhere served" else served(stage)
    with opened as library, working(library) as (client, _):
        answer = add_folder(client, stage.grant(library, scope=stage.folder), folder)
    assert answer.status_code == 422
    assert "MIEN_SERVED_FOLDERS" in answer.json()["detail"]


def test_a_link_in_a_served_folder_leads_nowhere_else(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    outside = stage.folder / "outside"
    outside.mkdir()
    (outside / "ben.png").write_bytes(draw_photo(2))
    (stage.photos / "link").symlink_to(outside)
    with served(stage) as library, working(library) as (client, _):
        grant = stage.grant(library, scope=stage.folder)
        run = wait_for(client, add_folder(client, grant, stage.photos).json()["run_id"])
    assert run["progress"]["new"] == 1
    assert [one["reason"] for one in run["report"]["failed"]] == ["not-served"]


def test_a_refused_run_says_so_with_the_reasons_of_the_command_line(stage: Stage) -> None:
    stage.draw_many(3)
    with served(stage) as library, working(library) as (client, _):
        library.revoke(grant := stage.grant(library))
        run = wait_for(client, add_folder(client, grant, stage.photos).json()["run_id"])
    assert run["progress"]["refused"] == {"grant-revoked": 3}
    assert run["report"]["message"] == "The grant was revoked."
    assert run["report"]["reasons"] == [
        {"code": "grant-revoked", "explanation": "The grant was revoked."}
    ]


def test_runs_are_done_in_the_order_they_were_asked_for(stage: Stage, gated: GatedModels) -> None:
    with stage.open() as library, working(library) as (client, _):
        grant = shelf_grant(stage, library)
        first = hand_in(client, grant, drawn(2))["run_id"]
        second = hand_in(client, grant, {"other.png": draw_photo(7, seed=999)})["run_id"]
        until(lambda: state_of(client, first) == "running")
        assert state_of(client, second) == "queued"
        gated.gate.release(3)
        ended = [wait_for(client, run_id) for run_id in (first, second)]
        listed = client.get("/v1/runs").json()["items"]
    assert [run["state"] for run in ended] == ["done", "done"]
    assert ended[0]["ended_at"] <= ended[1]["started_at"]
    assert [run["run_id"] for run in listed] == [second, first]


@pytest.mark.skipif(not hasattr(os, "setpriority"), reason="no priorities here")
def test_a_run_makes_way_for_whoever_searches(stage: Stage, gated: GatedModels) -> None:
    mine = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    with stage.open() as library, working(library) as (client, _):
        gated.gate.release(5)
        wait_for(client, hand_in(client, shelf_grant(stage, library), drawn(5))["run_id"])
    assert gated.niceness == {min(19, mine + 10)}
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == mine


def test_a_queued_run_is_cancelled_at_once_and_its_photos_destroyed(
    stage: Stage, gated: GatedModels
) -> None:
    with stage.open() as library, working(library) as (client, _):
        grant = shelf_grant(stage, library)
        first = hand_in(client, grant, drawn(1))["run_id"]
        second = hand_in(client, grant, {"other.png": draw_photo(7, seed=999)})["run_id"]
        answer = client.delete(f"/v1/runs/{second}")
        assert answer.json()["state"] == "cancelled"
        gated.gate.release(1)
        assert wait_for(client, first)["state"] == "done"
        assert client.delete(f"/v1/runs/{first}").json()["state"] == "done"
    assert gated.looks == 1
    assert list((stage.home / "spool").iterdir()) == []


def test_a_running_run_is_cancelled_with_what_it_did(stage: Stage, gated: GatedModels) -> None:
    with stage.open() as library, working(library) as (client, _):
        run_id = hand_in(client, shelf_grant(stage, library), drawn(MANY))["run_id"]
        gated.gate.release(40)
        until(lambda: gated.looks >= 40)
        client.delete(f"/v1/runs/{run_id}")
        gated.gate.release(MANY)
        run = wait_for(client, run_id)
    assert run["state"] == "cancelled"
    assert 0 < run["progress"]["new"] < MANY
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM photos") == [
        run["progress"]["new"]
    ]
    assert list((stage.home / "spool").iterdir()) == []
    check_sound(stage.home)


def test_a_stopped_server_leaves_a_queue_and_the_next_goes_on(
    stage: Stage, gated: GatedModels
) -> None:
    with stage.open() as library, working(library) as (client, site):
        run_id = hand_in(client, shelf_grant(stage, library), drawn(MANY))["run_id"]
        gated.gate.release(40)
        until(lambda: gated.looks >= 40)
        stopping = threading.Thread(target=site.runs.stop)
        stopping.start()
        gated.gate.release(MANY)
        stopping.join(PATIENCE_S)
        left = client.get(f"/v1/runs/{run_id}").json()
    assert left["state"] == "queued"
    assert 0 < left["progress"]["new"] < MANY
    gated.gate.release(MANY)
    with stage.open() as library, working(library) as (client, _):
        run = wait_for(client, run_id)
    counts = {name: run["progress"][name] for name in ("total", "met", "new", "known", "faces")}
    assert counts == {"total": MANY, "met": MANY, "new": MANY, "known": 0, "faces": 2 * MANY}
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM originals") == [MANY]
    check_sound(stage.home)


def test_a_run_that_ends_the_server_again_and_again_is_given_up(stage: Stage) -> None:
    with stage.open() as library, working(library) as (client, site):
        site.runs.stop()
        run_id = hand_in(client, shelf_grant(stage, library), drawn(1))["run_id"]
    query(stage.home / "catalog.db", "UPDATE long_runs SET state = 'running', cut_short = 2")
    with stage.open() as library, working(library) as (client, _):
        run = wait_for(client, run_id)
    assert run["state"] == "cut-short"
    assert "The server ended 3 times" in run["report"]["message"]
    assert list((stage.home / "spool").iterdir()) == []


def test_a_run_that_fails_is_told_and_the_next_is_done(stage: Stage) -> None:
    with stage.open() as library, working(library) as (client, site):
        site.runs.stop()
        grant = shelf_grant(stage, library)
        lost = hand_in(client, grant, drawn(1))["run_id"]
        kept = hand_in(client, grant, {"other.png": draw_photo(7, seed=999)})["run_id"]
        upload = site.runs.get(lost).asked.upload_id
        library.parts.deployment.spool.drop(upload)
        site.runs._stopping.clear()
        site.runs.start()
        runs = [wait_for(client, run_id) for run_id in (lost, kept)]
    assert [run["state"] for run in runs] == ["failed", "done"]
    assert runs[0]["report"]["message"] == "The upload is gone: hand the photos in again."


def test_a_row_that_somebody_wrote_is_no_run(stage: Stage) -> None:
    """Whoever lacks the keys asks for nothing, by a new row or by another's."""
    stage.draw_many(2)
    catalog = stage.home / "catalog.db"
    with served(stage) as library, working(library) as (client, site):
        site.runs.stop()
        done = add_folder(client, stage.grant(library), stage.photos).json()["run_id"]
        columns = "state, asked_at, cut_short, is_unwanted, counts, sealed"
        query(
            catalog,
            f"INSERT INTO long_runs (uuid, {columns}) SELECT ?, {columns} FROM long_runs",  # noqa: S608  (ours)
            "11111111-1111-4111-8111-111111111111",
        )
        site.runs._stopping.clear()
        site.runs.start()
        wait_for(client, done)
        until(
            lambda: query(catalog, "SELECT count(*) FROM long_runs WHERE state = 'failed'") == [1]
        )
        assert [run["run_id"] for run in client.get("/v1/runs").json()["items"]] == [done]


def test_two_servers_of_one_home_work_one_after_the_other(stage: Stage) -> None:
    stage.draw_many(4)
    with served(stage) as library, working(library) as (client, site):
        other = Runs(library.parts, served=[stage.photos])
        other.start()
        run_id = add_folder(client, stage.grant(library), stage.photos).json()["run_id"]
        wait_for(client, run_id)
        site.runs.stop()
        asked = Asked(kind=RunKind.VERIFY_LOG, actor="user:admin")
        run = other.submit(asked)
        until(lambda: other.get(run.run_id).state is LongRunState.DONE)
        other.stop()
    check_complete(stage)


def test_another_look_and_a_check_of_the_log_are_runs_too(stage: Stage) -> None:
    stage.draw_many(2)
    with stage.open() as library, working(library, "admin") as (client, _):
        library.add(stage.photos, grant=stage.grant(library))
        runs = [
            wait_for(client, client.post("/v1/runs", json={"kind": kind}).json()["run_id"])
            for kind in ("rescan", "verify-log")
        ]
    assert [run["state"] for run in runs] == ["done", "done"]
    assert runs[1]["progress"]["findings"] == 0
    assert runs[1]["progress"]["met"] == runs[1]["progress"]["total"] > 3


def test_who_is_bound_sees_and_makes_only_runs_of_their_own(stage: Stage) -> None:
    bound = Door(
        {
            "ann": caller_of(Role.CURATOR, collections=frozenset({"family"})),
            "curator": caller_of(Role.CURATOR),
        }
    )
    with stage.open() as library, working(library, "curator", door=bound) as (client, _):
        run_id = hand_in(client, shelf_grant(stage, library), drawn(1))["run_id"]
        wait_for(client, run_id)
        client.headers["Authorization"] = "Bearer ann"
        assert client.get("/v1/runs").json()["items"] == []
        for answer in (
            client.get(f"/v1/runs/{run_id}"),
            client.get(f"/v1/runs/{run_id}/events"),
            client.delete(f"/v1/runs/{run_id}"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
        rescan = client.post("/v1/runs", json={"kind": "rescan"})
        assert (rescan.status_code, rescan.json()["code"]) == (403, "collection-not-yours")
        assert client.post("/v1/runs", json={"kind": "verify-log"}).status_code == 403


def test_long_lists_come_a_page_at_a_time(stage: Stage) -> None:
    with stage.open() as library, working(library, "admin") as (client, site):
        site.runs.stop()
        made = [client.post("/v1/runs", json={"kind": "rescan"}).json()["run_id"] for _ in range(5)]
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = client.get("/v1/runs", params={"limit": 2, "cursor": cursor}).json()
            seen += [run["run_id"] for run in page["items"]]
            cursor = page["next_cursor"]
    assert seen == made[::-1]


def test_old_runs_are_forgotten_and_a_full_queue_says_so(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage.open() as library, working(library, "admin") as (client, site):
        old = client.post("/v1/runs", json={"kind": "rescan"}).json()["run_id"]
        wait_for(client, old)
        site.runs.stop()
        monkeypatch.setattr("mien.service.long_runs._MOST_WAITING", 1)
        site.runs.submit(Asked(kind=RunKind.RESCAN, actor="user:a"))
        with pytest.raises(ConflictError, match="1 runs wait already"):
            site.runs.submit(Asked(kind=RunKind.RESCAN, actor="user:a"))
    stage.now += KEPT
    with stage.open() as library:
        runs = Runs(library.parts)
        runs.start()
        until(lambda: len(runs.list()) == 1)
        runs.stop()
        with pytest.raises(NotFoundError):
            runs.get(old)


def test_no_folder_is_no_run(stage: Stage) -> None:
    with served(stage) as library:
        asked = Asked(kind=RunKind.ADD_FOLDER, actor="user:a", collection="default")
        with pytest.raises(SettingsError, match="at least one folder"):
            Runs(library.parts, served=[stage.photos]).submit(asked)


def parse_events(text: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[0] != ":")
        if fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def test_events_tell_how_far_it_has_come_and_end_with_the_run(
    stage: Stage, gated: GatedModels
) -> None:
    with stage.open() as library, working(library) as (client, _):
        run_id = hand_in(client, shelf_grant(stage, library), drawn(MANY))["run_id"]
        slowly = threading.Timer(0.5, gated.gate.release, [MANY // 2])
        slowly.start()
        then = threading.Timer(1.2, gated.gate.release, [MANY])
        then.start()
        began = time.monotonic()
        answer = client.get(f"/v1/runs/{run_id}/events", headers={"Last-Event-ID": "17"})
        seconds = time.monotonic() - began
    events = parse_events(answer.text)
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert [name for name, _ in events] == ["progress"] * (len(events) - 1) + ["end"]
    assert events[-1][1]["state"] == "done"
    assert events[-1][1]["progress"]["new"] == MANY
    met = [run["progress"]["met"] for _, run in events]
    assert met == sorted(met)
    assert len(set(met)) > 2
    assert len(events) <= 5 * seconds + 3
    assert any(run["progress"]["seconds_left"] for _, run in events)


def count_threads(name: str) -> int:
    return sum(thread.name.startswith(name) for thread in threading.enumerate())


def test_many_who_look_on_cost_no_thread_each(stage: Stage, gated: GatedModels) -> None:
    with stage.open() as library, working(library) as (client, site):
        run_id = hand_in(client, shelf_grant(stage, library), drawn(2))["run_id"]
        until(lambda: state_of(client, run_id) == "running")
        until(lambda: count_threads("intake") == 2)  # those of the run itself

        async def look_on() -> list[int]:
            threads = threading.active_count()
            streams = [look() for _ in range(200)]
            gathered = asyncio.gather(*streams)
            await asyncio.sleep(0.5)
            more = threading.active_count() - threads
            gated.gate.release(2)
            return [more, *await asyncio.wait_for(gathered, PATIENCE_S)]

        async def look() -> int:
            return len([part async for part in iter_events(site.runs, site.runs.get(run_id))])

        more, *counts = asyncio.run(look_on())
    assert more <= 4  # of the run itself, whose pool grows
    assert len(counts) == 200
    assert min(counts) >= 2


def test_who_looks_on_is_let_go_when_the_server_stops(stage: Stage, gated: GatedModels) -> None:
    with stage.open() as library, working(library) as (client, site):
        run_id = hand_in(client, shelf_grant(stage, library), drawn(2))["run_id"]
        until(lambda: state_of(client, run_id) == "running")
        threading.Timer(0.3, site.runs.begin_stop).start()
        answer = client.get(f"/v1/runs/{run_id}/events")
        gated.gate.release(5)
    assert next(name for name, _ in parse_events(answer.text)) == "progress"
    assert '"end"' not in answer.text


def test_a_quiet_run_is_heard_of(
    stage: Stage, gated: GatedModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien.api.runs._HEARTBEAT_S", 0.3)
    with stage.open() as library, working(library) as (client, _):
        run_id = hand_in(client, shelf_grant(stage, library), drawn(1))["run_id"]
        threading.Timer(1.2, gated.gate.release).start()
        answer = client.get(f"/v1/runs/{run_id}/events")
    assert 1 <= answer.text.count(": still at it\n\n") <= 4
