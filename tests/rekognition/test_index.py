"""IndexFaces: a photo comes in under the key's grant, is answered at once, and never twice."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from mien.catalog.dossier import find_photo_ids, iter_held
from mien.library import Library
from mien.permission.caller import Operation
from mien.service.erase import FacesTarget, PhotoTarget
from mien.testing import draw_photo
from rekognition.client import Key, calling
from service.stage import Stage, check_sound, counts_of, query

PURPOSE = "family-album"
ANN, BEN, CAT = 3, 40, 77
SHELF = "upload:///phone/"


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    """A household's collection, and a grant for one shelf."""
    with stage.open() as opened:
        stage.grant(opened, scope=SHELF)
        opened.create_collection("people", basis="household")
        yield opened


@pytest.fixture
def client(library: Library) -> Iterator[Any]:
    (grant,) = library.grants()
    with calling(library, Key(grant.grant_id, PURPOSE)) as opened:
        yield opened


def index(client: Any, content: bytes, **members: Any) -> Any:
    members = {"CollectionId": "people", "Image": {"Bytes": content}} | members
    return client.index_faces(**members)


def ids_of(answer: Any) -> list[str]:
    return [record["Face"]["FaceId"] for record in answer["FaceRecords"]]


def refusal(client: Any, content: bytes, **members: Any) -> dict[str, str]:
    with pytest.raises(ClientError) as refused:
        index(client, content, **members)
    error: dict[str, str] = refused.value.response["Error"]
    return error


def test_a_photo_is_indexed_and_found_at_once(library: Library, client: Any) -> None:
    answer = index(client, draw_photo(ANN, BEN), ExternalImageId="holiday:1")
    first, second = answer["FaceRecords"]
    assert first["Face"]["FaceId"] != second["Face"]["FaceId"]
    assert first["Face"]["ImageId"] == second["Face"]["ImageId"]
    assert str(UUID(first["Face"]["ImageId"])) == first["Face"]["ImageId"]
    assert {one["Face"]["ExternalImageId"] for one in (first, second)} == {"holiday:1"}
    assert answer["FaceModelVersion"] == first["Face"]["IndexFacesModelVersion"]
    assert answer["UnindexedFaces"] == []
    result = library.search(draw_photo(ANN, seed=9), purpose=PURPOSE, collection="people")
    assert result.candidates[0].face.stored.uuid == first["Face"]["FaceId"]


def test_runs_stay_few_however_many_photos_come_in_one_by_one(stage: Stage, client: Any) -> None:
    for number in range(4):
        index(client, draw_photo(number, seed=number))
    ((state, counts),) = query(stage.home / "catalog.db", "SELECT state, counts FROM runs")
    assert state == "done"
    assert json.loads(counts) == {
        "photos_new": 4,
        "photos_known": 0,
        "faces": 4,
        "one_by_one": 4,
    }


