"""Faces of users: only those that are like the others are associated, each with one user."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mien.service.erase import FacesTarget
from mien.service.group_faces import MOST_FACES
from rekognition.party import (
    ANN,
    BEN,
    COLLECTION,
    EVE,
    Party,
    gathering,
    lasting,
    names_of,
    refused,
)
from service.stage import Stage

NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Party]:
    """Ann with all of her faces, Ben with none; nothing is to be changed."""
    with lasting(tmp_path_factory) as party:
        party.make("ann", *party.faces(ANN))
        party.make("ben")
        yield party


def ids_of(found: list[dict[str, str]]) -> list[str]:
    return [one["FaceId"] for one in found]


def reasons_of(answer: dict[str, list[dict[str, object]]], of: str) -> dict[object, object]:
    return {one["FaceId"]: one["Reasons"] for one in answer[f"UnsuccessfulFace{of}"]}


def test_faces_of_one_person_are_associated_in_the_order_they_were_named(stage: Stage) -> None:
    with gathering(stage) as party:
        first, second = party.faces(ANN)
        answer = party.make("ann", second, first, second)
    assert ids_of(answer["AssociatedFaces"]) == [second, first]
    assert answer["UnsuccessfulFaceAssociations"] == []
    assert answer["UserStatus"] == "ACTIVE"


def test_a_face_unlike_the_others_is_told_with_how_like_it_is(settled: Party) -> None:
    stranger = settled.faces(EVE)[0]
    answer = settled.tie("ann", stranger)
    (told,) = answer["UnsuccessfulFaceAssociations"]
    assert (told["FaceId"], told["Reasons"]) == (stranger, ["LOW_MATCH_CONFIDENCE"])
    assert 0 <= told["Confidence"] < 75
    assert answer["AssociatedFaces"] == []
    assert answer["UserStatus"] == "ACTIVE"


def test_a_threshold_decides_and_0_lets_everybody_in(stage: Stage) -> None:
    with gathering(stage) as party:
        party.make("ann", party.faces(ANN)[0])
        alike = party.faces(ANN)[1]
        refused_at_100 = party.tie("ann", alike, UserMatchThreshold=100)
        (told,) = refused_at_100["UnsuccessfulFaceAssociations"]
        assert told["Confidence"] > 99
        exactly = party.tie("ann", alike, UserMatchThreshold=told["Confidence"])
        assert ids_of(exactly["AssociatedFaces"]) == [alike]
        stranger = party.faces(BEN)[0]
        assert ids_of(party.tie("ann", stranger, UserMatchThreshold=0)["AssociatedFaces"]) == [
            stranger
        ]


def test_the_face_that_is_seen_best_begins_a_user(stage: Stage) -> None:
    """Whichever is named first: the blurred one has nothing to say of the sharp one."""
    stage.draw("mine/9-blurred.png", 9, blurred=(9,))
    with gathering(stage, photos_each=1) as party:
        answer = party.make("ann", *party.faces(9), *party.faces(ANN))
        assert ids_of(answer["AssociatedFaces"]) == party.faces(ANN)
        assert reasons_of(answer, "Associations") == {party.faces(9)[0]: ["LOW_MATCH_CONFIDENCE"]}


def test_a_face_has_one_user(settled: Party) -> None:
    """Whoever has it is named; what a user has already is not told of."""
    faces = settled.faces(ANN)
    answer = settled.tie("ben", *faces, NOWHERE)
    told = answer["UnsuccessfulFaceAssociations"]
    assert [one.get("UserId") for one in told] == ["ann", "ann", None]
    assert [one["Reasons"] for one in told] == [
        *[["ASSOCIATED_TO_A_DIFFERENT_USER"]] * 2,
        ["FACE_NOT_FOUND"],
    ]
    assert answer["UserStatus"] == "CREATED"
    again = settled.tie("ann", *faces)
    assert (again["AssociatedFaces"], again["UnsuccessfulFaceAssociations"]) == ([], [])


def test_faces_are_disassociated_and_stay(stage: Stage) -> None:
    with gathering(stage) as party:
        (first, second), (bens, _) = party.faces(ANN), party.faces(BEN)
        free = party.faces(EVE)[0]
        party.make("ann", first, second)
        party.make("ben", bens)
        answer = party.untie("ann", first, bens, free, NOWHERE)
        assert ids_of(answer["DisassociatedFaces"]) == [first]
        assert reasons_of(answer, "Disassociations") == {
            bens: ["ASSOCIATED_TO_A_DIFFERENT_USER"],
            free: ["FACE_NOT_FOUND"],
            NOWHERE: ["FACE_NOT_FOUND"],
        }
        assert answer["UnsuccessfulFaceDisassociations"][0]["UserId"] == "ben"
        assert party.untie("ann", second)["UserStatus"] == "CREATED"
        assert party.faces(ANN) == [first, second]
        assert party.users() == {"ann": "CREATED", "ben": "ACTIVE"}


def test_a_user_has_at_most_a_hundred_faces_and_is_left_as_it_was(stage: Stage) -> None:
    stage.draw(f"mine/{ANN}-again-and-again.png", *[ANN] * (MOST_FACES - 1))
    with gathering(stage) as party:
        faces = party.faces(ANN)
        assert len(faces) == MOST_FACES + 1
        party.make("ann", *faces[:1])
        with refused("ServiceQuotaExceededException") as error:
            party.tie("ann", *faces[1:])
        assert "100 faces" in str(error.value)
        assert len(ids_of(party.tie("ann", *faces[1:MOST_FACES])["AssociatedFaces"])) == 99
        with refused("ServiceQuotaExceededException"):
            party.tie("ann", faces[MOST_FACES])
        with refused("InvalidParameterException"):
            party.tie("ann", *faces)  # more than may be named at once


@pytest.mark.parametrize("operation", ["tie", "untie"])
def test_faces_of_nobody_who_is_known_are_refused(settled: Party, operation: str) -> None:
    with refused("ResourceNotFoundException") as error:
        getattr(settled, operation)("nobody", *settled.faces(EVE))
    assert "The user id: nobody does not exist" in str(error.value)
    with refused("InvalidParameterException"):
        getattr(settled, operation)("ann", "no-face-id")


def test_a_face_of_another_grant_is_not_found(stage: Stage) -> None:
    with gathering(stage) as party:
        stage.draw("theirs/1-theirs.png", ANN, seed=77)
        grant = stage.grant(party.library, scope=stage.photos / "theirs")
        party.library.add(stage.photos / "theirs", grant=grant, collection=COLLECTION)
        own, theirs = party.faces(ANN)[:-1], party.faces(ANN)[-1]
        answer = party.make("ann", *own, theirs)
        assert reasons_of(answer, "Associations") == {theirs: ["FACE_NOT_FOUND"]}
        with party.other(grant) as others:
            others.make("she", theirs)
        assert party.users() == {"ann": "ACTIVE"}


def test_a_face_that_lies_under_two_grants_tells_neither_of_the_others_name(stage: Stage) -> None:
    with gathering(stage, photos_each=1) as party:
        party.make("ann", *party.faces(ANN))
        grant = stage.grant(party.library, scope=stage.photos / "mine")
        party.library.add(stage.photos / "mine", grant=grant, collection=COLLECTION)
        with party.other(grant) as others:
            others.client.create_user(CollectionId=COLLECTION, UserId="she")
            (face, *_) = party.faces(ANN)
            answer = others.tie("she", face)
        (told,) = answer["UnsuccessfulFaceAssociations"]
        assert told == {"FaceId": face, "Reasons": ["ASSOCIATED_TO_A_DIFFERENT_USER"]}


def test_an_erased_face_is_no_users_and_the_last_takes_the_name_with_it(stage: Stage) -> None:
    with gathering(stage) as party:
        first, second = party.faces(ANN)
        party.make("ann", first, second)
        party.make("ben", *party.faces(BEN))
        party.untie("ben", *party.faces(BEN))
        party.library.erase(FacesTarget((first,)))
        assert party.users() == {"ann": "ACTIVE", "ben": "CREATED"}
        assert names_of(party.seek(FaceId=second)) == ["ann"]
        assert reasons_of(party.tie("ann", first), "Associations") == {first: ["FACE_NOT_FOUND"]}
        report = party.library.erase(FacesTarget((second, *party.faces(BEN))))
        assert report.erased["face_groups"] == 1
        assert party.users() == {"ben": "CREATED"}  # whose faces had been taken out before
