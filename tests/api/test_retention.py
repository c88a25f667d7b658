"""Retention and models over REST."""

from __future__ import annotations

from datetime import timedelta

from mien.permission.caller import Role
from server.door import Door, caller_of, visiting
from service.stage import DOCUMENTED, Stage, query


def test_deadlines_are_told_and_enforced(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        stage.draw("ann.png", 1)
        grant = stage.grant(library, retention_days=30)
        library.create_collection(
            "press", basis="documented_basis", purposes=["press"], assessment="1", retention_days=9
        )
        library.add(stage.photos, grant=grant)
        folder = stage.draw("../press/ben.png", 2).parent
        papers = stage.grant(library, "press", scope=folder, **DOCUMENTED)
        library.add(folder, grant=papers, collection="press")
        told = client.get("/v1/retention").json()
        nothing = client.post("/v1/retention/enforce").json()
        stage.now += timedelta(days=31)
        done = client.post("/v1/retention/enforce").json()
    assert [one["grant_id"] for one in told["grants"]] == [grant, papers]
    assert told["grants"][0]["erase_at"] == "2030-05-31T12:00:00Z"
    assert [one["collection"] for one in told["collections"]] == ["press"]
    assert nothing == {"erasure": None}
    assert done["erasure"]["target"] == "retention"
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM indexed_photos") == [0]


def test_who_is_bound_learns_of_their_own_deadlines(stage: Stage) -> None:
    door = Door({"ann": caller_of(Role.CURATOR, collections=frozenset({"family"}))})
    with stage.open() as library:
        stage.draw("ann.png", 1)
        library.add(stage.photos, grant=stage.grant(library))
        with visiting(library, "ann", door=door) as client:
            assert client.get("/v1/retention").json() == {"grants": [], "collections": []}
            assert client.post("/v1/retention/enforce").status_code == 403


def test_models_are_told_with_their_licences(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "admin") as client:
        listed = {one["model"]: one for one in client.get("/v1/models").json()["items"]}
        one = client.get("/v1/models/sface").json()
        none = client.get("/v1/models/none")
    assert one == listed["sface"]
    assert one["licence"]
    assert (none.status_code, none.json()["code"]) == (404, "not-found")


def test_models_are_for_who_may_operate(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        assert client.get("/v1/models").status_code == 403
        assert client.get("/v1/models/sface").status_code == 403
