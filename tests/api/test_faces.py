"""One face beside Amazon's interface: where it was found, by whose leave, and under what name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from starlette.testclient import TestClient

from api.seen import FAMILY, fill
from mien.library import Library
from mien.permission.caller import Operation, Role
from mien.permission.use import Use
from mien.server.app import make_app
from mien.testing import draw_photo
from rekognition.client import KEY_ID, SECRET, Key, make_client
from server.door import Door, caller_of, make_site, visiting
from service.enrolled_stage import COLLECTION as MEMBERS
from service.enrolled_stage import add as add_members
from service.enrolled_stage import name_of
from service.enrolling import enrol
from service.stage import PURPOSE, Stage, query

SHELF = "upload:///phone/"


class Signing:
    """A program with an access key: it calls Amazon's interface, and asks for faces beside it."""

    def __init__(self, server: TestClient) -> None:
        self._server = server
        self.client = make_client(server)

    def get(self, path: str) -> Any:
        request = AWSRequest(method="GET", url=f"http://testserver{path}")
        SigV4Auth(Credentials(KEY_ID, SECRET), "rekognition", "us-east-1").add_auth(request)
        return self._server.get(path, headers=dict(request.headers.items()))

    def index(self, *people: int, name: str = "", collection: str = "people") -> str:
        """The id of the first face of a photo of these people."""
        named = {"ExternalImageId": name} if name else {}
        content = draw_photo(*people, seed=sum(people))
        answer = self.client.index_faces(CollectionId=collection, Image={"Bytes": content}, **named)
        return str(answer["FaceRecords"][0]["Face"]["FaceId"])


@contextmanager
def signing(library: Library, key: Key) -> Iterator[Signing]:
    door = Door(access_keys={KEY_ID: key.as_access()})
    with TestClient(make_app(make_site(library, door))) as server:
        yield Signing(server)


@contextmanager
def program(stage: Stage, *operations: Operation, **terms: Any) -> Iterator[tuple[Signing, str]]:
    """One whose grant allows searching, and no showing unless the terms say so."""
    stage.now = datetime.now(UTC)  # what is signed names the hour
    uses = terms.pop("uses", [Use.STORE, Use.TEMPLATE, Use.SEARCH])
    with stage.open() as library:
        grant = stage.grant(library, PURPOSE, "press", scope=SHELF, uses=uses, **terms)
        bound = {"operations": frozenset(operations)} if operations else {}
        with signing(library, Key(grant, PURPOSE, **bound)) as signed:
            if not operations:
                signed.client.create_collection(CollectionId="people")
            yield signed, grant


def face_of(stage: Stage, collection: str) -> str:
    found = (
        "SELECT f.uuid FROM faces f JOIN collections c ON c.id = f.collection_id "
        "WHERE c.name = ? ORDER BY f.id"
    )
    return str(query(stage.home / "catalog.db", found, collection)[0])


def test_a_face_is_told_with_its_sources_and_what_allows_it(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "viewer") as client:
        grants = fill(stage, library)
        told = client.get(f"/v1/faces/{face_of(stage, FAMILY)}").json()
        (listed,) = [
            photo
            for photo in client.get("/v1/photos", params={"collection": FAMILY}).json()["items"]
            if photo["photo_id"] == told["photo_id"]
        ]
    assert told["places"] == listed["places"]
    assert told["places"][0]["uri"].endswith("/family/a1.png")
    assert told["credit"] == listed["credit"]
    assert (told["width_px"], told["height_px"]) == (listed["width_px"], listed["height_px"])
    assert told["grants"] == [
        {
            "grant_id": grants[FAMILY],
            "grantor": None,
            "purposes": [PURPOSE],
            "valid_until": "2031-05-02T00:00:00Z",
        }
    ]
    assert (told["has_picture"], told["external_image_id"], told["consents"]) == (True, None, [])


@pytest.mark.parametrize(
    ("bounds", "grantor"),
    [
        ({}, "A. Holder"),
        ({"purposes": frozenset({"press"})}, None),
        ({"collections": frozenset({FAMILY})}, "A. Holder"),
    ],
    ids=["everywhere", "for another purpose", "in this collection"],
)
def test_the_grantor_is_told_to_those_who_may_see_the_grant(
    stage: Stage, bounds: dict[str, Any], grantor: str | None
) -> None:
    curator = caller_of(Role.CURATOR, **bounds)
    with (
        stage.open() as library,
        visiting(library, "curator", door=Door({"curator": curator})) as client,
    ):
        fill(stage, library)
        told = client.get(f"/v1/faces/{face_of(stage, FAMILY)}").json()
    assert [grant["grantor"] for grant in told["grants"]] == [grantor]


