"""Erasures over REST: looked at first, done once, and certified for ever."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from mien.library import Library
from mien.permission.caller import Role
from server.door import Door, caller_of, visiting
from service.grouping import groups_of, make_group
from service.stage import Stage, query


def fill(stage: Stage, library: Library) -> str:
    """The grant under which two photos came in."""
    stage.draw("ann.png", 1)
    stage.draw("ben.png", 2)
    grant = stage.grant(library)
    library.add(stage.photos, grant=grant)
    return grant


def column(stage: Stage, what: str) -> list[str]:
    return [str(one) for one in query(stage.home / "catalog.db", what)]


def photos_of(stage: Stage) -> list[str]:
    return column(stage, "SELECT sha256 FROM photos ORDER BY id")


def test_looking_first_changes_nothing(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        fill(stage, library)
        photo, other = photos_of(stage)
        counts = client.post("/v1/erasures/preview", json={"photo": photo}).json()["would_erase"]
        assert photos_of(stage) == [photo, other]
        erased = client.post("/v1/erasures", json={"photo": photo}).json()["erased"]
    assert counts == erased
    assert (counts["photos"], counts["faces"]) == (1, 1)
    assert photos_of(stage) == [other]


def test_an_erasure_leaves_a_certificate(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        fill(stage, library)
        done = client.post("/v1/erasures", json={"photo": photos_of(stage)[0]})
        found = client.get(done.headers["Location"]).json()
        listed = client.get("/v1/erasures").json()["items"]
    assert done.status_code == 201
    assert found["certificate"] == done.json()["certificate"]
    assert listed == [found]
    said = json.loads(found["certificate"])["certificate"]
    assert (said["erasure"], said["target"]) == (done.json()["erasure_id"], "photo")
    assert found["erased_at"] == said["done_at"]


def test_files_outside_are_left_alone_and_told(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        fill(stage, library)
        told = client.post("/v1/erasures", json={"source": stage.photos.as_uri() + "/"}).json()
    assert sorted(told["files_not_touched"]) == sorted(
        path.as_uri() for path in stage.photos.iterdir()
    )
    assert photos_of(stage) == []


@pytest.mark.parametrize("way", ["faces", "grant", "grantor", "before", "photo", "face_group"])
def test_every_way_of_saying_what(stage: Stage, way: str) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        grant = fill(stage, library)
        said: dict[str, Any] = {
            "faces": column(stage, "SELECT uuid FROM faces"),
            "grant": grant,
            "grantor": "A. Holder",
            "before": "2030-06-01",
            "photo": photos_of(stage)[0],
            "face_group": {"name": "ann"},
        }
        faces = column(stage, "SELECT uuid FROM faces")
        make_group(library, groups_of(library, grant), "ann", face_ids=faces[:1])
        answer = client.post("/v1/erasures", json={way: said[way]})
    assert answer.status_code == 201
    assert answer.json()["erased"]["faces"] in {1, 2}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"photo": "ab" * 32, "grantor": "A. Holder"}, 422),
        ({"photo": "not a hash"}, 422),
        ({"source": "/etc"}, 422),
        ({"everything": True}, 422),
        ({"photo": "ab" * 32}, 404),
        ({"person": str(uuid4())}, 404),
        ({"grant": str(uuid4())}, 404),
        ({"face_group": {"name": "nobody"}}, 404),
        ({"face_group": {"name": "nobody", "collection": "nowhere"}}, 404),
        ({"face_group": {"collection": "default"}}, 422),
    ],
)
def test_what_is_not_there_or_not_said_is_told(
    stage: Stage, body: dict[str, Any], status: int
) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        fill(stage, library)
        for path in ("/v1/erasures", "/v1/erasures/preview"):
            assert client.post(path, json=body).status_code == status
        assert client.get("/v1/erasures").json()["items"] == []
    assert len(photos_of(stage)) == 2


def test_the_same_key_erases_once_and_is_answered_from_the_certificate(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        fill(stage, library)
        body = {"photo": photos_of(stage)[0]}
        first, again = (
            client.post("/v1/erasures", json=body, headers={"Idempotency-Key": "k"})
            for _ in range(2)
        )
        assert len(client.get("/v1/erasures").json()["items"]) == 1
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json() | {"files_not_touched": None}
    rows = query(stage.home / "catalog.db", "SELECT location, facts FROM requests")
    assert body["photo"] not in str(rows)


def test_certificates_come_in_pages_in_the_order_of_the_erasures(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        fill(stage, library)
        done = [
            client.post("/v1/erasures", json={"photo": photo}).json()["erasure_id"]
            for photo in photos_of(stage)
        ]
        first = client.get("/v1/erasures", params={"limit": 1}).json()
        cursor = first["next_cursor"]
        second = client.get("/v1/erasures", params={"limit": 1, "cursor": cursor}).json()
    assert [first["items"][0]["erasure_id"], second["items"][0]["erasure_id"]] == done
    assert second["next_cursor"] is None


def test_who_may_not_erases_nothing(stage: Stage) -> None:
    door = Door({"ann": caller_of(Role.ADMIN, collections=frozenset({"family"}))})
    with stage.open() as library:
        fill(stage, library)
        body = {"photo": photos_of(stage)[0]}
        for who in ("viewer", "searcher", "auditor"):
            with visiting(library, who) as client:
                assert client.post("/v1/erasures", json=body).status_code == 403
        with visiting(library, "ann", door=door) as client:
            for path in ("/v1/erasures", "/v1/erasures/preview"):
                assert client.post(path, json=body).json()["code"] == "collection-not-yours"
    assert len(photos_of(stage)) == 2


def test_an_erasure_that_is_not_there(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        assert client.get(f"/v1/erasures/{uuid4()}").status_code == 404
