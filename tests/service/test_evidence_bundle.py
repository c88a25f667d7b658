"""The evidence: everything in one folder, and one signature that no change survives."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from house.source import ROOT
from mien.errors import AuditError, SettingsError
from mien.permission.grant import GrantKind
from mien.service.erase import PhotoTarget
from mien.service.evidence_bundle import Evidence, describe_grant
from mien.service.grants import Narrowing
from permission.samples import make_grant
from service.logs import tamper
from service.stage import DOCUMENTED, Stage, query

GUIDE = ROOT / "docs" / "guide" / "audit.md"


@pytest.fixture
def evidence(stage: Stage) -> Evidence:
    """Of a home in which something was granted, added, narrowed and erased."""
    stage.draw("ann.png", 1)
    stage.draw("ben.png", 2)
    with stage.open(controller="SV Nord e.V.") as library:
        grant = stage.grant(library, "family-album", "press", grantor="Ann Ek")
        stage.grant(
            library,
            kind=GrantKind.CONTRACT,
            grantor="Nordbild Archive",
            **DOCUMENTED | {"retention_days": 90},
        )
        library.add(stage.photos, grant=grant)
        library.narrow(grant, Narrowing(purposes=["press"]))
        library.erase(PhotoTarget(query(stage.home / "catalog.db", "SELECT sha256 FROM photos")[0]))
        return library.export_evidence(stage.folder / "evidence")


def check(
    folder: Path, *key: str, script_in: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs the guide's script in an isolated Python, where nothing of Mien can be imported."""
    script = re.search(
        r"<!-- verify evidence -->\n```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL
    )
    assert script
    place = (script_in or folder.parent) / "check.py"
    place.write_text(script[1], encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-I", str(place), str(folder), *key],
        env={},
        cwd=folder.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text("utf-8"))


