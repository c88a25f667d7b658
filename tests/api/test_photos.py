"""Photos, faces, people and sources as a server shows them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from api.seen import ARCHIVE, FAMILY, bound_to, fill
from mien.permission.use import Use
from server.door import visiting
from service.enrolled_stage import COLLECTION as MEMBERS
from service.enrolled_stage import add as add_members
from service.enrolling import enrol
from service.stage import Stage

MEDIA = ("thumbnail", "image")


def test_photos_are_listed_a_page_at_a_time(stage: Stage) -> None:
    with stage.open() as library, bound_to(library, FAMILY) as client:
        fill(stage, library)
        seen: list[Any] = []
        cursor: str | None = ""
        for _ in range(3):
            page = client.get(
                "/v1/photos",
                params={"collection": FAMILY, "order": "place", "limit": 1, "cursor": cursor},
            ).json()
            seen += page["items"]
            cursor = page["next_cursor"]
        assert cursor is None
        names = [photo["places"][0]["uri"].rsplit("/", 1)[-1] for photo in seen]
        assert names == ["a1.png", "a2.png", "b.png"]
        assert [len(photo["faces"]) for photo in seen] == [1, 2, 1]
        assert {photo["collection"] for photo in seen} == {FAMILY}
        foreign = client.get("/v1/photos", params={"collection": FAMILY, "cursor": "x"})
        assert (foreign.status_code, foreign.json()["code"]) == (422, "settings")


def test_photos_are_filtered(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "viewer") as client:
        grants = fill(stage, library)

        def count(**terms: str) -> int:
            answer = client.get("/v1/photos", params={"collection": FAMILY, **terms})
            assert answer.status_code == 200, answer.text
            return len(answer.json()["items"])

        assert count() == 3
        assert count(grant=grants[FAMILY]) == 3
        assert count(grant=grants[ARCHIVE]) == 0
        assert count(source=(stage.photos / "family" / "b.png").resolve().as_uri()) == 1
        assert count(added_from="2030-05-01T12:00:00Z") == 3
        assert count(added_from="2030-05-01T12:00:01") == 0
        assert count(added_before="2030-05-01") == 0


@pytest.mark.parametrize("by", ["photo_id", "sha256"])
def test_one_photo_is_told_with_its_faces(stage: Stage, by: str) -> None:
    with stage.open() as library, visiting(library, "viewer") as client:
        fill(stage, library)
        listed = client.get("/v1/photos", params={"collection": FAMILY}).json()["items"][0]
        answer = client.get(f"/v1/photos/{listed[by]}")
        assert answer.json() == listed
        face = client.get(f"/v1/faces/{listed['faces'][0]['face_id']}")
        assert face.json().items() >= listed["faces"][0].items()
        known = client.get(
            f"/v1/photos/{listed[by]}", headers={"If-None-Match": answer.headers["ETag"]}
        )
        assert known.status_code == 304


def test_pictures_are_jpegs_that_a_browser_asks_about_each_time(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "viewer") as client:
        fill(stage, library)
        photo = client.get("/v1/photos", params={"collection": FAMILY}).json()["items"][0]
        paths = [f"/v1/photos/{photo['photo_id']}/{kind}" for kind in MEDIA]
        paths.append(f"/v1/faces/{photo['faces'][0]['face_id']}/crop")
        before = len(library.audit().entries())
        for path in paths:
            answer = client.get(path)
            assert answer.status_code == 200
            with Image.open(io.BytesIO(answer.content)) as picture:
                assert picture.format == "JPEG"
            assert answer.headers["Content-Type"] == "image/jpeg"
            assert answer.headers["Cache-Control"] == "private, no-cache"
            again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
            assert (again.status_code, again.content) == (304, b"")
        viewed = [entry["action"] for entry in library.audit().entries()[before:]]
        assert viewed == ["viewed"], "the one look at a whole photo, once"


def test_a_picture_is_as_large_as_asked(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "viewer") as client:
        fill(stage, library)
        photo = client.get("/v1/photos", params={"collection": FAMILY}).json()["items"][0]
        path = f"/v1/photos/{photo['photo_id']}/image"
        small = client.get(path, params={"longest": 40})
        with Image.open(io.BytesIO(small.content)) as picture:
            assert max(picture.size) == 40
        assert small.headers["ETag"] != client.get(path).headers["ETag"]
        assert client.get(path, params={"longest": 0}).status_code == 422


def test_nobody_sees_a_picture_that_no_grant_allows(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "viewer") as client:
        grants = fill(stage, library)
        photo = client.get("/v1/photos", params={"collection": FAMILY}).json()["items"][0]
        path = f"/v1/photos/{photo['photo_id']}/image"
        etag = client.get(path).headers["ETag"]
        library.revoke(grants[FAMILY])
        for known in ({}, {"If-None-Match": etag}, {"If-None-Match": "*"}):
            answer = client.get(path, headers=known)
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
        refused = client.get("/v1/photos", params={"collection": FAMILY})
        assert (refused.status_code, refused.json()["code"]) == (403, "display-not-granted")


def test_photos_of_one_person_are_listed(stage: Stage) -> None:
    stage.draw("both.png", 1, 2)
    stage.draw("one.png", 1)
    with stage.open() as library, visiting(library, "viewer") as client:
        ada = enrol(stage, library, 1, "Ada")
        bob = enrol(stage, library, 2, "Bob")
        add_members(stage, library)
        page = client.get(f"/v1/people/{bob.uuid}/photos").json()
        (photo,) = page["items"]
        assert photo["collection"] == MEMBERS
        people = [face["person"]["name"] for face in photo["faces"]]
        assert people == ["Ada", "Bob"]
        assert len(client.get(f"/v1/people/{ada.uuid}/photos").json()["items"]) == 2
        nobody = client.get("/v1/people/00000000-0000-0000-0000-000000000000/photos")
        assert nobody.status_code == 404
        with bound_to(library, "elsewhere") as other:
            assert other.get(f"/v1/people/{ada.uuid}/photos").status_code == 404


def test_sources_are_listed_with_what_was_refused(stage: Stage) -> None:
    with stage.open() as library, bound_to(library, FAMILY) as client:
        grants = fill(stage, library)
        (stage.photos / "family" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
        stage.draw("family/new.png", 7)
        library.add(stage.photos, grant=grants[FAMILY], collection=FAMILY)
        (source,) = client.get("/v1/sources").json()["items"]
        assert (source["collection"], source["grant_id"]) == (FAMILY, grants[FAMILY])
        assert [folder["present"] for folder in source["folders"]] == [4]
        run = source["last_run"]
        assert (run["photos_new"], run["failed"], run["refused"]) == (1, 1, 2)
        assert run["reasons"] == {"out-of-scope": 2}
        assert source["reasons"] == []
        library.revoke(grants[FAMILY])
        (source,) = client.get("/v1/sources").json()["items"]
        assert [reason["code"] for reason in source["reasons"]] == ["grant-revoked"]


def test_what_may_be_found_and_not_shown_is_told_without_a_picture(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "viewer") as client:
        hidden = [Use.STORE, Use.TEMPLATE, Use.SEARCH]
        library.add(stage.draw("a.png", 1), grant=stage.grant(library, uses=hidden))
        refused = client.get("/v1/photos")
        assert refused.json()["code"] == "display-not-granted"


@pytest.mark.parametrize("who", ["", "auditor"])
def test_no_photo_is_shown_to_whoever_may_not_look(stage: Stage, who: str) -> None:
    with stage.open() as library:
        fill(stage, library)
        with visiting(library, "viewer") as client:
            photo = client.get("/v1/photos", params={"collection": FAMILY}).json()["items"][0]
        face = photo["faces"][0]["face_id"]
        with visiting(library, who) as client:
            for path in (
                "/v1/photos",
                f"/v1/photos/{photo['photo_id']}",
                *(f"/v1/photos/{photo['photo_id']}/{kind}" for kind in MEDIA),
                f"/v1/faces/{face}",
                f"/v1/faces/{face}/crop",
                "/v1/sources",
            ):
                assert client.get(path).status_code == (403 if who else 401)