def test_a_face_is_told_with_its_place_and_how_it_is_seen(client: Any) -> None:
    (record,) = index(client, draw_photo(ANN))["FaceRecords"]
    detail = record["FaceDetail"]
    assert detail["BoundingBox"] == record["Face"]["BoundingBox"]
    assert detail["BoundingBox"] == pytest.approx(
        {"Left": 0.2, "Top": 0.2, "Width": 0.6, "Height": 0.6}
    )
    assert {one["Type"]: (one["X"], one["Y"]) for one in detail["Landmarks"]}["nose"] == (0.5, 0.5)
    assert detail["Confidence"] == record["Face"]["Confidence"] == 100.0
    assert detail["Pose"] == {"Roll": 0.0, "Yaw": 0.0, "Pitch": 0.0}
    assert set(detail) == {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"}


def test_the_photo_lies_sealed_on_the_shelf_of_the_grant(
    stage: Stage, library: Library, client: Any
) -> None:
    content = draw_photo(ANN)
    index(client, content)
    catalog = stage.home / "catalog.db"
    (uri,) = query(catalog, "SELECT uri FROM locations")
    assert uri.startswith(SHELF)
    assert uri.endswith("/photo")
    assert query(catalog, "SELECT count(*) FROM originals") == [1]
    assert not any(content in path.read_bytes() for path in stage.home.rglob("*") if path.is_file())
    check_sound(stage.home)
    assert library.collections()[0].faces == 1


def test_the_same_again_is_the_same_faces_and_nothing_twice(stage: Stage, client: Any) -> None:
    first = index(client, draw_photo(ANN, BEN), ExternalImageId="a")
    before = counts_of(stage.home)
    again = index(client, draw_photo(ANN, BEN), ExternalImageId="a")
    assert ids_of(again) == ids_of(first)
    assert again["FaceRecords"] == first["FaceRecords"]
    assert counts_of(stage.home) == before
    assert query(stage.home / "catalog.db", "SELECT name FROM image_names") == ["a"]


def test_another_name_is_another_name_of_the_same_faces(stage: Stage, client: Any) -> None:
    first = index(client, draw_photo(ANN), ExternalImageId="a")
    before = counts_of(stage.home)
    again = index(client, draw_photo(ANN), ExternalImageId="b")
    assert ids_of(again) == ids_of(first)
    assert again["FaceRecords"][0]["Face"]["ExternalImageId"] == "b"
    assert counts_of(stage.home) == before
    assert query(stage.home / "catalog.db", "SELECT name FROM image_names") == ["a", "b"]


def test_a_photo_that_is_known_from_elsewhere_is_told_with_the_faces_it_has(
    stage: Stage, library: Library, client: Any
) -> None:
    stage.draw("ann-ben.png", ANN, BEN, seed=1)
    library.add(stage.photos, grant=stage.grant(library), collection="people")
    catalog = stage.home / "catalog.db"
    known = set(query(catalog, "SELECT uuid FROM faces"))
    answer = index(client, (stage.photos / "ann-ben.png").read_bytes(), ExternalImageId="x")
    assert set(ids_of(answer)) == known
    assert query(catalog, "SELECT count(*) FROM locations") == [2]
    assert query(catalog, "SELECT count(*) FROM originals") == [1]


def test_a_photo_of_nobody_is_no_error(stage: Stage, client: Any) -> None:
    answer = index(client, draw_photo(), ExternalImageId="empty")
    assert answer["FaceRecords"] == answer["UnindexedFaces"] == []
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM image_names") == [0]


def test_over_the_most_faces_the_worst_are_left_out_and_told(client: Any, stage: Stage) -> None:
    content = draw_photo(ANN, BEN, CAT, blurred=[BEN])
    answer = index(client, content, MaxFaces=2, QualityFilter="NONE")
    assert len(answer["FaceRecords"]) == 2
    (left_out,) = answer["UnindexedFaces"]
    assert left_out["Reasons"] == ["EXCEEDS_MAX_FACES"]
    assert left_out["FaceDetail"]["BoundingBox"]["Left"] == pytest.approx((80 + 16) / 240)
    assert len(left_out["FaceDetail"]["Landmarks"]) == 5
    again = index(client, content, QualityFilter="NONE")
    assert ids_of(again) == ids_of(answer)
    assert again["UnindexedFaces"] == []
    assert query(stage.home / "catalog.db", "SELECT dropped, unfit FROM indexed_photos") == [(1, 0)]


def test_poor_faces_are_left_out_unless_the_filter_says_otherwise(client: Any) -> None:
    content = draw_photo(ANN, BEN, blurred=[BEN])
    answer = index(client, content)
    assert len(answer["FaceRecords"]) == 1
    assert [one["Reasons"] for one in answer["UnindexedFaces"]] == [["LOW_SHARPNESS"]]
    opened = index(client, content, QualityFilter="NONE")
    assert set(ids_of(answer)) < set(ids_of(opened))
    assert len(opened["FaceRecords"]) == 2


def test_whoever_opted_out_does_not_come_in_and_is_not_pointed_at(
    stage: Stage, library: Library, client: Any
) -> None:
    library.optouts().face(draw_photo(BEN, seed=9), consent="asked in writing")
    answer = index(client, draw_photo(ANN, BEN))
    assert len(answer["FaceRecords"]) == 1
    assert answer["UnindexedFaces"] == []
    result = library.search(draw_photo(ANN, seed=3), purpose=PURPOSE, collection="people")
    assert result.faces_searched == 1


def test_all_that_is_known_goes_with_the_photo_its_name_too(
    stage: Stage, library: Library, client: Any
) -> None:
    content = draw_photo(ANN)
    index(client, content, ExternalImageId="ann_example")
    (sha256,) = query(stage.home / "catalog.db", "SELECT sha256 FROM photos")
    library.erase(PhotoTarget(sha256))
    assert set(counts_of(stage.home).values()) <= {0, 1}
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM image_names") == [0]
    assert b"ann_example" not in (stage.home / "catalog.db").read_bytes()


def test_whoever_is_in_a_photo_is_told_what_it_was_called(
    stage: Stage, library: Library, client: Any
) -> None:
    index(client, draw_photo(ANN), ExternalImageId="ann_example")
    (sha256,) = query(stage.home / "catalog.db", "SELECT sha256 FROM photos")
    with library.parts.deployment.database.reading() as connection:
        ids = find_photo_ids(connection, PhotoTarget(sha256).select(connection))
        (held,) = iter_held(connection, ids)
    assert held.names == ("ann_example",)


def test_a_name_goes_with_the_only_face(stage: Stage, library: Library, client: Any) -> None:
    (face_id,) = ids_of(index(client, draw_photo(ANN), ExternalImageId="ann_example"))
    library.erase(FacesTarget((face_id,)))
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM image_names") == [0]
    assert ids_of(index(client, draw_photo(ANN))) == []


@pytest.mark.parametrize("attributes", [[], ["DEFAULT"], ["ALL"]], ids=["none", "default", "all"])
def test_whoever_asks_for_all_attributes_goes_on(client: Any, attributes: list[str]) -> None:
    (record,) = index(client, draw_photo(ANN), DetectionAttributes=attributes)["FaceRecords"]
    assert "AgeRange" not in record["FaceDetail"]


def test_a_trait_is_refused_before_anything_is_kept(stage: Stage, client: Any) -> None:
    refused = refusal(client, draw_photo(ANN), DetectionAttributes=["EMOTIONS"])
    assert refused["Code"] == "AccessDeniedException"
    assert "infers no traits" in refused["Message"]
    assert counts_of(stage.home)["photos"] == 0


def test_a_collection_that_is_not_there_is_not_made(client: Any, library: Library) -> None:
    for name in ("others", "nobodys"):
        refused = refusal(client, draw_photo(ANN), CollectionId=name)
        assert refused["Code"] == "ResourceNotFoundException"
    assert [one.name for one in library.collections()] == ["people"]


def test_a_key_that_may_not_add_is_refused(library: Library) -> None:
    (grant,) = library.grants()
    key = Key(grant.grant_id, PURPOSE, operations=frozenset({Operation.SEARCH}))
    with calling(library, key) as client:
        refused = refusal(client, draw_photo(ANN))
    assert refused["Code"] == "AccessDeniedException"
    assert "operation-not-yours" in refused["Message"]


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("revoked", "grant-revoked"),
        ("folder", "out-of-scope"),
        ("purpose", "purpose-not-granted"),
        ("basis", "basis-mismatch"),
    ],
)
def test_what_the_grant_does_not_cover_is_refused_with_the_reason(
    stage: Stage, what: str, reason: str
) -> None:
    with stage.open() as library:
        scope = None if what == "folder" else SHELF
        grant_id = stage.grant(library, scope=scope)
        basis = "enrolled_only" if what == "basis" else "household"
        library.create_collection("people", basis=basis)
        if what == "revoked":
            library.revoke(grant_id)
        purpose = "research" if what == "purpose" else PURPOSE
        with calling(library, Key(grant_id, purpose)) as client:
            refused = refusal(client, draw_photo(ANN))
        assert refused["Code"] == "AccessDeniedException"
        if what not in {"revoked", "basis"}:
            assert reason in refused["Message"]
        assert counts_of(stage.home)["photos"] == 0


