"""Collections over REST: made, listed in pages, and never told to those who may not reach them."""

from __future__ import annotations

from typing import Any

import pytest

from mien.permission.caller import Role
from server.door import Door, caller_of, visiting
from service.stage import PURPOSE, Stage

FAMILY = {"name": "family", "basis": "household", "purposes": [PURPOSE]}


def test_a_collection_is_made_and_told(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        made = client.post("/v1/collections", json=FAMILY)
        found = client.get(made.headers["Location"])
    assert made.status_code == 201
    assert made.headers["Location"] == "/v1/collections/family"
    assert made.json() == found.json()
    assert found.json() | {"model": ""} == {
        **FAMILY,
        "model": "",
        "photos": 0,
        "faces": 0,
        "confirmations": 1,
    }


def test_who_made_it_stands_in_the_log(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        client.post("/v1/collections", json=FAMILY)
        shown = library.audit().entry(len(library.audit().entries()) - 1)
    assert shown.entry["action"] == "collection-made"
    assert shown.details is not None
    assert shown.details["actor"] == "user:curator"


def test_a_name_that_is_taken_is_a_conflict(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        answers = [client.post("/v1/collections", json=FAMILY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 409]


def test_the_same_key_makes_it_once(stage: Stage) -> None:
    headers = {"Idempotency-Key": "k"}
    with stage.open() as library, visiting(library, "curator") as client:
        answers = [client.post("/v1/collections", json=FAMILY, headers=headers) for _ in range(2)]
        assert len(library.collections()) == 1
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": ""}, "malformed-request"),
        ({"name": "a/b"}, "malformed-request"),
        ({"basis": "because"}, "malformed-request"),
        ({"owner": "me"}, "malformed-request"),
        ({"purposes": ["Not A Slug"]}, "settings"),
        ({"purposes": ["emotion-recognition"]}, "settings"),
        ({"basis": "documented_basis"}, "settings"),
    ],
)
def test_what_cannot_be_is_told(stage: Stage, changes: dict[str, Any], code: str) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        answer = client.post("/v1/collections", json=FAMILY | changes)
        assert library.collections() == []
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["detail"]


@pytest.mark.parametrize("who", ["viewer", "searcher", "auditor"])
def test_only_who_may_grant_makes_one(stage: Stage, who: str) -> None:
    with stage.open() as library, visiting(library, who) as client:
        assert client.post("/v1/collections", json=FAMILY).status_code == 403
        assert library.collections() == []


@pytest.mark.parametrize(
    ("bound", "reason"),
    [
        ({"collections": frozenset({"club"})}, "collection-not-yours"),
        ({"purposes": frozenset({"press"})}, "purpose-not-yours"),
    ],
)
def test_who_is_bound_makes_no_other(stage: Stage, bound: dict[str, Any], reason: str) -> None:
    door = Door({"ann": caller_of(Role.CURATOR, **bound)})
    with stage.open() as library, visiting(library, "ann", door=door) as client:
        answer = client.post("/v1/collections", json=FAMILY)
    assert (answer.status_code, answer.json()["code"]) == (403, reason)


def test_what_may_not_be_reached_is_as_if_it_were_not_there(stage: Stage) -> None:
    door = Door({"ann": caller_of(Role.VIEWER, collections=frozenset({"family"}))})
    with stage.open() as library:
        library.create_collection("archive", basis="household")
        with visiting(library, "ann", door=door) as client:
            hidden, none = (client.get(f"/v1/collections/{n}") for n in ("archive", "nothing"))
    assert (hidden.status_code, none.status_code) == (404, 404)
    assert hidden.json()["detail"].replace("archive", "nothing") == none.json()["detail"]


def test_a_list_comes_in_pages_by_name(stage: Stage) -> None:
    names, cursor = [], ""
    with stage.open() as library, visiting(library, "viewer") as client:
        for name in "ecbda":
            library.create_collection(name, basis="household")
        for _ in range(3):
            page = client.get("/v1/collections", params={"limit": 2, "cursor": cursor}).json()
            names.append([item["name"] for item in page["items"]])
            cursor = page["next_cursor"] or ""
    assert names == [["a", "b"], ["c", "d"], ["e"]]
    assert not cursor


def test_what_has_not_changed_is_not_sent_again(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "viewer") as client:
        library.create_collection("family", basis="household")
        first = client.get("/v1/collections/family")
        again = client.get(
            "/v1/collections/family", headers={"If-None-Match": first.headers["ETag"]}
        )
        library.add(stage.draw("ann.png", 1), grant=stage.grant(library), collection="family")
        later = client.get(
            "/v1/collections/family", headers={"If-None-Match": first.headers["ETag"]}
        )
    assert (again.status_code, again.content) == (304, b"")
    assert (later.status_code, later.json()["photos"]) == (200, 1)