def test_the_script_of_the_guide_verifies_it(evidence: Evidence) -> None:
    done = check(evidence.folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert check(evidence.folder, evidence.public_key).returncode == 0


def test_another_key_is_refused(evidence: Evidence, stage: Stage) -> None:
    assert "InvalidSignature" in check(evidence.folder, "ab" * 32).stderr
    with Stage(stage.folder / "other").open() as library:
        other = library.export_evidence(stage.folder / "forged")
    assert check(other.folder).returncode == 0, "by itself it holds"
    assert check(other.folder, evidence.public_key).returncode == 1


def test_all_that_is_asked_for_is_in_it(evidence: Evidence) -> None:
    names = {p.relative_to(evidence.folder).as_posix() for p in evidence.folder.rglob("*.*")}
    (certificate,) = (name for name in names if name.startswith("certificates/"))
    assert names == {
        *("audit/entries.jsonl", "audit/checkpoints.json", "audit/proofs.json"),
        *("audit/successions.json", "audit/key.txt", "audit/verify.py"),
        *("grants.json", certificate, "policy.md", "policy.html", "policy.json", "manifest.json"),
    }
    listed = read(evidence.folder, "manifest.json")["manifest"]["files"]
    assert set(listed) == names - {"manifest.json"} | {"audit/checkpoint"}
    assert (evidence.grants, evidence.certificates) == (2, 1)
    assert evidence.files == len(listed)


def test_the_manifest_names_log_and_policy(evidence: Evidence) -> None:
    manifest = read(evidence.folder, "manifest.json")["manifest"]
    policy = read(evidence.folder, "policy.json")
    assert manifest["type"] == "mien-evidence/1"
    assert manifest["made_at"] == "2030-05-01T12:00:00.000000Z"
    assert manifest["policy_version"] == policy["version"] == evidence.policy_version
    key = (evidence.folder / "audit" / "key.txt").read_text("utf-8")
    assert key.startswith(manifest["audit_log"] + "+")
    assert policy["controller"] == "SV Nord e.V."


def test_the_log_in_it_tells_that_it_was_written(evidence: Evidence) -> None:
    lines = (evidence.folder / "audit" / "entries.jsonl").read_text("utf-8").splitlines()
    last = json.loads(lines[-1])
    assert last["action"] == "evidence-exported"
    assert last["facts"] == {"policy": evidence.policy_version}
    assert str(evidence.folder) not in lines[-1]
    done = subprocess.run(
        [sys.executable, "-I", str(evidence.folder / "audit" / "verify.py")],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, f"{len(lines)} entries" in done.stdout) == (0, True)


def test_grants_are_told_as_they_are_recorded(evidence: Evidence, stage: Stage) -> None:
    own, contract = read(evidence.folder, "grants.json")["grants"]
    assert (own["grantor"], own["purposes"]) == ("Ann Ek", ["press"])
    assert own["scope"] == [f"{stage.photos.as_uri()}/"]
    assert (contract["grantor"], contract["kind"]) == ("Nordbild Archive", "contract")
    assert contract["retention"] == {"days": 90}
    assert contract["bases"] == ["documented_basis"]
    assert contract["revoked_at"] is None
    assert contract["valid_until"] == "2031-05-02T00:00:00.000000Z"


def test_every_field_of_a_grant_is_described() -> None:
    described = describe_grant(make_grant())
    assert isinstance(described, dict)
    assert set(described) == set(type(make_grant()).__slots__)
    assert json.loads(json.dumps(described)) == described


def test_what_has_no_form_in_json_is_no_silent_gap() -> None:
    with pytest.raises(TypeError, match="a grant holds object, which has no form"):
        describe_grant(make_grant(terms=object()))


def test_certificates_are_those_that_were_issued(evidence: Evidence, stage: Stage) -> None:
    (path,) = (evidence.folder / "certificates").iterdir()
    (issued,) = query(stage.home / "catalog.db", "SELECT certificate FROM erasures")
    assert path.read_text("utf-8") == issued
    assert json.loads(issued)["certificate"]["erasure"] == path.stem


def change(name: str, old: str, new: str) -> Callable[[Path], object]:
    def act(folder: Path) -> None:
        text = (folder / name).read_text("utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), "utf-8")

    return act


def swap(first: str, second: str) -> Callable[[Path], object]:
    def act(folder: Path) -> None:
        contents = [(folder / name).read_bytes() for name in (first, second)]
        (folder / first).write_bytes(contents[1])
        (folder / second).write_bytes(contents[0])

    return act


def forge(folder: Path) -> None:
    """A grant invented, and the manifest made to fit it."""
    grants = folder / "grants.json"
    old = sha256(grants.read_bytes()).hexdigest()
    grants.write_text(grants.read_text("utf-8").replace("Ann Ek", "Bea Ek"), "utf-8")
    change("manifest.json", old, sha256(grants.read_bytes()).hexdigest())(folder)


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a grant changed": (change("grants.json", "Ann Ek", "Bea Ek"), "'grants.json'"),
    "a policy changed": (change("policy.md", "SV Nord", "SV Süd"), "'policy.md'"),
    "an entry changed": (change("audit/entries.jsonl", "search", "serach"), "entries.jsonl"),
    "a file removed": (lambda folder: (folder / "policy.html").unlink(), "'policy.html'"),
    "a certificate removed": (
        lambda folder: shutil.rmtree(folder / "certificates"),
        "'certificates/",
    ),
    "a file added": (lambda folder: (folder / "grants2.json").touch(), "'grants2.json'"),
    "a file added below": (
        lambda folder: (folder / "audit" / ".hidden").touch(),
        "'audit/.hidden'",
    ),
    "two files swapped": (swap("policy.md", "policy.html"), "'policy.html', 'policy.md'"),
    "the manifest fitted": (forge, "InvalidSignature"),
    "the date changed": (change("manifest.json", "2030-05-01", "2030-05-02"), "InvalidSignature"),
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), "FileNotFoundError"),
    "a certificate in its place": (
        lambda folder: shutil.copy(
            next((folder / "certificates").iterdir()), folder / "manifest.json"
        ),
        "KeyError: 'manifest'",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_no_change_survives_the_check(evidence: Evidence, name: str) -> None:
    act, expected = CHANGES[name]
    act(evidence.folder)
    done = check(evidence.folder)
    assert (done.returncode, expected in done.stderr) == (1, True), done.stderr


def test_nobody_else_can_read_the_folder(evidence: Evidence) -> None:
    assert evidence.folder.stat().st_mode & 0o077 == 0


def test_what_is_there_is_not_overwritten(evidence: Evidence, stage: Stage) -> None:
    with stage.open() as library:
        before = library.audit().entries()
        with pytest.raises(SettingsError, match="is there already"):
            library.export_evidence(evidence.folder)
        with pytest.raises(SettingsError, match="cannot be made"):
            library.export_evidence(evidence.folder / "policy.md" / "below")
        assert library.audit().entries() == before
    assert check(evidence.folder).returncode == 0


def test_a_log_that_was_tampered_with_gives_no_evidence(stage: Stage) -> None:
    with stage.open() as library:
        for purpose in ("one", "two", "three"):
            stage.grant(library, purpose)
    tamper(stage, "DELETE FROM audit_entries WHERE seq = 1")
    with stage.open() as library, pytest.raises(AuditError, match="lacks entries"):
        library.export_evidence(stage.folder / "evidence")
    assert not (stage.folder / "evidence" / "manifest.json").exists()


def test_an_erased_grantor_is_not_in_the_next_one(evidence: Evidence, stage: Stage) -> None:
    from mien.service.erase import GrantorTarget

    with stage.open() as library:
        library.erase(GrantorTarget("Ann Ek"))
        later = library.export_evidence(stage.folder / "later")
    assert (later.grants, later.certificates) == (1, 2)
    for path in later.folder.rglob("*.*"):
        assert b"Ann Ek" not in path.read_bytes()


def test_no_photo_and_no_face_is_in_it(stage: Stage) -> None:
    stage.draw("Onkel Otto.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        folder = library.export_evidence(stage.folder / "evidence").folder
    catalog = stage.home / "catalog.db"
    private = ["Otto", *query(catalog, "SELECT sha256 FROM photos UNION SELECT uuid FROM faces")]
    assert len(private) == 3
    for path in folder.rglob("*.*"):
        text = path.read_text("utf-8")
        assert [word for word in private if word in text] == [], path.name
