"""Faces: indexed, listed and deleted, and photos that show none or too many."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from mien.testing import draw_photo
from rekognition.conformance.endpoint import Endpoint
from rekognition.conformance.photos import ANN, BEN, DAD, MOM, draw_nobody
from rekognition.conformance.proofs import Status, proves

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def indexed(endpoint: Endpoint) -> Iterator[str]:
    with endpoint.collection("indexed") as collection_id:
        yield collection_id


@pytest.fixture
def deleted(wire: Endpoint) -> Iterator[str]:
    """A collection to list and to delete from."""
    with wire.collection("deleted") as collection_id:
        yield collection_id


@proves("IndexFacesRequest", "CollectionId", "Image")
@proves("Image", "Bytes")
@proves("IndexFacesResponse", "FaceRecords")
@proves("IndexFacesResponse", "OrientationCorrection", status=Status.EMPTY)
@proves(
    "IndexFacesResponse",
    "FaceModelVersion",
    status=Status.DIFFERS,
    why="the model of your own, as digits and dots",
)
@proves("FaceRecord", "Face", "FaceDetail")
@proves("Face", "FaceId", "BoundingBox", "ImageId", "ExternalImageId", "Confidence")
@proves(
    "Face",
    "IndexFacesModelVersion",
    status=Status.DIFFERS,
    why="the model of your own, as digits and dots",
)
@proves("FaceDetail", "BoundingBox", "Landmarks", "Pose", "Quality", "Confidence")
@proves("BoundingBox", "Width", "Height", "Left", "Top")
@proves("Landmark", "X", "Y")
@proves("Pose", "Roll", "Yaw", "Pitch")
@proves(
    "ImageQuality",
    *("Brightness", "Sharpness"),
    status=Status.DIFFERS,
    why="measured otherwise, on a scale of 0 to 100 too",
)
def test_a_face_is_indexed_with_all_that_is_known_of_it(endpoint: Endpoint, indexed: str) -> None:
    found = endpoint.client.index_faces(
        CollectionId=indexed,
        Image={"Bytes": endpoint.photos.of(DAD)},
        ExternalImageId="photos:dad-1.jpg",
    )
    (record,) = found["FaceRecords"]
    assert found["UnindexedFaces"] == []
    face, detail = record["Face"], record["FaceDetail"]
    assert UUID.fullmatch(face["FaceId"])
    assert UUID.fullmatch(face["ImageId"])
    assert face["ExternalImageId"] == "photos:dad-1.jpg"
    assert face["IndexFacesModelVersion"] == found["FaceModelVersion"]
    assert face["BoundingBox"] == detail["BoundingBox"]
    assert face["Confidence"] > 50
    assert "UserId" not in face
    assert _is_within(face["BoundingBox"])
    assert {"eyeLeft", "eyeRight", "nose"} <= {one["Type"] for one in detail["Landmarks"]}


def test_faces_come_largest_first(endpoint: Endpoint, indexed: str) -> None:
    found = endpoint.client.index_faces(
        CollectionId=indexed, Image={"Bytes": endpoint.photos.together(DAD, MOM)}
    )
    areas = [_area(record["Face"]["BoundingBox"]) for record in found["FaceRecords"]]
    assert len(areas) == 2
    assert areas == sorted(areas, reverse=True)
    assert len({record["Face"]["FaceId"] for record in found["FaceRecords"]}) == 2
    assert len({record["Face"]["ImageId"] for record in found["FaceRecords"]}) == 1


@proves("IndexFacesRequest", "MaxFaces")
@proves("UnindexedFace", "Reasons", "FaceDetail")
def test_more_faces_than_wanted_are_named_and_not_stored(endpoint: Endpoint, indexed: str) -> None:
    found = endpoint.client.index_faces(
        CollectionId=indexed, Image={"Bytes": endpoint.photos.together(DAD, MOM)}, MaxFaces=1
    )
    assert len(found["FaceRecords"]) == 1
    (left,) = found["UnindexedFaces"]
    assert left["Reasons"] == ["EXCEEDS_MAX_FACES"]
    assert left["FaceDetail"]["BoundingBox"] != found["FaceRecords"][0]["Face"]["BoundingBox"]
    assert endpoint.client.describe_collection(CollectionId=indexed)["FaceCount"] == 1


def test_the_same_photo_by_the_same_name_is_stored_once(endpoint: Endpoint, indexed: str) -> None:
    photo = endpoint.photos.of(DAD)
    first = endpoint.index(indexed, photo, ExternalImageId="dad")
    again = endpoint.index(indexed, photo, ExternalImageId="dad")
    assert again in (first, [])
    assert endpoint.client.describe_collection(CollectionId=indexed)["FaceCount"] == 1


@proves(
    "IndexFacesRequest",
    "ExternalImageId",
    status=Status.DIFFERS,
    why="the same photo by another name is the same faces, not others",
)
def test_the_same_photo_by_another_name_is_the_same_faces(wire: Endpoint, deleted: str) -> None:
    wire.differs("a photo's faces are held once")
    photo = wire.photos.of(DAD)
    first = wire.index(deleted, photo, ExternalImageId="dad")
    assert wire.index(deleted, photo, ExternalImageId="father") == first
    assert wire.client.describe_collection(CollectionId=deleted)["FaceCount"] == 1


@proves(
    "IndexFacesResponse",
    "UnindexedFaces",
    status=Status.DIFFERS,
    why="told when a photo comes in, and not of one that is known already",
)
def test_what_is_left_out_is_told_the_first_time(wire: Endpoint, deleted: str) -> None:
    wire.differs("nothing is kept of faces that are left out")
    asked = {"CollectionId": deleted, "Image": {"Bytes": wire.photos.together(DAD, MOM)}}
    first = wire.client.index_faces(**asked, MaxFaces=1)
    again = wire.client.index_faces(**asked, MaxFaces=1)
    assert (len(first["UnindexedFaces"]), len(again["UnindexedFaces"])) == (1, 0)
    assert len(again["FaceRecords"]) == 1


def test_no_more_than_a_hundred_faces_of_a_photo_are_indexed(wire: Endpoint, deleted: str) -> None:
    wire.differs("so many faces are drawn quicker than found")
    found = wire.client.index_faces(CollectionId=deleted, Image={"Bytes": draw_photo(*range(101))})
    assert len(found["FaceRecords"]) == 100
    assert wire.client.describe_collection(CollectionId=deleted)["FaceCount"] == 100


def test_a_photo_of_nobody_indexes_nothing(wire: Endpoint, deleted: str) -> None:
    found = wire.client.index_faces(CollectionId=deleted, Image={"Bytes": draw_nobody()})
    assert found["FaceRecords"] == []
    assert found["UnindexedFaces"] == []


@proves("IndexFacesRequest", "QualityFilter")
def test_a_blurred_face_is_left_out_unless_it_is_wanted(wire: Endpoint, deleted: str) -> None:
    image = {"Bytes": wire.photos.blurred(ANN)}
    by_default = wire.client.index_faces(CollectionId=deleted, Image=image)
    assert by_default["FaceRecords"] == []
    (left,) = by_default["UnindexedFaces"]
    assert "EXCEEDS_MAX_FACES" not in left["Reasons"]
    assert left["Reasons"]
    wanted = wire.client.index_faces(CollectionId=deleted, Image=image, QualityFilter="NONE")
    assert len(wanted["FaceRecords"]) == 1


@proves(
    "IndexFacesRequest",
    "DetectionAttributes",
    status=Status.DIFFERS,
    why="ALL is answered like DEFAULT, a trait by its name is refused: none is inferred",
)
@proves(
    "FaceDetail",
    *("AgeRange", "Smile", "Eyeglasses", "Sunglasses", "Gender", "Beard", "Mustache"),
    *("EyesOpen", "MouthOpen", "Emotions", "FaceOccluded", "EyeDirection"),
    status=Status.REFUSED,
    why="nothing of a person's traits is inferred",
)
def test_traits_are_not_told_with_an_indexed_face(wire: Endpoint, deleted: str) -> None:
    wire.differs("nothing of a person's traits is inferred")
    found = wire.client.index_faces(
        CollectionId=deleted,
        Image={"Bytes": wire.photos.of(MOM)},
        DetectionAttributes=["ALL"],
    )
    (record,) = found["FaceRecords"]
    assert set(record["FaceDetail"]) == {
        *("BoundingBox", "Confidence", "Landmarks", "Pose", "Quality")
    }


@proves("ListFacesRequest", "CollectionId", "MaxResults", "NextToken")
@proves("ListFacesResponse", "Faces", "NextToken")
@proves(
    "ListFacesResponse",
    "FaceModelVersion",
    status=Status.DIFFERS,
    why="the model of your own, as digits and dots",
)
def test_pages_show_each_face_once(wire: Endpoint, deleted: str) -> None:
    stored = [wire.index(deleted, wire.photos.of(who))[0] for who in (DAD, MOM, ANN)]
    pages = wire.client.get_paginator("list_faces").paginate(
        CollectionId=deleted, PaginationConfig={"PageSize": 2}
    )
    found = [face["FaceId"] for page in pages for face in page["Faces"]]
    assert sorted(found) == sorted(stored)


@proves("ListFacesRequest", "FaceIds")
def test_only_the_faces_that_are_named_are_listed(wire: Endpoint, deleted: str) -> None:
    first, second = (wire.index(deleted, wire.photos.of(who))[0] for who in (DAD, MOM))
    found = wire.client.list_faces(CollectionId=deleted, FaceIds=[second, UNKNOWN])
    assert [face["FaceId"] for face in found["Faces"]] == [second]
    assert first != second


def test_a_listed_face_is_the_face_that_was_indexed(endpoint: Endpoint, indexed: str) -> None:
    stored = endpoint.client.index_faces(
        CollectionId=indexed, Image={"Bytes": endpoint.photos.of(BEN)}, ExternalImageId="ben"
    )
    found = endpoint.client.list_faces(CollectionId=indexed)
    face, listed = stored["FaceRecords"][0]["Face"], found["Faces"][0]
    assert listed.keys() == face.keys()
    for name in ("FaceId", "ImageId", "ExternalImageId", "IndexFacesModelVersion"):
        assert listed[name] == face[name]
    for name, ratio in listed["BoundingBox"].items():
        assert ratio == pytest.approx(face["BoundingBox"][name], abs=1e-4)
    assert listed["Confidence"] == pytest.approx(face["Confidence"], abs=0.1)


@proves("DeleteFacesRequest", "CollectionId", "FaceIds")
@proves("DeleteFacesResponse", "DeletedFaces")
def test_a_deleted_face_is_gone(wire: Endpoint, deleted: str) -> None:
    gone, kept = (wire.index(deleted, wire.photos.of(who))[0] for who in (DAD, MOM))
    found = wire.client.delete_faces(CollectionId=deleted, FaceIds=[gone])
    assert found["DeletedFaces"] == [gone]
    assert found.get("UnsuccessfulFaceDeletions", []) == []
    listed = wire.client.list_faces(CollectionId=deleted)["Faces"]
    assert [face["FaceId"] for face in listed] == [kept]
    assert wire.client.describe_collection(CollectionId=deleted)["FaceCount"] == 1


@proves("DeleteFacesResponse", "UnsuccessfulFaceDeletions")
@proves("UnsuccessfulFaceDeletion", "FaceId", "Reasons")
def test_a_face_that_is_not_there_is_named(wire: Endpoint, deleted: str) -> None:
    (gone,) = wire.index(deleted, wire.photos.of(DAD))
    found = wire.client.delete_faces(CollectionId=deleted, FaceIds=[gone, UNKNOWN])
    assert found["DeletedFaces"] == [gone]
    assert found["UnsuccessfulFaceDeletions"] == [
        {"FaceId": UNKNOWN, "Reasons": ["FACE_NOT_FOUND"]}
    ]


def _area(box: dict[str, float]) -> float:
    return box["Width"] * box["Height"]


def _is_within(box: dict[str, float]) -> bool:
    right, bottom = box["Left"] + box["Width"], box["Top"] + box["Height"]
    return min(box["Left"], box["Top"]) > -0.2 and max(right, bottom) < 1.2 and _area(box) > 0