def test_of_somebody_enrolled_the_consent_is_told(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "viewer") as client:
        enrol(stage, library, 1, name_of(1), purposes=(PURPOSE, "press"))
        stage.draw("ann.png", 1)
        add_members(stage, library)
        path = f"/v1/faces/{face_of(stage, MEMBERS)}"
        told = client.get(path).json()
        assert told["person"]["name"] == name_of(1)
        assert told["consents"] == [
            {
                "state": "ConsentGiven",
                "purposes": sorted([PURPOSE, "press"]),
                "valid_until": "2031-05-02T00:00:00Z",
            }
        ]
        library.people().withdraw(name_of(1))
        assert client.get(path).status_code == 404


def test_a_program_is_told_the_sources_of_what_it_indexed(stage: Stage) -> None:
    """With the same credentials, though its grant allows no picture to be shown."""
    with program(stage) as (signed, grant):
        face_id = signed.index(1, name="holiday:1")
        told = signed.get(f"/v1/faces/{face_id}").json()
        face = signed.client.list_faces(CollectionId="people")["Faces"][0]
    assert (told["face_id"], told["photo_id"]) == (face["FaceId"], face["ImageId"])
    assert told["external_image_id"] == face["ExternalImageId"] == "holiday:1"
    assert told["collection"] == "people"
    assert told["places"][0]["uri"].startswith(SHELF)
    assert told["has_picture"] is False
    (shown,) = told["grants"]
    assert (shown["grant_id"], shown["purposes"]) == (grant, [PURPOSE])
    assert shown["grantor"] == "A. Holder"


def test_a_program_knows_nothing_of_what_others_brought_in(stage: Stage) -> None:
    with program(stage) as (signed, _), stage.open() as library:
        own = signed.index(1, name="mine")
        other = stage.grant(library, uses=list(Use))
        library.add(stage.draw("foreign.png", 2), grant=other, collection="people")
        library.add(stage.draw("apart.png", 3), grant=other, collection="secret")
        uuids = query(stage.home / "catalog.db", "SELECT uuid FROM faces ORDER BY id")
        assert uuids[0] == own
        assert [signed.get(f"/v1/faces/{uuid}").status_code for uuid in uuids] == [200, 404, 404]
        answer = signed.get("/v1/faces?external_image_id=mine&collection=secret")
        assert answer.status_code == 404


def test_faces_are_found_by_the_name_that_a_program_gave_their_photo(stage: Stage) -> None:
    with program(stage) as (signed, _):
        for people in ((1, 2), (3,), (4,)):
            signed.index(*people, name="other" if people == (3,) else "same")
        path = "/v1/faces?external_image_id=same&collection=people&limit=2"
        first = signed.get(path).json()
        assert [one["external_image_id"] for one in first["items"]] == ["same"] * 2
        assert first["items"][0]["photo_id"] == first["items"][1]["photo_id"]
        rest = signed.get(f"{path}&cursor={first['next_cursor']}").json()
        assert len(rest["items"]) == 1
        assert rest["next_cursor"] is None
        seen = [one["face_id"] for one in (*first["items"], *rest["items"])]
        assert len(set(seen)) == 3
        signed.client.delete_faces(CollectionId="people", FaceIds=seen[:2])
        assert len(signed.get(path).json()["items"]) == 1
        nobody = signed.get("/v1/faces?external_image_id=nobody&collection=people").json()
        assert nobody == {"items": [], "next_cursor": None}


def test_a_name_is_looked_up_only_where_it_can_be_one(stage: Stage) -> None:
    with program(stage) as (signed, _):
        for name in ("", "a%20b", "x" * 256):
            answer = signed.get(f"/v1/faces?external_image_id={name}&collection=people")
            assert answer.status_code == 422
        assert signed.get("/v1/faces?collection=people").status_code == 422


def test_a_program_that_may_not_look_is_refused(stage: Stage) -> None:
    with program(stage, Operation.SEARCH) as (signed, _):
        answer = signed.get("/v1/faces?external_image_id=a&collection=people")
    assert (answer.status_code, answer.json()["code"]) == (403, "operation-not-yours")


@pytest.mark.parametrize("is_shown", [True, False], ids=["shown", "not shown"])
def test_a_program_gets_a_picture_only_where_its_grant_allows_showing_it(
    stage: Stage, *, is_shown: bool
) -> None:
    uses = [Use.STORE, Use.TEMPLATE, Use.SEARCH, *([Use.DISPLAY] if is_shown else [])]
    with program(stage, uses=uses) as (signed, _):
        face_id = signed.index(1)
        told = signed.get(f"/v1/faces/{face_id}").json()
        crop = signed.get(f"/v1/faces/{face_id}/crop")
    assert told["has_picture"] is is_shown
    assert crop.status_code == (200 if is_shown else 404)
    assert crop.content.startswith(b"\xff\xd8") is is_shown
