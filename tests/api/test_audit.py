"""The audit log over REST: read in pages, proven, handed out."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mien.library import Library
from mien.permission.caller import Role
from server.door import Door, caller_of, visiting
from service.stage import PURPOSE, Stage, query


def fill(stage: Stage, library: Library) -> None:
    stage.draw("ann.png", 1)
    library.add(stage.photos, grant=stage.grant(library))
    for _ in range(3):
        library.search(stage.photos / "ann.png", purpose=PURPOSE)


def read_all(client: TestClient, **params: Any) -> list[list[int]]:
    """The numbers of the entries, page by page."""
    pages, cursor = [], ""
    while True:
        page = client.get("/v1/audit/entries", params={**params, "cursor": cursor}).json()
        pages.append([item["seq"] for item in page["items"]])
        cursor = page["next_cursor"]
        if cursor is None:
            return pages


def test_entries_come_in_pages_both_ways(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "auditor") as client:
        fill(stage, library)
        size = len(library.audit().entries())
        forwards = read_all(client, limit=3)
        backwards = read_all(client, limit=3, newest_first=True)
    assert [seq for page in forwards for seq in page] == list(range(size))
    assert [seq for page in backwards for seq in page] == list(range(size))[::-1]
    assert {len(page) for page in forwards[:-1]} == {3}


def test_what_comes_in_meanwhile_does_not_move_what_is_read_backwards(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "auditor") as client:
        fill(stage, library)
        first = client.get("/v1/audit/entries", params={"limit": 2, "newest_first": True}).json()
        stage.grant(library)
        cursor = first["next_cursor"]
        second = client.get(
            "/v1/audit/entries", params={"limit": 2, "newest_first": True, "cursor": cursor}
        ).json()
    numbers = [item["seq"] for item in first["items"] + second["items"]]
    assert numbers == list(range(numbers[0], numbers[0] - 4, -1))


def test_an_entry_is_told_with_its_details(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "auditor") as client:
        fill(stage, library)
        last = len(library.audit().entries()) - 1
        shown = client.get(f"/v1/audit/entries/{last}").json()
        beyond = client.get(f"/v1/audit/entries/{last + 1}")
        huge = client.get(f"/v1/audit/entries/{1 << 70}")
    assert (shown["entry"]["action"], shown["entry"]["purpose"]) == ("search", PURPOSE)
    assert len(shown["matches"]) == 1
    assert (beyond.status_code, huge.status_code) == (404, 422)


def test_a_whole_log_is_sound_and_a_changed_one_is_not(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "auditor") as client:
        fill(stage, library)
        kept = client.post("/v1/audit/checkpoints").json()["items"][0]
        sound = client.post("/v1/audit/verify", json={"against": kept["note"]}).json()
        query(stage.home / "catalog.db", "DELETE FROM audit_entries WHERE seq = 1")
        broken = client.post("/v1/audit/verify", json={"against": kept["note"]}).json()
        forged = client.post("/v1/audit/verify", json={"against": "made up"}).json()
    assert (sound["is_sound"], sound["findings"]) == (True, [])
    assert sound["entries"] == kept["size"]
    assert broken["is_sound"] is False
    assert "entries-missing" in {one["fault"] for one in broken["findings"]}
    assert "kept-checkpoint-not-contained" in {one["fault"] for one in forged["findings"]}


def test_signed_heads_are_listed_with_the_key_that_verifies_them(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "auditor") as client:
        fill(stage, library)
        client.post("/v1/audit/checkpoints")
        stage.grant(library)
        made = client.post("/v1/audit/checkpoints")
        listed = client.get("/v1/audit/checkpoints").json()
        assert listed["verification_key"] == library.audit().verification_key
    sizes = [one["size"] for one in listed["items"]]
    assert sizes == sorted(sizes)
    assert listed["items"][-1] == made.json()["items"][0]
    assert made.json()["items"][0]["note"].splitlines()[1] == str(sizes[-1])


def test_the_evidence_is_one_file_that_verifies_without_mien(stage: Stage, tmp_path: Path) -> None:
    with stage.open() as library, visiting(library, "auditor") as client:
        fill(stage, library)
        answer = client.post("/v1/evidence")
        assert library.audit().entries()[-1]["action"] == "evidence-exported"
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(tmp_path / "evidence")
    manifest = json.loads((tmp_path / "evidence" / "manifest.json").read_text())
    assert "grants.json" in str(manifest)
    command = [sys.executable, "verify.py"]
    folder = tmp_path / "evidence" / "audit"
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list((stage.home / "packing").iterdir()) == []


@pytest.mark.parametrize("who", ["viewer", "searcher", "curator"])
def test_the_log_is_for_who_may_audit(stage: Stage, who: str) -> None:
    with stage.open() as library, visiting(library, who) as client:
        answers = [
            client.get("/v1/audit/entries"),
            client.get("/v1/audit/entries/0"),
            client.get("/v1/audit/checkpoints"),
            client.post("/v1/audit/verify", json={}),
            client.post("/v1/evidence"),
        ]
    assert [answer.status_code for answer in answers] == [403] * 5


def test_who_is_bound_reads_no_log_of_all(stage: Stage) -> None:
    door = Door({"ann": caller_of(Role.AUDITOR, collections=frozenset({"family"}))})
    with stage.open() as library, visiting(library, "ann", door=door) as client:
        answers = [client.get("/v1/audit/entries"), client.post("/v1/evidence")]
    assert [answer.json()["code"] for answer in answers] == ["collection-not-yours"] * 2


def test_a_cursor_of_another_list_is_refused(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "admin") as client:
        fill(stage, library)
        for name in "ab":
            library.create_collection(name, basis="household")
        page = client.get("/v1/collections", params={"limit": 1}).json()
        answer = client.get("/v1/audit/entries", params={"cursor": page["next_cursor"]})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-cursor")
