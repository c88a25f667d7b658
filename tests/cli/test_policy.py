"""`mien policy` and `mien evidence` as an operator meets them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import Mien
from service.stage import Stage


@pytest.fixture
def filled(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setenv("MIEN_CONTROLLER", "SV Nord e.V.")
    monkeypatch.setenv("MIEN_CONTACT", "photos@sv-nord.example")
    stage.draw("ann.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
    return stage


@pytest.mark.usefixtures("filled")
def test_it_prints_markdown_and_no_word_more(mien: Mien) -> None:
    answer = mien("policy")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("# What is held here, by whose permission, and how to get out\n")
    assert "Responsible for all of it: SV Nord e.V." in answer.out
    assert "photos@sv-nord.example" in answer.out


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("words", "start"),
    [
        (["--format", "markdown"], "# What"),
        (["--format", "html"], "<!doctype html>"),
        (["--format", "json"], "{\n"),
        (["--json"], "{\n"),
        (["--json", "--format", "html"], "<!doctype html>"),
    ],
)
def test_the_form_is_chosen(mien: Mien, words: list[str], start: str) -> None:
    answer = mien("policy", *words)
    assert answer.code == 0
    assert answer.out.startswith(start)


@pytest.mark.parametrize(
    ("name", "words", "start"),
    [
        ("policy.md", [], "# What"),
        ("policy.html", [], "<!doctype html>"),
        ("POLICY.HTM", [], "<!doctype html>"),
        ("policy.json", [], "{\n"),
        ("policy", [], "# What"),
        ("policy.txt", [], "# What"),
        ("policy.md", ["--format", "html"], "<!doctype html>"),
    ],
)
def test_the_files_name_chooses_the_form(
    filled: Stage, mien: Mien, name: str, *, words: list[str], start: str
) -> None:
    path = filled.folder / name
    answer = mien("policy", "--to", path, *words)
    assert (answer.code, answer.err) == (0, "")
    assert path.read_text("utf-8").startswith(start)
    version = answer.out.split("Version: ")[1].strip()
    assert version in path.read_text("utf-8")


def test_written_policies_are_in_the_log_and_printed_ones_are_not(
    filled: Stage, mien: Mien
) -> None:
    mien("policy")
    answer = mien("policy", "--to", filled.folder / "policy.html", "--json")
    assert answer.document == {
        "file": str(filled.folder / "policy.html"),
        "format": "html",
        "version": answer.document["version"],
    }
    entries = mien("audit", "show", "--json").document["entries"]
    published = [entry for entry in entries if entry["action"] == "policy-published"]
    assert [entry["facts"] for entry in published] == [
        {"form": "html", "version": answer.document["version"]}
    ]


def test_who_is_not_named_is_asked_to_be(stage: Stage, mien: Mien) -> None:
    answer = mien("policy", "--to", stage.folder / "policy.md")
    assert answer.code == 0
    assert "Note: The policy does not say who is responsible. Set MIEN_CONTROLLER." in answer.err
    assert "Note: The policy does not say how to reach you. Set MIEN_CONTACT." in answer.err
    assert mien("policy", "--json").document["controller"] is None


def test_a_file_that_cannot_be_written_ends_with_2(filled: Stage, mien: Mien) -> None:
    answer = mien("policy", "--to", filled.folder / "missing" / "policy.md", "--json")
    assert (answer.code, answer.document["error"]["reason"]) == (2, "settings")
    assert "cannot be written: No such file or directory." in answer.document["error"]["message"]
    assert mien("policy", "--format", "pdf").code == 2


def test_evidence_is_written_and_says_with_which_key(filled: Stage, mien: Mien) -> None:
    folder = filled.folder / "evidence"
    answer = mien("evidence", folder)
    assert (answer.code, answer.err) == (0, "")
    first, second = answer.out.splitlines()
    assert first == (
        f"11 files written to {folder}: the audit log, the policy, every grant (1) and every "
        "certificate of erasure (0)."
    )
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert second == f"The manifest is signed with the key {manifest['public_key']}"
    assert len(manifest["manifest"]["files"]) == 11


def test_evidence_as_json(filled: Stage, mien: Mien) -> None:
    folder = filled.folder / "evidence"
    document = mien("evidence", folder, "--json").document
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert document == {
        "folder": str(folder),
        "files": len(manifest["manifest"]["files"]),
        "grants": 1,
        "certificates": 0,
        "policy_version": manifest["manifest"]["policy_version"],
        "public_key": manifest["public_key"],
    }
    again = mien("evidence", folder, "--json")
    assert (again.code, again.document["error"]["reason"]) == (2, "settings")


def test_the_version_can_be_computed_with_python_alone(filled: Stage, mien: Mien) -> None:
    path: Path = filled.folder / "policy.json"
    version = mien("policy", "--to", path, "--json").document["version"]
    program = (
        "import hashlib, json, sys; d = json.load(open(sys.argv[1], encoding='utf-8')); "
        "d.pop('version'); d.pop('made_at'); "
        "text = json.dumps(d, sort_keys=True, separators=(',', ':'), ensure_ascii=False); "
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(path)],
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == version