def test_a_grant_of_several_shelves_does_not_say_which(stage: Stage) -> None:
    with stage.open() as library:
        library.create_collection("people", basis="household")
        grant_id = library.grant(
            SHELF,
            "upload:///desk/",
            grantor="A. Holder",
            purposes=[PURPOSE],
            basis="household",
            until=stage.now.date().replace(year=stage.now.year + 1, day=1),
        ).grant_id
        with calling(library, Key(grant_id, PURPOSE)) as client:
            refused = refusal(client, draw_photo(ANN))
    assert refused["Code"] == "InvalidParameterException"
    assert "several shelves" in refused["Message"]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"ExternalImageId": "with blanks"}, "InvalidParameterException"),
        ({"ExternalImageId": "x" * 256}, "InvalidParameterException"),
        ({"QualityFilter": "BEST"}, "InvalidParameterException"),
        ({"DetectionAttributes": ["HAIR"]}, "InvalidParameterException"),
        ({"Image": {}}, "InvalidParameterException"),
        ({"Image": {"Bytes": b"no photo"}}, "InvalidImageFormatException"),
    ],
    ids=["pattern", "length", "filter", "attribute", "no-image", "no-photo"],
)
def test_members_are_checked_here(client: Any, members: dict[str, Any], code: str) -> None:
    assert refusal(client, draw_photo(ANN), **members)["Code"] == code


def test_a_damaged_photo_keeps_nothing(stage: Stage, client: Any) -> None:
    whole = io.BytesIO()
    Image.new("RGB", (200, 200)).save(whole, "JPEG")
    refused = refusal(client, whole.getvalue()[:-300])
    assert refused["Code"] == "InvalidImageFormatException"
    assert counts_of(stage.home)["blobs"] == 0
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM runs") == [0]
