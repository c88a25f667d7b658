"""Users: made, given faces, searched, and deleted; their faces stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mien.testing import draw_photo
from rekognition.conformance.endpoint import Endpoint
from rekognition.conformance.photos import ANN, BEN, DAD, MOM, draw_nobody
from rekognition.conformance.proofs import Status, proves
from rekognition.conformance.test_index import UNKNOWN
from rekognition.conformance.test_search import MODEL, SCALE

MOST_FACES = 100


@pytest.fixture
def users(wire: Endpoint) -> Iterator[str]:
    """A collection without users."""
    with wire.collection("users") as collection_id:
        yield collection_id


@pytest.fixture(scope="module")
def family(endpoint: Endpoint) -> Iterator[str]:
    """A collection with a user of two faces, and one of one."""
    with endpoint.collection("more-users") as collection_id:
        for name, photos in {
            "dad": (endpoint.photos.of(DAD), endpoint.photos.of(DAD, take=1)),
            "ann": (endpoint.photos.of(ANN),),
        }.items():
            _make_user(endpoint, collection_id, name, *photos)
        yield collection_id


@pytest.fixture
def couple(endpoint: Endpoint) -> Iterator[str]:
    """A collection with two users of one face each, to do something to."""
    with endpoint.collection("couples") as collection_id:
        for name, who in {"dad": DAD, "ann": ANN}.items():
            _make_user(endpoint, collection_id, name, endpoint.photos.of(who))
        yield collection_id


@proves("CreateUserRequest", "CollectionId", "UserId")
@proves("ListUsersRequest", "CollectionId")
@proves("ListUsersResponse", "Users")
@proves("User", "UserId", "UserStatus")
def test_a_user_is_made_and_listed(wire: Endpoint, users: str) -> None:
    made = wire.client.create_user(CollectionId=users, UserId="ann:1")
    assert set(made) == {"ResponseMetadata"}
    (user,) = wire.client.list_users(CollectionId=users)["Users"]
    assert user == {"UserId": "ann:1", "UserStatus": "CREATED"}
    assert wire.client.describe_collection(CollectionId=users)["UserCount"] == 1


def test_a_user_that_is_there_is_not_made_again(wire: Endpoint, users: str) -> None:
    wire.client.create_user(CollectionId=users, UserId="ann")
    with wire.refusing("ConflictException"):
        wire.client.create_user(CollectionId=users, UserId="ann")


@proves("CreateUserRequest", "ClientRequestToken")
def test_what_is_asked_twice_is_done_once(wire: Endpoint, users: str) -> None:
    asked = {"CollectionId": users, "ClientRequestToken": "a-token_1"}
    wire.client.create_user(**asked, UserId="ann")
    wire.client.create_user(**asked, UserId="ann")
    assert len(wire.client.list_users(CollectionId=users)["Users"]) == 1
    with wire.refusing("IdempotentParameterMismatchException") as refusal:
        wire.client.create_user(**asked, UserId="ben")
    assert refusal.message == (
        "The ClientRequestToken: a-token_1 you have supplied is already in use."
    )


@proves("ListUsersRequest", "MaxResults", "NextToken")
@proves("ListUsersResponse", "NextToken")
def test_pages_show_each_user_once(wire: Endpoint, users: str) -> None:
    for name in ("ann", "ben", "cid"):
        wire.client.create_user(CollectionId=users, UserId=name)
    pages = wire.client.get_paginator("list_users").paginate(
        CollectionId=users, PaginationConfig={"PageSize": 2}
    )
    found = [user["UserId"] for page in pages for user in page["Users"]]
    assert sorted(found) == ["ann", "ben", "cid"]
    with wire.refusing("InvalidPaginationTokenException"):
        wire.client.list_users(CollectionId=users, NextToken="x" * 40)


@proves("AssociateFacesRequest", "CollectionId", "UserId", "FaceIds")
@proves("AssociateFacesResponse", "AssociatedFaces", "UserStatus")
@proves("AssociatedFace", "FaceId")
@proves("ListFacesRequest", "UserId")
@proves("Face", "UserId")
def test_faces_of_a_user_are_listed_by_their_id(endpoint: Endpoint, couple: str) -> None:
    (other,) = endpoint.index(couple, endpoint.photos.of(ANN, take=1))
    found = endpoint.client.associate_faces(CollectionId=couple, UserId="ann", FaceIds=[other])
    assert found["AssociatedFaces"] == [{"FaceId": other}]
    assert found.get("UnsuccessfulFaceAssociations", []) == []
    assert found["UserStatus"] in {"ACTIVE", "UPDATING"}
    listed = endpoint.client.list_faces(CollectionId=couple, UserId="ann")["Faces"]
    assert len(listed) == 2
    assert {face["UserId"] for face in listed} == {"ann"}
    assert other in {face["FaceId"] for face in listed}


@proves("AssociateFacesRequest", "ClientRequestToken")
def test_a_face_that_is_tied_to_the_user_already_is_left_out(wire: Endpoint, users: str) -> None:
    asked = _make_user(wire, users, "dad", wire.photos.of(DAD))
    found = wire.client.associate_faces(**asked, ClientRequestToken="another")
    assert found.get("AssociatedFaces", []) == []
    assert found.get("UnsuccessfulFaceAssociations", []) == []


@proves("AssociateFacesResponse", "UnsuccessfulFaceAssociations")
@proves("UnsuccessfulFaceAssociation", "FaceId", "UserId", "Reasons")
def test_faces_of_others_and_of_nobody_are_named(wire: Endpoint, users: str) -> None:
    (face,) = _make_user(wire, users, "dad", wire.photos.of(DAD))["FaceIds"]
    wire.client.create_user(CollectionId=users, UserId="ann")
    found = wire.client.associate_faces(CollectionId=users, UserId="ann", FaceIds=[face, UNKNOWN])
    told = {one["FaceId"]: one for one in found["UnsuccessfulFaceAssociations"]}
    assert told[face]["Reasons"] == ["ASSOCIATED_TO_A_DIFFERENT_USER"]
    assert told[face]["UserId"] == "dad"
    assert told[UNKNOWN]["Reasons"] == ["FACE_NOT_FOUND"]
    assert found.get("AssociatedFaces", []) == []


@proves("AssociateFacesRequest", "UserMatchThreshold")
@proves("UnsuccessfulFaceAssociation", "Confidence", status=Status.DIFFERS, why=SCALE)
def test_a_face_of_somebody_else_is_not_taken_for_the_user_s(
    endpoint: Endpoint, couple: str
) -> None:
    (stranger,) = endpoint.index(couple, endpoint.photos.of(BEN))
    asked = {"CollectionId": couple, "UserId": "dad", "FaceIds": [stranger]}
    (told,) = endpoint.client.associate_faces(**asked)["UnsuccessfulFaceAssociations"]
    assert told["Reasons"] == ["LOW_MATCH_CONFIDENCE"]
    assert told["Confidence"] < 75
    taken = endpoint.client.associate_faces(**asked, UserMatchThreshold=0)
    assert taken["AssociatedFaces"] == [{"FaceId": stranger}]


def test_a_user_has_a_hundred_faces_and_no_more(wire: Endpoint, users: str) -> None:
    wire.differs("so many faces are drawn quicker than found")
    photos = [draw_photo(*range(start, start + 51)) for start in (0, 51)]
    faces = [face for photo in photos for face in wire.index(users, photo)]
    wire.client.create_user(CollectionId=users, UserId="all")
    asked = {"CollectionId": users, "UserId": "all", "UserMatchThreshold": 0}
    wire.client.associate_faces(**asked, FaceIds=faces[:MOST_FACES])
    listed = wire.client.list_faces(CollectionId=users, UserId="all")["Faces"]
    assert len(listed) == MOST_FACES
    with wire.refusing("ServiceQuotaExceededException"):
        wire.client.associate_faces(**asked, FaceIds=faces[MOST_FACES : MOST_FACES + 1])


@proves("DisassociateFacesRequest", "CollectionId", "UserId", "FaceIds", "ClientRequestToken")
@proves(
    "DisassociateFacesResponse",
    *("DisassociatedFaces", "UnsuccessfulFaceDisassociations", "UserStatus"),
)
@proves("DisassociatedFace", "FaceId")
@proves("UnsuccessfulFaceDisassociation", "FaceId", "Reasons")
def test_faces_are_taken_from_a_user_and_stay(wire: Endpoint, users: str) -> None:
    asked = _make_user(wire, users, "dad", wire.photos.of(DAD))
    found = wire.client.disassociate_faces(**asked | {"FaceIds": [*asked["FaceIds"], UNKNOWN]})
    assert found["DisassociatedFaces"] == [{"FaceId": asked["FaceIds"][0]}]
    (told,) = found["UnsuccessfulFaceDisassociations"]
    assert (told["FaceId"], told["Reasons"]) == (UNKNOWN, ["FACE_NOT_FOUND"])
    assert found["UserStatus"] in {"ACTIVE", "UPDATING", "CREATED"}
    (face,) = wire.client.list_faces(CollectionId=users)["Faces"]
    assert "UserId" not in face


@proves("UnsuccessfulFaceDisassociation", "UserId")
def test_a_face_of_another_user_is_not_taken_from_them(wire: Endpoint, users: str) -> None:
    (face,) = _make_user(wire, users, "dad", wire.photos.of(DAD))["FaceIds"]
    wire.client.create_user(CollectionId=users, UserId="ann")
    found = wire.client.disassociate_faces(CollectionId=users, UserId="ann", FaceIds=[face])
    (told,) = found["UnsuccessfulFaceDisassociations"]
    assert told["Reasons"] == ["ASSOCIATED_TO_A_DIFFERENT_USER"]
    assert told["UserId"] == "dad"
    assert len(wire.client.list_faces(CollectionId=users, UserId="dad")["Faces"]) == 1


@proves("UnsuccessfulFaceDeletion", "UserId")
def test_a_face_of_a_user_is_not_deleted(wire: Endpoint, users: str) -> None:
    (face,) = _make_user(wire, users, "dad", wire.photos.of(DAD))["FaceIds"]
    found = wire.client.delete_faces(CollectionId=users, FaceIds=[face])
    assert found["DeletedFaces"] == []
    assert found["UnsuccessfulFaceDeletions"] == [
        {"FaceId": face, "UserId": "dad", "Reasons": ["ASSOCIATED_TO_AN_EXISTING_USER"]}
    ]
    assert wire.client.describe_collection(CollectionId=users)["FaceCount"] == 1


@proves("DeleteUserRequest", "CollectionId", "UserId", "ClientRequestToken")
def test_the_faces_of_a_deleted_user_stay(wire: Endpoint, users: str) -> None:
    _make_user(wire, users, "dad", wire.photos.of(DAD))
    gone = wire.client.delete_user(CollectionId=users, UserId="dad")
    assert set(gone) == {"ResponseMetadata"}
    assert wire.client.list_users(CollectionId=users)["Users"] == []
    (face,) = wire.client.list_faces(CollectionId=users)["Faces"]
    assert "UserId" not in face
    with wire.refusing("ResourceNotFoundException"):
        wire.client.delete_user(CollectionId=users, UserId="dad")


@pytest.mark.parametrize("operation", ["associate_faces", "disassociate_faces", "search_users"])
def test_a_user_that_is_not_there_is_not_found(wire: Endpoint, users: str, operation: str) -> None:
    faces = {} if operation == "search_users" else {"FaceIds": [UNKNOWN]}
    with wire.refusing("ResourceNotFoundException"):
        getattr(wire.client, operation)(CollectionId=users, UserId="nobody", **faces)


@proves("SearchUsersRequest", "CollectionId", "FaceId")
@proves("SearchUsersResponse", "UserMatches", "SearchedFace")
@proves("SearchUsersResponse", "FaceModelVersion", status=Status.DIFFERS, why=MODEL)
@proves("UserMatch", "User")
@proves("UserMatch", "Similarity", status=Status.DIFFERS, why=SCALE)
@proves("MatchedUser", "UserId", "UserStatus")
@proves("SearchedFace", "FaceId")
def test_a_face_finds_the_user_it_shows(endpoint: Endpoint, family: str) -> None:
    (face,) = endpoint.index(family, endpoint.photos.of(DAD, take=2))
    found = endpoint.client.search_users(CollectionId=family, FaceId=face)
    (match,) = found["UserMatches"]
    assert match["User"]["UserId"] == "dad"
    assert match["Similarity"] >= 80
    assert found["SearchedFace"] == {"FaceId": face}
    assert "SearchedUser" not in found


@proves("SearchUsersRequest", "UserId", "UserMatchThreshold", "MaxUsers")
@proves("SearchUsersResponse", "SearchedUser")
@proves("SearchedUser", "UserId")
def test_a_user_finds_others_and_not_themselves(endpoint: Endpoint, family: str) -> None:
    asked = {"CollectionId": family, "UserId": "dad"}
    found = endpoint.client.search_users(**asked)
    assert found["UserMatches"] == []
    assert found["SearchedUser"] == {"UserId": "dad"}
    everybody = endpoint.client.search_users(**asked, UserMatchThreshold=0, MaxUsers=1)
    assert [match["User"]["UserId"] for match in everybody["UserMatches"]] == ["ann"]


def test_users_are_searched_by_exactly_one_of_face_and_user(wire: Endpoint, users: str) -> None:
    (face,) = _make_user(wire, users, "dad", wire.photos.of(DAD))["FaceIds"]
    for asked in ({}, {"UserId": "dad", "FaceId": face}):
        with wire.refusing("InvalidParameterException"):
            wire.client.search_users(CollectionId=users, **asked)


@proves("SearchUsersByImageRequest", "CollectionId", "Image")
@proves("SearchUsersByImageResponse", "UserMatches", "SearchedFace", "UnsearchedFaces")
@proves("SearchUsersByImageResponse", "FaceModelVersion", status=Status.DIFFERS, why=MODEL)
@proves("SearchedFaceDetails", "FaceDetail")
@proves("UnsearchedFace", "FaceDetails", "Reasons")
def test_the_largest_face_of_a_photo_finds_its_user(endpoint: Endpoint, family: str) -> None:
    photo = endpoint.photos.together(ANN, BEN)
    found = endpoint.client.search_users_by_image(CollectionId=family, Image={"Bytes": photo})
    (match,) = found["UserMatches"]
    assert match["User"] == {"UserId": "ann", "UserStatus": "ACTIVE"}
    (other,) = found["UnsearchedFaces"]
    assert other["Reasons"] == ["FACE_NOT_LARGEST"]
    searched = found["SearchedFace"]["FaceDetail"]["BoundingBox"]
    assert searched["Left"] < other["FaceDetails"]["BoundingBox"]["Left"]


@proves("SearchUsersByImageRequest", "UserMatchThreshold", "MaxUsers")
def test_a_photo_finds_as_many_users_as_are_wanted(endpoint: Endpoint, family: str) -> None:
    asked = {"CollectionId": family, "Image": {"Bytes": endpoint.photos.of(DAD, take=2)}}
    everybody = endpoint.client.search_users_by_image(**asked, UserMatchThreshold=0)
    assert [match["User"]["UserId"] for match in everybody["UserMatches"]] == ["dad", "ann"]
    first = endpoint.client.search_users_by_image(**asked, UserMatchThreshold=0, MaxUsers=1)
    assert [match["User"]["UserId"] for match in first["UserMatches"]] == ["dad"]


def test_a_photo_of_nobody_finds_no_user_and_is_no_error(wire: Endpoint, users: str) -> None:
    found = wire.client.search_users_by_image(CollectionId=users, Image={"Bytes": draw_nobody()})
    assert found["UserMatches"] == []
    assert "SearchedFace" not in found


@proves("SearchUsersByImageRequest", "QualityFilter")
def test_a_blurred_face_finds_a_user_unless_it_is_filtered_out(wire: Endpoint, users: str) -> None:
    _make_user(wire, users, "ann", wire.photos.of(ANN))
    asked = {"CollectionId": users, "Image": {"Bytes": wire.photos.blurred(ANN)}}
    assert "SearchedFace" in wire.client.search_users_by_image(**asked)
    found = wire.client.search_users_by_image(**asked, QualityFilter="HIGH")
    assert found["UserMatches"] == []
    assert "SearchedFace" not in found
    (left,) = found["UnsearchedFaces"]
    assert left["Reasons"]


def test_users_of_one_collection_are_not_those_of_another(wire: Endpoint, users: str) -> None:
    _make_user(wire, users, "mom", wire.photos.of(MOM))
    with wire.collection("made") as other:
        wire.client.create_user(CollectionId=other, UserId="mom")
        assert wire.client.list_faces(CollectionId=other, UserId="mom")["Faces"] == []


def _make_user(wire: Endpoint, collection_id: str, name: str, *photos: bytes) -> dict[str, Any]:
    """Somebody with the faces of the photos; as the faces were asked to be theirs."""
    wire.client.create_user(CollectionId=collection_id, UserId=name)
    faces = [face for photo in photos for face in wire.index(collection_id, photo)]
    asked = {"CollectionId": collection_id, "UserId": name, "FaceIds": faces}
    wire.client.associate_faces(**asked)
    return asked
