"""Compliance can be shown at once, to somebody who trusts nobody (R18)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from house.source import ROOT
from mien.service.erase import PhotoTarget
from service.stage import PURPOSE, Stage, query

GUIDES = ROOT / "docs" / "guide"
SCRIPTS = {"evidence": GUIDES / "audit.md", "certificate": GUIDES / "erasure.md"}


@pytest.fixture
def evidence(stage: Stage) -> Path:
    photo = stage.draw("ann.png", 1)
    with stage.open(controller="SV Nord e.V.") as library:
        library.add(stage.photos, grant=stage.grant(library))
        library.search(photo, purpose=PURPOSE)
        library.search(photo, purpose="something-else")
        library.erase(PhotoTarget(query(stage.home / "catalog.db", "SELECT sha256 FROM photos")[0]))
        return library.export_evidence(stage.folder / "evidence").folder


def run(program: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Isolated: no environment, no path of ours, another folder."""
    return subprocess.run(
        [sys.executable, "-I", str(program), *map(str, words)],
        env={},
        cwd=program.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def write_script(folder: Path, name: str) -> Path:
    mark = "<!-- verify evidence -->" if name == "evidence" else "<!-- verify -->"
    page = SCRIPTS[name].read_text("utf-8")
    script = re.search(rf"{mark}\n```python\n(.*?)```", page, re.DOTALL)
    assert script
    assert "mien" not in script[1].lower().replace("mien-evidence", "")
    path = folder / f"check_{name}.py"
    path.write_text(script[1], "utf-8")
    return path


def test_r18_the_evidence_verifies_on_a_clean_machine(evidence: Path) -> None:
    done = run(write_script(evidence.parent, "evidence"), evidence)
    assert (done.returncode, done.stderr) == (0, "")
    assert run(evidence / "audit" / "verify.py").returncode == 0
    (certificate,) = (evidence / "certificates").iterdir()
    assert run(write_script(evidence.parent, "certificate"), certificate).returncode == 0


def test_r18_log_grants_erasures_and_policy_are_signed_with_one_key(evidence: Path) -> None:
    manifest = json.loads((evidence / "manifest.json").read_text("utf-8"))
    (path,) = (evidence / "certificates").iterdir()
    certificate = json.loads(path.read_text("utf-8"))
    assert manifest["public_key"] == certificate["public_key"]
    assert manifest["manifest"]["audit_log"] == certificate["certificate"]["audit_log"]
    actions = [
        json.loads(line)["action"]
        for line in (evidence / "audit" / "entries.jsonl").read_text("utf-8").splitlines()
    ]
    assert {"grant-recorded", "photos-added", "search", "erasure", "evidence-exported"} <= set(
        actions
    )


def test_r18_refused_searches_are_shown_too(evidence: Path) -> None:
    lines = (evidence / "audit" / "entries.jsonl").read_text("utf-8").splitlines()
    searches = [e for e in map(json.loads, lines) if e["action"] == "search"]
    assert [e["outcome"] for e in searches] == ["done", "refused"]
    assert searches[1]["reasons"] == ["purpose-not-granted"]


@pytest.mark.parametrize(
    "name", ["grants.json", "policy.json", "audit/entries.jsonl", "manifest.json"]
)
def test_r18_evidence_that_was_touched_does_not_verify(evidence: Path, name: str) -> None:
    content = bytearray((evidence / name).read_bytes())
    content[len(content) // 2] ^= 1
    (evidence / name).write_bytes(bytes(content))
    assert run(write_script(evidence.parent, "evidence"), evidence).returncode == 1
