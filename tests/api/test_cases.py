"""Cases over REST: opened in words or by a photo, decided, answered as a ZIP archive."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from mien.permission.caller import Role
from mien.testing import draw_photo
from server.door import Door, caller_of, visiting
from service.stage import PURPOSE, Stage, names_of, query


def ann_of(stage: Stage) -> str:
    return hashlib.sha256((stage.photos / "ann.png").read_bytes()).hexdigest()


def open_case(client: TestClient, **changes: Any) -> Any:
    body = {"kind": "access", "requester": "Ann", **changes}
    return client.post("/v1/cases", json=body)


def fill(stage: Stage, library: Any) -> None:
    stage.draw("ann.png", 1)
    stage.draw("ben.png", 2)
    library.add(stage.photos, grant=stage.grant(library))


def test_a_request_is_received_and_acknowledged(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        opened = open_case(client, contact="ann@example.org")
        case = opened.json()["case"]
        path = opened.headers["Location"]
        assert client.get(path).json() == case
        again = client.get(f"{path}/acknowledgement").json()["acknowledgement"]
    assert opened.status_code == 201
    assert (case["kind"], case["state"], case["channel"]) == ("access", "received", "api")
    assert case["about"] == {"person": "Ann"}
    assert case["due_at"] == "2030-06-01T12:00:00Z"
    said = json.loads(opened.json()["acknowledgement"])["acknowledgement"]
    assert said == json.loads(again)["acknowledgement"]


def test_what_a_takedown_means_is_hidden_at_once_and_erased_when_granted(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        fill(stage, library)
        opened = open_case(client, kind="takedown", about={"photos": [ann_of(stage)]})
        path = opened.headers["Location"]
        hidden = names_of(library.search(draw_photo(1), purpose=PURPOSE, min_score=0.5))
        decided = client.post(f"{path}/decide", json={"is_granted": True})
        answer = client.post(f"{path}/answer")
        closed = client.post(f"{path}/close").json()
        left = query(stage.home / "catalog.db", "SELECT count(*) FROM photos")
    assert (opened.json()["held"], hidden) == (1, [])
    assert decided.json()["state"] == "verified"
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()
        assert {"letter.md", "acknowledgement.json", "certificate-1.json"} <= set(names)
        assert archive.testzip() is None
    assert closed["state"] == "closed"
    assert left == [1]


def test_a_refusal_gives_its_reason_and_what_was_hidden_comes_back(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        fill(stage, library)
        path = open_case(client, kind="takedown", about={"photos": [ann_of(stage)]}).headers[
            "Location"
        ]
        silent = client.post(f"{path}/decide", json={"is_granted": False})
        told = client.post(f"{path}/decide", json={"is_granted": False, "reason": "Not theirs."})
        back = names_of(library.search(draw_photo(1), purpose=PURPOSE, min_score=0.5))
        anew = client.post(f"{path}/decide", json={"is_granted": True})
    assert (silent.status_code, told.status_code, anew.status_code) == (422, 200, 409)
    assert "reason" in silent.json()["detail"]
    assert back == ["ann.png"]


def test_somebody_is_found_by_their_photo_and_somebody_looks(stage: Stage) -> None:
    ann = draw_photo(1, seed=9)
    form = {"kind": "erasure", "requester": "Ann"}
    with stage.open() as library, visiting(library, "curator") as client:
        fill(stage, library)
        opened = client.post("/v1/cases/by-photo", data=form, files={"photo": ("me.png", ann)})
        path, case = opened.headers["Location"], opened.json()["case"]
        early = client.post(f"{path}/decide", json={"is_granted": True})
        look = client.post(f"{path}/answer")
        faces = [one["face_id"] for one in case["lookalikes"]]
        wrong = client.post(f"{path}/confirm", json={"faces": [str(uuid4())]})
        client.post(f"{path}/confirm", json={"faces": faces})
        done = client.post(f"{path}/decide", json={"is_granted": True}).json()
        left = query(stage.home / "catalog.db", "SELECT count(*) FROM faces")
    assert len(faces) == 1
    assert (early.status_code, wrong.status_code) == (409, 422)
    assert "for-you-to-check" in look.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(look.content)) as archive:
        assert f"for-you-to-check/{faces[0]}.jpg" in archive.namelist()
    assert done["state"] == "verified"
    assert left == [1]
    kept = [path.read_bytes() for path in stage.home.rglob("*") if path.is_file()]
    assert not [content for content in kept if ann in content]


def test_the_other_side_is_heard(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        fill(stage, library)
        path = open_case(client, kind="takedown", about={"host": "example.org"}).headers["Location"]
        heard = client.post(f"{path}/counter", json={"name": "Ben", "statement": "It is mine."})
        access = open_case(client).headers["Location"]
        other = client.post(f"{access}/counter", json={"name": "Ben", "statement": "It is mine."})
    assert heard.json()["events"][-1]["details"]["did"] == "countered"
    assert other.status_code == 409


def test_what_is_due_first_comes_first_and_closed_ones_wait(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        later = open_case(client, requester="Ben").json()["case"]["case_id"]
        sooner = open_case(
            client,
            kind="takedown",
            about={"host": "example.org"},
            is_intimate=True,
        ).json()["case"]["case_id"]
        listed = [one["case_id"] for one in client.get("/v1/cases").json()["items"]]
        client.post(f"/v1/cases/{sooner}/decide", json={"is_granted": False, "reason": "No."})
        client.post(f"/v1/cases/{sooner}/answer")
        client.post(f"/v1/cases/{sooner}/close")
        still = [one["case_id"] for one in client.get("/v1/cases").json()["items"]]
        stage.now += timedelta(days=40)
        everything = client.get("/v1/cases", params={"include_closed": True}).json()["items"]
    assert listed == [sooner, later]
    assert still == [later]
    assert [(one["case_id"], one["is_overdue"]) for one in everything] == [
        (sooner, False),
        (later, True),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"requester": " "},
        {"kind": "takedown"},
        {"kind": "revenge"},
        {"about": {"host": "example.org", "person": "Ann"}},
        {"about": {"source": "/etc"}},
        {"about": {"photos": ["ab"]}},
        {"corrections": {"name": "Eva"}},
        {"like": "/etc/passwd"},
    ],
)
def test_what_cannot_be_meant_is_told(stage: Stage, changes: dict[str, Any]) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        answer = open_case(client, **changes)
        assert library.cases().list() == []
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_the_same_key_opens_one_case(stage: Stage) -> None:
    body = {"kind": "access", "requester": "Ann"}
    with stage.open() as library, visiting(library, "curator") as client:
        first, again = (
            client.post("/v1/cases", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)
        )
        assert len(library.cases().list()) == 1
    assert first.json() | {"held": None} == again.json()


@pytest.mark.parametrize("who", ["viewer", "searcher", "auditor"])
def test_who_handles_no_cases_learns_of_none(stage: Stage, who: str) -> None:
    with stage.open() as library:
        with visiting(library, "curator") as client:
            path = open_case(client).headers["Location"]
        with visiting(library, who) as client:
            answers = [
                client.get("/v1/cases"),
                client.get(path),
                client.post(f"{path}/answer"),
                open_case(client),
            ]
    assert [answer.status_code for answer in answers] == [403] * 4


def test_who_is_bound_to_a_collection_handles_no_cases_of_all(stage: Stage) -> None:
    door = Door({"ann": caller_of(Role.CURATOR, collections=frozenset({"family"}))})
    with stage.open() as library, visiting(library, "ann", door=door) as client:
        answers = [client.get("/v1/cases"), open_case(client)]
    assert [answer.json()["code"] for answer in answers] == ["collection-not-yours"] * 2


def test_a_case_that_is_not_there(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        assert client.get(f"/v1/cases/{uuid4()}").status_code == 404
        assert client.post(f"/v1/cases/{uuid4()}/answer").status_code == 404
