"""What regulators demanded about requests: access, no papers, in time, gone, proved (R9-R11)."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from house.source import ROOT
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.case import CaseKind, CaseState, Channel
from mien.service.case import About
from mien.service.cases import CaseDraft, OpenedCase
from mien.testing import draw_photo
from service.inbox import (
    ANN,
    answer,
    faces_of,
    fill,
    found,
    grant_case,
    publish,
    read_json,
    request,
    sha256_of,
)
from service.stage import Stage, query
from service.traces import find_traces, traces_of_photo

GUIDE = ROOT / "docs" / "guide" / "erasure.md"
YEAR = timedelta(days=365)


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        fill(stage, library, days=36_500)
        yield library


def hand_out(stage: Stage, library: Library, opened: OpenedCase, name: str) -> dict[str, Any]:
    return read_json(answer(stage, library, opened, name).folder, "held.json")


def test_r9_the_third_request_in_a_year_over_old_data_is_answered_whole(
    stage: Stage, library: Library
) -> None:
    assert found(library, ANN)
    stage.now += 5 * YEAR + timedelta(days=2)
    faces = tuple(faces_of(stage, "ann.png"))
    documents = []
    for number in range(3):
        stage.now += timedelta(days=60)
        opened = request(library, "access", faces=faces)
        document = hand_out(stage, library, opened, f"answer {number}")
        assert library.cases().close(opened.case.case_id).is_closed
        assert document["photos"][0]["first_seen_at"].startswith("2030-05-01")
        assert [one["time"][:4] for one in document["searches"]] == ["2030"]
        documents.append({**document, "case": "", "as_of": ""})
    assert documents[0] == documents[1] == documents[2]


def test_r9_access_has_a_deadline_of_a_month_that_the_clock_shows(
    stage: Stage, library: Library
) -> None:
    opened = request(library, "access", photos=(sha256_of(stage, "ann.png"),))
    within = timedelta(days=1)
    stage.now += timedelta(days=29)
    assert library.cases().due(within=within) == []
    stage.now += timedelta(days=1)
    assert [case.case_id for case in library.cases().due(within=within)] == [opened.case.case_id]
    assert not library.cases().get(opened.case.case_id).is_overdue(stage.now)
    stage.now += timedelta(days=1, seconds=1)
    assert library.cases().get(opened.case.case_id).is_overdue(stage.now)


def test_r9_everything_is_told_whatever_its_age_state_or_purpose(
    stage: Stage, library: Library
) -> None:
    other = stage.grant(
        library,
        "research",
        bases=[Basis.DOCUMENTED_BASIS],
        assessment="DPIA 7",
        retention_days=9999,
        grantor="B. Other",
    )
    library.add(stage.photos / "ann.png", grant=other, collection="archive")
    library.revoke(other)
    opened = request(library, "access", photos=(sha256_of(stage, "ann.png"),))
    document = hand_out(stage, library, opened, "answer")
    assert {grant["grantor"] for grant in document["grants"]} == {"A. Holder", "B. Other"}
    held = document["photos"][0]["collections"]
    assert [one["collection"] for one in held] == ["default", "archive"]


@pytest.mark.parametrize("kind", ["access", "erasure", "objection"])
@pytest.mark.parametrize("way", ["photo", "face", "link", "grantor"])
def test_r10_no_proof_of_identity_and_no_photo_is_asked_for(
    stage: Stage, library: Library, kind: str, way: str
) -> None:
    ways: dict[str, dict[str, Any]] = {
        "photo": {"photos": (sha256_of(stage, "ann.png"),)},
        "face": {"faces": tuple(faces_of(stage, "ann.png"))},
        "link": {"source": (stage.photos / "ann.png").resolve().as_uri()},
        "grantor": {"grantor": "A. Holder"},
    }
    opened = request(library, kind, requester="somebody", **ways[way])
    if kind != "access":
        grant_case(library, opened)
    answered = answer(stage, library, opened)
    assert answered.is_final
    assert library.cases().close(opened.case.case_id).is_closed
    if kind == "access":
        assert len(read_json(answered.folder, "held.json")["photos"]) >= 1
    else:
        assert "ann.png" not in found(library, ANN)


def test_r10_nothing_in_a_request_has_room_for_a_document() -> None:
    """What a draft can hold is all that can be asked for."""
    fields = {*CaseDraft.__slots__, *About.__slots__}
    assert not [name for name in fields if re.search("passport|identity|document|birth", name)]
    needed = {"kind", "requester"}
    assert CaseDraft(kind=CaseKind.ACCESS, requester="somebody").contact == ""
    assert needed <= fields


def test_r10_a_photo_that_is_handed_in_leaves_no_byte_behind(
    stage: Stage, library: Library
) -> None:
    probe = draw_photo(ANN, seed=4321)
    embedding = library._deployment.vision(threads=1).analyse(probe).faces[0].embedding
    opened = request(library, "access", like=probe)
    assert opened.case.request is not None
    assert len(opened.case.request.lookalikes) == 2
    answer(stage, library, opened)
    library.close()
    traces = {
        "bytes": probe,
        "beginning": probe[:64],
        "end": probe[-64:],
        "embedding": embedding.tobytes(),
        "half embedding": embedding.astype("<f2").tobytes(),
        "hash": hashlib.sha256(probe).digest(),
        "hash in words": hashlib.sha256(probe).hexdigest().encode(),
    }
    assert find_traces(stage.folder, traces) == []


@pytest.mark.parametrize("kind", CaseKind)
def test_r11_the_same_case_is_made_on_every_way_in(
    stage: Stage, library: Library, kind: CaseKind
) -> None:
    corrections = {"credit": "Ann"} if kind is CaseKind.RECTIFICATION else {}
    made = []
    for channel in Channel:
        opened = request(
            library, kind, photos=("ab" * 32,), channel=channel, corrections=corrections
        )
        document = json.loads(opened.acknowledgement)["acknowledgement"]
        assert (document["case"], document["kind"]) == (opened.case.case_id, kind)
        assert document["due_at"] > document["received_at"]
        states = [event.state for event in opened.case.events]
        said = {name: document[name] for name in ("received_at", "due_at", "next")}
        made.append((kind, states, opened.case.due_at, said))
    assert made == [made[0]] * len(Channel)
    assert len(library.cases().list()) == len(Channel)


@pytest.mark.parametrize(
    ("kind", "is_intimate", "hours"),
    [
        ("takedown", False, 30 * 24),
        ("access", False, 31 * 24),
        ("objection", False, 31 * 24),
        ("erasure", False, 31 * 24),
        ("erasure", True, 48),
        ("takedown", True, 48),
    ],
)
def test_r11_every_request_has_its_deadline_and_is_told_before_it(
    stage: Stage, library: Library, kind: str, *, is_intimate: bool, hours: int
) -> None:
    opened = request(library, kind, photos=("ab" * 32,), is_intimate=is_intimate)
    assert opened.case.due_at - opened.case.opened_at == timedelta(hours=hours)
    stage.now += timedelta(hours=hours - 1)
    assert len(library.cases().due(within=timedelta(hours=2))) == 1


def test_r11_no_request_can_be_closed_without_an_answer(stage: Stage, library: Library) -> None:
    for kind in ("takedown", "access", "objection", "erasure"):
        opened = request(library, kind, photos=(sha256_of(stage, "ann.png"),))
        library.cases().decide(opened.case.case_id, is_granted=False, reason="No.")
        with pytest.raises(Exception, match="nobody was answered"):
            library.cases().close(opened.case.case_id)
        assert [case.case_id for case in library.cases().due(within=YEAR)][-1:] != []


def test_r11_what_is_objected_to_is_stopped_first_and_argued_about_later(
    stage: Stage, library: Library
) -> None:
    opened = request(library, "objection", photos=(sha256_of(stage, "ann.png"),))
    quarantined = opened.case.find(CaseState.QUARANTINED)
    assert quarantined is not None
    assert quarantined.at == opened.case.opened_at
    assert "ann.png" not in found(library, ANN)


def test_r5_everything_from_a_site_can_be_deleted(stage: Stage, library: Library) -> None:
    grant = stage.grant(library, scope="https://photos.example.org/", grantor="Photo House")
    path = stage.draw("theirs.png", 5, 6)
    uri = "https://photos.example.org/theirs.jpg"
    assert publish(library, path, uri=uri, grant=grant).photos_new == 1
    seen = library._deployment.vision(threads=1).analyse(path.read_bytes())
    traces = {
        "uri": uri.encode(),
        "thumbnail": seen.thumbnail_jpeg,
        **{f"crop {n}": face.crop_jpeg for n, face in enumerate(seen.faces)},
        **{
            f"template {n}": library._deployment.vault.rotation_of(32)
            .turn(face.embedding[None])
            .astype("<f2")
            .tobytes()
            for n, face in enumerate(seen.faces)
        },
    }
    grant_case(library, request(library, "takedown", host="example.org"))
    assert find_traces(stage.home, traces) == []
    assert library.get_grant(grant).revoked_at is not None
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM photos") == [3]


def test_r5_everything_from_a_source_can_be_deleted(stage: Stage, library: Library) -> None:
    traces = {
        f"{name}: {key}": trace
        for name in ("ann.png", "ben.png", "both.png")
        for key, trace in traces_of_photo(stage, library, stage.photos / name).items()
    }
    grant_case(library, request(library, "erasure", source=stage.photos.resolve().as_uri()))
    assert find_traces(stage.home, traces) == []


def test_r28_the_answer_proves_the_deletion_to_somebody_who_trusts_nobody(
    stage: Stage, library: Library
) -> None:
    opened = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    grant_case(library, opened)
    folder = answer(stage, library, opened).folder
    script = re.search(r"<!-- verify -->\n```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert script
    (folder / "verify.py").write_text(script[1], encoding="utf-8")
    certificate = folder / "certificate-1.json"
    done = verify(folder, certificate)
    assert done.returncode == 0, done.stderr
    assert '"photos": 1' in done.stdout
    forged = certificate.read_text("utf-8").replace('"photos":1', '"photos":2')
    certificate.write_text(forged, "utf-8")
    assert "InvalidSignature" in verify(folder, certificate).stderr


def verify(folder: Path, certificate: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "verify.py", certificate.name],
        cwd=folder,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )


def test_r28_deletion_is_proved_within_the_month(stage: Stage, library: Library) -> None:
    opened = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    stage.now += timedelta(days=3)
    grant_case(library, opened)
    certificate = read_json(answer(stage, library, opened).folder, "certificate-1.json")
    done = date.fromisoformat(certificate["certificate"]["done_at"][:10])
    assert done <= opened.case.due_at.date()
