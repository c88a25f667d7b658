"""What regulators demanded of Clearview: deletion (R5, R6), retention (R12), proof (R28)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from house.source import ROOT
from mien.library import Library
from mien.service.erase import (
    BeforeTarget,
    ErasureReport,
    FacesTarget,
    GrantorTarget,
    GrantTarget,
    PhotoTarget,
    SourceTarget,
    Target,
)
from mien.sources.address import folder_scope
from mien.testing import draw_photo
from service.stage import DOCUMENTED, PURPOSE, Stage, counts_of, query
from service.traces import find_traces, traces_of_photo

GUIDE = ROOT / "docs" / "guide" / "erasure.md"


def fill(stage: Stage, library: Library, **terms: object) -> tuple[str, Path]:
    path = stage.draw("ann and ben.png", 1, 2)
    grant = stage.grant(library, **terms)  # type: ignore[arg-type]
    assert library.add(path, grant=grant).faces == 2
    return grant, path


def targets(stage: Stage, grant: str) -> dict[str, Target]:
    catalog = stage.home / "catalog.db"
    return {
        "face": FacesTarget(tuple(query(catalog, "SELECT uuid FROM faces"))),
        "photo": PhotoTarget(query(catalog, "SELECT sha256 FROM photos")[0]),
        "source": SourceTarget(folder_scope(stage.photos)),
        "grantor": GrantorTarget("A. Holder"),
        "grant": GrantTarget(grant),
        "date": BeforeTarget(date(2030, 5, 2)),
    }


@pytest.mark.parametrize("kind", ["face", "photo", "source", "grantor", "grant", "date"])
def test_r5_everything_collected_can_be_deleted(stage: Stage, kind: str) -> None:
    with stage.open() as library:
        grant, path = fill(stage, library)
        traces = traces_of_photo(stage, library, path)
        if kind == "face":  # the photo itself stays
            traces = {name: t for name, t in traces.items() if name.startswith(("face", "thumb"))}
        library.erase(targets(stage, grant)[kind])
        assert library.search(draw_photo(1), purpose=PURPOSE).candidates == ()
    assert find_traces(stage.home, traces) == []


def test_r6_templates_crops_and_keys_are_counted_and_none_is_left(stage: Stage) -> None:
    with stage.open() as library:
        grant, _ = fill(stage, library)
        report = library.erase(targets(stage, grant)["photo"])
    assert report.erased["faces"] == 2
    assert report.erased["sealed_files"] == 1
    assert set(report.left) >= {"faces", "photos", "locations", "keys", "snapshot_faces"}
    assert set(report.left.values()) == {0}
    counts = counts_of(stage.home)
    assert [counts[name] for name in ("faces", "photo keys", "face keys", "blobs")] == [0, 0, 0, 0]


def test_r12_nothing_is_kept_for_ever(stage: Stage) -> None:
    """By time alone: years later, whoever opens the home and searches finds it empty."""
    with stage.open() as library:
        _, path = fill(stage, library, **DOCUMENTED)
        traces = traces_of_photo(stage, library, path)
    stage.now += timedelta(days=90)
    with stage.open() as library:
        library.examine()
    assert find_traces(stage.home, traces) == []


def test_r12_without_a_retention_the_end_of_the_grant_is_the_end(stage: Stage) -> None:
    with stage.open() as library:
        _, path = fill(stage, library, days=365)
        traces = traces_of_photo(stage, library, path)
    stage.now += timedelta(days=365 + 31)
    with stage.open() as library:
        library.examine()
    assert find_traces(stage.home, traces) == []


def test_r28_a_third_party_can_verify_the_deletion(stage: Stage) -> None:
    report = erase_one(stage)
    done = verify(stage, report.certificate)
    assert done.returncode == 0, done.stderr
    assert '"faces": 2' in done.stdout


@pytest.mark.parametrize(
    ("old", "new"),
    [('"faces":2', '"faces":9'), ('"photos":1', '"photos":0'), ("2030-05-01", "2029-05-01")],
)
def test_r28_a_changed_certificate_does_not_verify(stage: Stage, old: str, new: str) -> None:
    report = erase_one(stage)
    assert old in report.certificate
    assert "InvalidSignature" in verify(stage, report.certificate.replace(old, new)).stderr


def test_r28_all_certificates_of_a_deployment_are_signed_with_one_key(stage: Stage) -> None:
    first = erase_one(stage)
    key = json.loads(first.certificate)["public_key"]
    second = erase_one(stage)
    assert verify(stage, second.certificate, key).returncode == 0
    assert verify(stage, second.certificate, "ab" * 32).returncode != 0


def test_r28_a_certificate_names_nobody(stage: Stage) -> None:
    with stage.open() as library:
        grant, path = fill(stage, library)
        traces = traces_of_photo(stage, library, path) | {"grantor": b"A. Holder"}
        report = library.erase(targets(stage, grant)["grantor"])
    assert [name for name, t in traces.items() if t in report.certificate.encode()] == []


def erase_one(stage: Stage) -> ErasureReport:
    with stage.open() as library:
        grant, _ = fill(stage, library)
        return library.erase(targets(stage, grant)["photo"])


def verify(stage: Stage, certificate: str, *key: str) -> subprocess.CompletedProcess[str]:
    """Runs the guide's script where nothing of Mien can be imported."""
    script = re.search(r"<!-- verify -->\n```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert script
    (stage.folder / "verify.py").write_text(script[1], encoding="utf-8")
    (stage.folder / "certificate.json").write_text(certificate, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "verify.py", "certificate.json", *key],
        cwd=stage.folder,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
