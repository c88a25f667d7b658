"""Attempts of a caller who is bound to one collection to reach what is in another, or is gone."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from api.seen import ARCHIVE, FAMILY, bound_to, fill, post_search, search, search_by
from mien.library import Library
from mien.permission.caller import Role
from mien.service.erase import FacesTarget
from mien.testing import draw_photo
from server.door import Door, caller_of, visiting
from service.stage import PURPOSE, Stage

PROBE = draw_photo(1, seed=9)


def look(library: Library, collection: str) -> dict[str, Any]:
    """A photo and a face of a collection, as somebody sees them who may."""
    with bound_to(library, collection) as client:
        photo = client.get("/v1/photos", params={"collection": collection}).json()["items"][-1]
        found = search(client, PROBE, collection=collection)
    return {"photo": photo, "face": photo["faces"][0]["face_id"], "search": found["search_id"]}


def iter_pictures(seen: dict[str, Any]) -> list[str]:
    photo, face = seen["photo"], seen["face"]
    return [
        *(f"/v1/photos/{photo[name]}" for name in ("photo_id", "sha256")),
        f"/v1/photos/{photo['photo_id']}?collection={ARCHIVE}",
        f"/v1/photos/{photo['photo_id']}/thumbnail",
        f"/v1/photos/{photo['photo_id']}/image",
        f"/v1/photos/{photo['photo_id']}/image?longest=100&collection={ARCHIVE}",
        f"/v1/faces/{face}",
        f"/v1/faces/{face}/crop",
    ]


def test_nothing_of_another_collection_is_looked_at(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        seen = look(library, ARCHIVE)
        with bound_to(library, FAMILY) as client:
            known = {"If-None-Match": "*"}
            for path in iter_pictures(seen):
                for headers in ({}, known):
                    answer = client.get(path, headers=headers)
                    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
            listed = client.get("/v1/photos", params={"collection": ARCHIVE})
            nowhere = client.get("/v1/photos", params={"collection": "nowhere"})
            assert listed.status_code == nowhere.status_code == 404
            assert listed.json()["detail"].replace(ARCHIVE, "X") == nowhere.json()[
                "detail"
            ].replace("nowhere", "X")
            sources = client.get("/v1/sources").json()["items"]
            assert {source["collection"] for source in sources} == {FAMILY}


def test_a_page_of_another_list_opens_nothing(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        with bound_to(library, ARCHIVE) as client:
            first = client.get("/v1/photos", params={"collection": ARCHIVE, "limit": 1}).json()
        with bound_to(library, FAMILY) as client:
            terms = {"collection": FAMILY, "cursor": first["next_cursor"]}
            assert client.get("/v1/photos", params=terms).status_code == 422


def test_a_face_of_another_collection_is_no_probe(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        face = look(library, ARCHIVE)["face"]
        with bound_to(library, FAMILY) as client:
            inside = search_by(client, face)
            made_up = search_by(client, "00000000-0000-0000-0000-000000000000")
            assert inside.status_code == made_up.status_code == 404
            assert inside.json()["code"] == made_up.json()["code"]
            assert search_by(client, face, collection=ARCHIVE).status_code == 403


def say(client: TestClient, search_id: str, face: str, kind: str = "rejected") -> int:
    said = {"search_id": search_id, "face_id": face, "kind": kind}
    return client.post("/v1/judgements", json=said).status_code


def take(client: TestClient, search_id: str, *faces: str) -> int:
    asked = {"search_id": search_id, "faces": faces, "form": "html"}
    return client.post("/v1/exports", json=asked).status_code


def test_nothing_of_another_collection_is_judged_or_taken_along(stage: Stage) -> None:
    """Even the same person's own search, once they may not reach the collection any more."""
    with stage.open() as library:
        fill(stage, library)
        seen = look(library, ARCHIVE)
        with bound_to(library, FAMILY) as client:
            own = search(client, PROBE)
            for search_id in (seen["search"], own["search_id"]):
                assert say(client, search_id, seen["face"]) == 404
                assert take(client, search_id, seen["face"]) == 404


def test_an_answer_of_somebody_else_is_not_ones_own(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        with bound_to(library, FAMILY) as client:
            found = search(client, PROBE)
            face = found["answers"][0]["candidates"][0]["face_id"]
            said = {"search_id": found["search_id"], "face_id": face, "kind": "kept"}
            where = client.post("/v1/judgements", json=said).headers["Location"]
        bob = caller_of(Role.ADMIN, actor="user:bob")
        with visiting(library, "bob", door=Door({"bob": bob})) as client:
            assert say(client, found["search_id"], face) == 404
            assert take(client, found["search_id"], face) == 404
            assert take(client, found["search_id"]) == 404
            assert client.get(where).status_code == 404
            assert client.delete(where).status_code == 404
        with bound_to(library, FAMILY) as client:
            assert client.get(where).json()["kind"] == "kept"


def test_a_grant_revoked_between_search_and_picture_shows_nothing(stage: Stage) -> None:
    with stage.open() as library:
        grants = fill(stage, library)
        with bound_to(library, FAMILY) as client:
            found = search(client, PROBE)
            first = found["answers"][0]["candidates"][0]
            library.revoke(grants[FAMILY])
            for path in (
                f"/v1/faces/{first['face_id']}/crop",
                f"/v1/photos/{first['photo_id']}/thumbnail",
                f"/v1/photos/{first['photo_id']}/image",
            ):
                assert client.get(path).status_code == 404
            assert say(client, found["search_id"], first["face_id"]) == 403
            assert take(client, found["search_id"], first["face_id"]) == 403
            assert search_by(client, first["face_id"]).status_code == 403


def test_a_face_erased_between_search_and_picture_is_gone(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        with bound_to(library, FAMILY) as client:
            found = search(client, PROBE)
            first = found["answers"][0]["candidates"][0]
            library.erase(FacesTarget((first["face_id"],)))
            for path in (
                f"/v1/faces/{first['face_id']}",
                f"/v1/faces/{first['face_id']}/crop",
                f"/v1/photos/{first['photo_id']}/thumbnail",
                f"/v1/photos/{first['photo_id']}/image",
            ):
                assert client.get(path).status_code == 404
            assert say(client, found["search_id"], first["face_id"]) == 404
            assert take(client, found["search_id"], first["face_id"]) == 404
            assert search_by(client, first["face_id"]).status_code == 404


def test_a_purpose_that_is_not_ones_own_is_refused(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        with bound_to(library, FAMILY) as client:
            found = search(client, PROBE)
        face = found["answers"][0]["candidates"][0]["face_id"]
        with bound_to(library, FAMILY, purposes=frozenset({"press"})) as client:
            refused = post_search(client, PROBE, purpose=PURPOSE)
            assert refused.json()["code"] == "purpose-not-yours"
            assert say(client, found["search_id"], face) == 403
            assert take(client, found["search_id"], face) == 403


@pytest.mark.parametrize(
    "path",
    [
        "/v1/photos/..%2f..%2fetc%2fpasswd/image",
        "/v1/photos/%00/image",
        "/v1/photos/' OR 1=1 --",
        "/v1/photos/%25/thumbnail",
        "/v1/faces/../photos",
    ],
)
def test_an_id_that_is_none_finds_nothing(stage: Stage, path: str) -> None:
    with stage.open() as library:
        fill(stage, library)
        with bound_to(library, FAMILY) as client:
            assert client.get(path).status_code in {404, 422}
