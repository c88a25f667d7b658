"""Three programs as they are written for Amazon Rekognition, run on real photos.

Each is a program of our own in the manner of many public ones: everything but the tests at the
end would run unchanged against Amazon's service, and with MIEN_CONFORMANCE_ENDPOINT=aws it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from rekognition.conformance.endpoint import AWS, CHOSEN, Endpoint
from rekognition.process import REAL

pytestmark = [
    pytest.mark.real,
    pytest.mark.parametrize("endpoint", [AWS if CHOSEN == AWS else REAL], indirect=True),
]

FAMILY = {
    "dad": ("Family1-Dad1", "Family1-Dad2"),
    "mom": ("Family1-Mom1", "Family1-Mom2"),
    "lady": ("Family2-Lady1", "Family2-Lady2"),
}


@pytest.fixture
def collection(endpoint: Endpoint) -> Iterator[str]:
    with endpoint.collection("flow") as collection_id:
        yield collection_id


# A folder of photos, indexed under the names of its files, and who is on another photo.


def index_folder(client: Any, collection_id: str, paths: Iterable[Path]) -> dict[str, str]:
    """The file's name for each face."""
    names = {}
    for path in paths:
        answer = client.index_faces(
            CollectionId=collection_id,
            Image={"Bytes": path.read_bytes()},
            ExternalImageId=path.name,
            MaxFaces=1,
            QualityFilter="AUTO",
            DetectionAttributes=["DEFAULT"],
        )
        for record in answer["FaceRecords"]:
            names[record["Face"]["FaceId"]] = path.name
    return names


def who_is_on(client: Any, collection_id: str, path: Path) -> list[str]:
    """Names of files with the same person, most similar first; nobody where no face is seen."""
    try:
        answer = client.search_faces_by_image(
            CollectionId=collection_id,
            Image={"Bytes": path.read_bytes()},
            FaceMatchThreshold=90,
            MaxFaces=5,
        )
    except client.exceptions.InvalidParameterException:
        return []
    return [match["Face"]["ExternalImageId"] for match in answer["FaceMatches"]]


# Users, each with the faces of several photos, found by a photo or by a face.


def enrol(client: Any, collection_id: str, photos: Mapping[str, Iterable[Path]]) -> None:
    for user_id, paths in photos.items():
        client.create_user(CollectionId=collection_id, UserId=user_id)
        faces = []
        for path in paths:
            answer = client.index_faces(
                CollectionId=collection_id, Image={"Bytes": path.read_bytes()}, MaxFaces=1
            )
            faces += [record["Face"]["FaceId"] for record in answer["FaceRecords"]]
        answer = client.associate_faces(
            CollectionId=collection_id, UserId=user_id, FaceIds=faces, UserMatchThreshold=70
        )
        refused = answer["UnsuccessfulFaceAssociations"]
        if refused:
            raise RuntimeError(f"{user_id}: {refused}")


def find_users(client: Any, collection_id: str, path: Path) -> list[str]:
    answer = client.search_users_by_image(
        CollectionId=collection_id,
        Image={"Bytes": path.read_bytes()},
        UserMatchThreshold=80,
        MaxUsers=3,
    )
    return [match["User"]["UserId"] for match in answer["UserMatches"]]


def forget_user(client: Any, collection_id: str, user_id: str) -> int:
    """The user with all of their faces, which deleting the user alone would leave."""
    pages = client.get_paginator("list_faces").paginate(CollectionId=collection_id, UserId=user_id)
    faces = [face["FaceId"] for page in pages for face in page["Faces"]]
    client.disassociate_faces(CollectionId=collection_id, UserId=user_id, FaceIds=faces)
    gone = client.delete_faces(CollectionId=collection_id, FaceIds=faces)["DeletedFaces"]
    client.delete_user(CollectionId=collection_id, UserId=user_id)
    return len(gone)


# Two photos, and whether they show the same person.


def is_same_person(client: Any, one: Path, other: Path, *, threshold: float = 90) -> bool:
    answer = client.compare_faces(
        SourceImage={"Bytes": one.read_bytes()},
        TargetImage={"Bytes": other.read_bytes()},
        SimilarityThreshold=threshold,
    )
    return any(match["Similarity"] >= threshold for match in answer["FaceMatches"])


def test_every_smiling_photo_finds_the_neutral_one(
    endpoint: Endpoint, collection: str, data_folder: Path
) -> None:
    london = data_folder / "london"
    neutral = sorted(london.glob("*_neutral.jpg"))[:6]
    names = index_folder(endpoint.client, collection, neutral)
    assert sorted(names.values()) == [path.name for path in neutral]
    for path in neutral:
        smiling = london / path.name.replace("neutral", "smiling")
        assert who_is_on(endpoint.client, collection, smiling)[:1] == [path.name]


def test_a_stranger_is_nobody(endpoint: Endpoint, collection: str, data_folder: Path) -> None:
    families = data_folder / "families"
    index_folder(endpoint.client, collection, [families / "Family1-Dad1.jpg"])
    assert who_is_on(endpoint.client, collection, families / "Family2-Lady1.jpg") == []


def test_users_of_several_photos_are_found_until_they_are_forgotten(
    endpoint: Endpoint, collection: str, data_folder: Path
) -> None:
    families = data_folder / "families"
    photos = {
        name: [families / f"{one}.jpg" for one in FAMILY[name][: 2 if name == "dad" else 1]]
        for name in FAMILY
    }
    enrol(endpoint.client, collection, photos)
    third = families / "Family1-Dad3.jpg"
    assert find_users(endpoint.client, collection, third) == ["dad"]
    assert find_users(endpoint.client, collection, families / "Family2-Lady2.jpg") == ["lady"]
    assert forget_user(endpoint.client, collection, "dad") == 2
    assert find_users(endpoint.client, collection, third) == []
    described = endpoint.client.describe_collection(CollectionId=collection)
    assert (described["FaceCount"], described["UserCount"]) == (2, 2)


@pytest.mark.parametrize("name", FAMILY)
def test_two_photos_of_one_person_are_told_from_two_people(
    endpoint: Endpoint, data_folder: Path, name: str
) -> None:
    one, other = (data_folder / "families" / f"{photo}.jpg" for photo in FAMILY[name])
    stranger = data_folder / "london" / "001_neutral.jpg"
    assert is_same_person(endpoint.client, one, other)
    assert not is_same_person(endpoint.client, one, stranger)
