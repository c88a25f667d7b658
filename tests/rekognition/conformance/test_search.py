"""Searching with a face, with a photo, and comparing two photos."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rekognition.conformance.endpoint import Endpoint
from rekognition.conformance.photos import ANN, BEN, DAD, MOM, draw_nobody
from rekognition.conformance.proofs import Status, proves
from rekognition.conformance.test_index import UNKNOWN

NO_FACES = "There are no faces in the image. Should be at least 1."
MODEL = "the model of your own, as digits and dots"
SCALE = "of Mien's own calibration: each threshold is a false match rate, see above"

Shelf = dict[str, str]


@pytest.fixture(scope="module")
def collection(endpoint: Endpoint) -> Iterator[str]:
    with endpoint.collection("searched") as collection_id:
        yield collection_id


@pytest.fixture(scope="module")
def faces(endpoint: Endpoint, collection: str) -> Shelf:
    """Two photos of one person and one each of two others: their faces by name."""
    photos = {
        "dad-1": endpoint.photos.of(DAD),
        "dad-2": endpoint.photos.of(DAD, take=1),
        "ann": endpoint.photos.of(ANN),
        "ben": endpoint.photos.of(BEN),
    }
    return {
        name: endpoint.index(collection, photo, ExternalImageId=name)[0]
        for name, photo in photos.items()
    }


@proves("SearchFacesByImageRequest", "CollectionId", "Image")
@proves(
    "SearchFacesByImageResponse",
    *("SearchedFaceBoundingBox", "SearchedFaceConfidence", "FaceMatches"),
)
@proves("SearchFacesByImageResponse", "FaceModelVersion", status=Status.DIFFERS, why=MODEL)
@proves("FaceMatch", "Face")
@proves("FaceMatch", "Similarity", status=Status.DIFFERS, why=SCALE)
def test_another_photo_finds_those_of_the_same_person(
    endpoint: Endpoint, collection: str, faces: Shelf
) -> None:
    found = endpoint.client.search_faces_by_image(
        CollectionId=collection, Image={"Bytes": endpoint.photos.of(DAD, take=2)}
    )
    names = [match["Face"]["ExternalImageId"] for match in found["FaceMatches"]]
    assert sorted(names) == ["dad-1", "dad-2"]
    similarities = [match["Similarity"] for match in found["FaceMatches"]]
    assert similarities == sorted(similarities, reverse=True)
    assert min(similarities) >= 80
    assert found["SearchedFaceConfidence"] > 50
    ids = {match["Face"]["FaceId"] for match in found["FaceMatches"]}
    assert ids == {faces["dad-1"], faces["dad-2"]}


@proves("SearchFacesByImageRequest", "MaxFaces", "FaceMatchThreshold")
def test_a_threshold_of_nothing_finds_everybody_as_far_as_wanted(
    endpoint: Endpoint, collection: str, faces: Shelf
) -> None:
    def search(**how: float) -> list[str]:
        found = endpoint.client.search_faces_by_image(
            CollectionId=collection, Image={"Bytes": endpoint.photos.of(ANN, take=1)}, **how
        )
        return [match["Face"]["ExternalImageId"] for match in found["FaceMatches"]]

    assert sorted(search(FaceMatchThreshold=0)) == sorted(faces)
    assert search(FaceMatchThreshold=0, MaxFaces=1) == ["ann"]
    assert search(FaceMatchThreshold=0)[0] == "ann"
    assert set(search(FaceMatchThreshold=99)) <= {"ann"}


def test_the_largest_face_of_a_photo_is_searched(
    endpoint: Endpoint, collection: str, faces: Shelf
) -> None:
    photo = endpoint.photos.together(BEN, ANN)
    found = endpoint.client.search_faces_by_image(CollectionId=collection, Image={"Bytes": photo})
    assert found["SearchedFaceBoundingBox"]["Left"] < 0.5
    assert [one["Face"]["ExternalImageId"] for one in found["FaceMatches"]] == ["ben"]


def test_a_photo_of_nobody_is_refused_word_for_word(endpoint: Endpoint, collection: str) -> None:
    with endpoint.refusing("InvalidParameterException") as refusal:
        endpoint.client.search_faces_by_image(
            CollectionId=collection, Image={"Bytes": draw_nobody()}
        )
    assert refusal.message == NO_FACES


@proves("SearchFacesByImageRequest", "QualityFilter")
def test_a_blurred_face_is_searched_unless_it_is_filtered_out(
    wire: Endpoint, searched_drawn: str
) -> None:
    image = {"Bytes": wire.photos.blurred(ANN)}
    found = wire.client.search_faces_by_image(CollectionId=searched_drawn, Image=image)
    assert found["SearchedFaceConfidence"] > 0
    with wire.refusing("InvalidParameterException") as refusal:
        wire.client.search_faces_by_image(
            CollectionId=searched_drawn, Image=image, QualityFilter="HIGH"
        )
    assert refusal.message == NO_FACES


@pytest.fixture
def searched_drawn(wire: Endpoint) -> Iterator[str]:
    with wire.collection("seen") as collection_id:
        yield collection_id


def test_an_empty_collection_has_no_matches(wire: Endpoint, searched_drawn: str) -> None:
    found = wire.client.search_faces_by_image(
        CollectionId=searched_drawn, Image={"Bytes": wire.photos.of(DAD)}
    )
    assert found["FaceMatches"] == []


@proves("SearchFacesRequest", "CollectionId", "FaceId")
@proves("SearchFacesResponse", "SearchedFaceId")
@proves("SearchFacesResponse", "FaceModelVersion", status=Status.DIFFERS, why=MODEL)
def test_a_face_finds_others_of_the_same_person_and_not_itself(
    endpoint: Endpoint, collection: str, faces: Shelf
) -> None:
    found = endpoint.client.search_faces(CollectionId=collection, FaceId=faces["dad-1"])
    assert found["SearchedFaceId"] == faces["dad-1"]
    assert [match["Face"]["FaceId"] for match in found["FaceMatches"]] == [faces["dad-2"]]


@proves(
    "SearchFacesResponse",
    "FaceMatches",
    status=Status.DIFFERS,
    why="others in the same photo are no candidates",
)
def test_others_in_the_same_photo_are_no_candidates(wire: Endpoint, searched_drawn: str) -> None:
    wire.differs("two faces of one photo are two people")
    first, _ = wire.index(searched_drawn, wire.photos.together(DAD, MOM))
    (other,) = wire.index(searched_drawn, wire.photos.of(ANN))
    found = wire.client.search_faces(
        CollectionId=searched_drawn, FaceId=first, FaceMatchThreshold=0
    )
    assert [match["Face"]["FaceId"] for match in found["FaceMatches"]] == [other]


@proves("SearchFacesRequest", "MaxFaces", "FaceMatchThreshold")
def test_a_face_is_searched_as_far_as_wanted(
    endpoint: Endpoint, collection: str, faces: Shelf
) -> None:
    asked = {"CollectionId": collection, "FaceId": faces["dad-1"], "FaceMatchThreshold": 0}
    everybody = endpoint.client.search_faces(**asked)["FaceMatches"]
    assert {match["Face"]["FaceId"] for match in everybody} == set(faces.values()) - {
        faces["dad-1"]
    }
    (first,) = endpoint.client.search_faces(**asked, MaxFaces=1)["FaceMatches"]
    assert first["Face"]["FaceId"] == faces["dad-2"]


def test_a_face_that_is_not_there_cannot_be_searched(wire: Endpoint, searched_drawn: str) -> None:
    with wire.refusing("InvalidParameterException") as refusal:
        wire.client.search_faces(CollectionId=searched_drawn, FaceId=UNKNOWN)
    assert refusal.message == "faceId was not found in the collection."


@proves("CompareFacesRequest", "SourceImage", "TargetImage")
@proves("CompareFacesResponse", "SourceImageFace", "FaceMatches", "UnmatchedFaces")
@proves(
    "CompareFacesResponse",
    *("SourceImageOrientationCorrection", "TargetImageOrientationCorrection"),
    status=Status.EMPTY,
)
@proves("ComparedSourceImageFace", "BoundingBox", "Confidence")
@proves("CompareFacesMatch", "Face")
@proves("CompareFacesMatch", "Similarity", status=Status.DIFFERS, why=SCALE)
@proves("ComparedFace", "BoundingBox", "Confidence", "Landmarks", "Pose", "Quality")
@proves(
    "ComparedFace",
    *("Smile", "Emotions"),
    status=Status.REFUSED,
    why="nothing of a person's traits is inferred",
)
def test_one_of_two_people_is_the_one_of_another_photo(endpoint: Endpoint) -> None:
    found = endpoint.client.compare_faces(
        SourceImage={"Bytes": endpoint.photos.of(ANN, take=1)},
        TargetImage={"Bytes": endpoint.photos.together(BEN, ANN)},
    )
    (match,), (other,) = found["FaceMatches"], found["UnmatchedFaces"]
    assert match["Similarity"] >= 80
    assert match["Face"]["BoundingBox"]["Left"] > other["BoundingBox"]["Left"]
    assert found["SourceImageFace"]["Confidence"] > 50


@proves("CompareFacesRequest", "SimilarityThreshold")
def test_two_photos_are_compared_from_the_threshold_on(wire: Endpoint) -> None:
    def compare(**how: float) -> tuple[int, int]:
        found = wire.client.compare_faces(
            SourceImage={"Bytes": wire.photos.of(DAD)},
            TargetImage={"Bytes": wire.photos.together(MOM, DAD)},
            **how,
        )
        return len(found["FaceMatches"]), len(found["UnmatchedFaces"])

    assert compare() == (1, 1)
    assert compare(SimilarityThreshold=0) == (2, 0)
    assert compare(SimilarityThreshold=100) == (0, 2)


def test_the_most_similar_face_comes_first(wire: Endpoint) -> None:
    found = wire.client.compare_faces(
        SourceImage={"Bytes": wire.photos.of(DAD)},
        TargetImage={"Bytes": wire.photos.together(MOM, DAD, ANN)},
        SimilarityThreshold=0,
    )
    similarities = [match["Similarity"] for match in found["FaceMatches"]]
    assert len(similarities) == 3
    assert similarities == sorted(similarities, reverse=True)
    assert similarities[0] > similarities[1]


@pytest.mark.parametrize("empty", ["SourceImage", "TargetImage"])
def test_nobody_is_compared_with_nobody(wire: Endpoint, empty: str) -> None:
    images = {name: {"Bytes": wire.photos.of(DAD)} for name in ("SourceImage", "TargetImage")}
    images[empty] = {"Bytes": draw_nobody()}
    with wire.refusing("InvalidParameterException"):
        wire.client.compare_faces(**images)


@proves("CompareFacesRequest", "QualityFilter")
def test_a_blurred_face_is_compared_unless_it_is_filtered_out(wire: Endpoint) -> None:
    images = {
        "SourceImage": {"Bytes": wire.photos.of(ANN)},
        "TargetImage": {"Bytes": wire.photos.blurred(ANN)},
    }
    found = wire.client.compare_faces(**images)
    assert len(found["FaceMatches"]) + len(found["UnmatchedFaces"]) == 1
    with wire.refusing("InvalidParameterException"):
        wire.client.compare_faces(
            SourceImage=images["TargetImage"],
            TargetImage=images["SourceImage"],
            QualityFilter="HIGH",
        )
