"""Opt-outs over REST: photos, sources and faces that stay out."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import uuid4

import pytest

from mien.permission.caller import Role
from mien.testing import draw_photo
from server.door import Door, caller_of, visiting
from service.stage import Stage, query


def fill(stage: Stage, library: Any) -> str:
    stage.draw("ann.png", 1)
    stage.draw("ben.png", 2)
    grant = stage.grant(library)
    library.add(stage.photos, grant=grant)
    return grant


def photos_of(stage: Stage) -> list[str]:
    return [str(one) for one in query(stage.home / "catalog.db", "SELECT sha256 FROM photos")]


def sha256_of(stage: Stage, name: str) -> str:
    return hashlib.sha256((stage.photos / name).read_bytes()).hexdigest()


def test_a_photo_by_its_hash_is_erased_and_stays_out(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        grant = fill(stage, library)
        ann = sha256_of(stage, "ann.png")
        answer = client.post("/v1/opt-outs/items", json={"photos": [ann]})
        library.add(stage.photos, grant=grant)
        listed = client.get("/v1/opt-outs").json()["items"]
    assert answer.status_code == 201
    assert answer.json()["erasure"]["erased"]["photos"] == 1
    assert answer.json()["optouts"] == listed
    assert (listed[0]["level"], listed[0]["kept_out"]) == ("item", ann)
    assert photos_of(stage) == [sha256_of(stage, "ben.png")]


def test_a_photo_itself_is_known_by_how_it_looks_and_not_kept(stage: Stage) -> None:
    photo = draw_photo(7, seed=7)
    with stage.open() as library, visiting(library, "curator") as client:
        fill(stage, library)
        answer = client.post("/v1/opt-outs/photos", files=[("photos", ("me.png", photo))])
    (kept_out,) = answer.json()["optouts"]
    assert (kept_out["finds_copies"], answer.json()["erasure"]) == (True, None)
    kept = [path.read_bytes() for path in stage.home.rglob("*") if path.is_file()]
    assert not [content for content in kept if photo in content]


def test_a_source_stays_out(stage: Stage) -> None:
    body = {"address": stage.photos.as_uri() + "/"}
    with stage.open() as library, visiting(library, "curator") as client:
        fill(stage, library)
        answer = client.post("/v1/opt-outs/sources", json=body)
    assert answer.json()["optouts"][0]["level"] == "source"
    assert photos_of(stage) == []


def test_a_face_stays_out_and_is_not_shown(stage: Stage) -> None:
    files = {"photo": ("me.png", draw_photo(1, seed=3))}
    with stage.open() as library, visiting(library, "curator") as client:
        fill(stage, library)
        answer = client.post(
            "/v1/opt-outs/faces", data={"consent": "their letter of May"}, files=files
        )
    (kept_out,) = answer.json()["optouts"]
    assert (kept_out["level"], kept_out["kept_out"], kept_out["fmr"]) == ("face", None, 1e-3)
    assert answer.json()["erasure"]["erased"]["faces"] == 1
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM faces") == [1]


@pytest.mark.parametrize(
    ("way", "body"),
    [
        ("items", {"photos": ["/etc/passwd"]}),
        ("items", {"photos": []}),
        ("sources", {"address": "/etc"}),
        ("sources", {"address": "../photos"}),
        ("sources", {}),
    ],
)
def test_what_names_a_file_of_the_server_is_refused(
    stage: Stage, way: str, body: dict[str, Any]
) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        assert client.post(f"/v1/opt-outs/{way}", json=body).status_code == 422
        assert library.optouts().list() == []


@pytest.mark.parametrize("data", [{}, {"consent": " "}, {"consent": "yes", "fmr": "0.5"}])
def test_a_face_needs_somebody_who_wants_it(stage: Stage, data: dict[str, str]) -> None:
    files = {"photo": ("me.png", draw_photo(1))}
    with stage.open() as library, visiting(library, "curator") as client:
        assert client.post("/v1/opt-outs/faces", data=data, files=files).status_code == 422
        assert library.optouts().list() == []


def test_the_same_key_opts_out_once_and_tells_the_same(stage: Stage) -> None:
    headers = {"Idempotency-Key": "k"}
    with stage.open() as library, visiting(library, "curator") as client:
        fill(stage, library)
        body = {"photos": [sha256_of(stage, "ann.png")]}
        first, again = (
            client.post("/v1/opt-outs/items", json=body, headers=headers).json() for _ in range(2)
        )
    assert again["optouts"] == first["optouts"]
    assert again["erasure"] == first["erasure"] | {"files_not_touched": None}


def test_an_opt_out_is_lifted_with_a_reason(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        made = client.post("/v1/opt-outs/items", json={"photos": ["ab" * 32]}).json()
        path = f"/v1/opt-outs/{made['optouts'][0]['optout_id']}/lift"
        silent = client.post(path, json={"reason": " "})
        report = client.post(path, json={"reason": "They called."}).json()
        gone = client.post(path, json={"reason": "They called."})
        assert library.optouts().list() == []
    assert (silent.status_code, gone.status_code) == (422, 404)
    assert json.loads(report["certificate"])["certificate"]["target"] == "suppression"


def test_who_may_not_learns_nothing(stage: Stage) -> None:
    door = Door({"ann": caller_of(Role.CURATOR, collections=frozenset({"family"}))})
    with stage.open() as library:
        with visiting(library, "searcher") as client:
            assert client.get("/v1/opt-outs").status_code == 403
        with visiting(library, "ann", door=door) as client:
            bound = client.post("/v1/opt-outs/items", json={"photos": ["ab" * 32]})
            assert bound.json()["code"] == "collection-not-yours"
            assert (
                client.post(f"/v1/opt-outs/{uuid4()}/lift", json={"reason": "x"}).status_code == 403
            )
        assert library.optouts().list() == []
