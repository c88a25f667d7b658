"""Searches for users: by a face, by another user, by a photo; as far as a key may see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mien.service.audit import Action
from mien.service.audit_read import ShownEntry
from mien.testing import FakeModels, draw_photo
from mien.types import EmbeddingModel
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
from service.stage import PURPOSE, Stage, query


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Party]:
    """Ann, Ben and Eve with their faces, and Zoe without any; nothing is to be changed."""
    with lasting(tmp_path_factory) as party:
        for name, person in (("ann", ANN), ("ben", BEN), ("eve", EVE)):
            party.make(name, *party.faces(person))
        party.make("zoe")
        yield party


def similarities_of(found: dict[str, list[dict[str, float]]]) -> list[float]:
    return [one["Similarity"] for one in found["UserMatches"]]


def test_a_face_finds_its_person(settled: Party) -> None:
    face = settled.faces(BEN)[0]
    found = settled.seek(FaceId=face)
    (match,) = found["UserMatches"]
    assert match["User"] == {"UserId": "ben", "UserStatus": "ACTIVE"}
    assert match["Similarity"] > 99
    assert found["SearchedFace"] == {"FaceId": face}
    assert "SearchedUser" not in found
    assert set(found["FaceModelVersion"]) <= set("0123456789.")


def test_whoever_is_searched_for_is_no_match_of_their_own(settled: Party) -> None:
    found = settled.seek(UserId="ann", UserMatchThreshold=0)
    assert sorted(names_of(found)) == ["ben", "eve"]
    assert similarities_of(found) == sorted(similarities_of(found), reverse=True)
    assert found["SearchedUser"] == {"UserId": "ann"}
    assert settled.seek(UserId="ann")["UserMatches"] == []


def test_a_photo_finds_the_largest_of_its_people(settled: Party) -> None:
    found = settled.seek_in(EVE, ANN)
    assert names_of(found) == ["eve"]
    assert found["SearchedFace"]["FaceDetail"]["BoundingBox"]["Left"] == pytest.approx(0.1)
    (left,) = found["UnsearchedFaces"]
    assert left["Reasons"] == ["FACE_NOT_LARGEST"]
    assert left["FaceDetails"]["BoundingBox"]["Left"] == pytest.approx(0.6)


def test_a_photo_of_nobody_matches_nobody(settled: Party) -> None:
    found = settled.seek_in()
    assert (found["UserMatches"], found["UnsearchedFaces"]) == ([], [])
    assert "SearchedFace" not in found
    assert found["FaceModelVersion"]


def test_a_filter_passes_over_poor_faces_and_says_why(settled: Party) -> None:
    assert names_of(settled.seek_in(ANN, blurred=(ANN,))) == ["ann"]  # NONE, unless asked
    found = settled.seek_in(ANN, BEN, blurred=(ANN,), QualityFilter="AUTO")
    assert names_of(found) == ["ben"]
    assert [one["Reasons"] for one in found["UnsearchedFaces"]] == [["LOW_SHARPNESS"]]
    alone = settled.seek_in(ANN, blurred=(ANN,), QualityFilter="HIGH")
    assert alone["UserMatches"] == []
    assert "SearchedFace" not in alone


def test_threshold_and_limit_bound_the_answer(settled: Party) -> None:
    everybody = settled.seek_in(ANN, UserMatchThreshold=0)
    assert names_of(everybody)[0] == "ann"
    assert sorted(names_of(everybody)) == ["ann", "ben", "eve"]
    assert (
        names_of(settled.seek_in(ANN, UserMatchThreshold=0, MaxUsers=2)) == names_of(everybody)[:2]
    )
    second = similarities_of(everybody)[1]
    assert names_of(settled.seek_in(ANN, UserMatchThreshold=second)) == names_of(everybody)[:2]
    assert settled.seek_in(ANN, UserMatchThreshold=100)["UserMatches"] == []


def test_somebody_without_a_face_is_like_nobody(settled: Party) -> None:
    found = settled.seek(UserId="zoe", UserMatchThreshold=0)
    assert found["UserMatches"] == []
    assert found["SearchedUser"] == {"UserId": "zoe"}


def test_either_a_user_or_a_face_is_searched_for(settled: Party) -> None:
    for asked in ({}, {"UserId": "ann", "FaceId": settled.faces(ANN)[0]}):
        with refused("InvalidParameterException"):
            settled.seek(**asked)
    with refused("ResourceNotFoundException"):
        settled.seek(UserId="nobody")
    with refused("InvalidParameterException") as error:
        settled.seek(FaceId="00000000-0000-4000-8000-000000000000")
    assert "faceId was not found in the collection." in str(error.value)
    for bound in ({"UserMatchThreshold": 101}, {"MaxUsers": 501}):
        with refused("InvalidParameterException"):
            settled.seek(UserId="ann", **bound)


def test_a_photo_that_is_none_is_refused(settled: Party) -> None:
    with refused("InvalidImageFormatException"):
        settled.client.search_users_by_image(
            CollectionId=COLLECTION, Image={"Bytes": b"no picture"}
        )
    with refused("InvalidParameterException") as error:
        settled.client.search_users_by_image(CollectionId=COLLECTION, Image={})
    assert "Requested image should either contain bytes or s3 object." in str(error.value)


def test_several_faces_together_are_nearer_to_a_person_than_one(stage: Stage) -> None:
    """What is by chance in one photo counts less in the mean of several."""
    with gathering(stage, photos_each=6) as party:
        *known, last = party.faces(ANN)
        party.make("one", known[0])
        party.make("many", *known[1:])
        found = party.seek(FaceId=last)
    assert names_of(found) == ["many", "one"]


def test_another_grants_users_are_nobodys_match(stage: Stage) -> None:
    with gathering(stage) as party:
        party.make("ann", *party.faces(ANN))
        stage.draw("theirs/1-theirs.png", ANN, seed=77)
        grant = stage.grant(party.library, scope=stage.photos / "theirs")
        party.library.add(stage.photos / "theirs", grant=grant, collection=COLLECTION)
        with party.other(grant) as others:
            assert others.seek_in(ANN, UserMatchThreshold=0)["UserMatches"] == []
            own = others.faces(ANN)[-1]
            with refused("InvalidParameterException"):
                others.seek(FaceId=others.faces(ANN)[0])
            others.make("she", own)
            assert names_of(others.seek_in(ANN)) == ["she"]
        assert names_of(party.seek_in(ANN)) == ["ann"]


def test_faces_that_may_not_be_seen_do_not_count(stage: Stage) -> None:
    """A user whose photos are gone from their places is like nobody until they are back."""
    with gathering(stage) as party:
        party.make("ann", *party.faces(ANN))
        for number in range(2):
            (stage.photos / f"mine/{ANN}-{number}.png").unlink()
        party.library.add(stage.photos / "mine", grant=party.grant, collection=COLLECTION)
        assert party.seek_in(ANN, UserMatchThreshold=0)["UserMatches"] == []
        for number in range(2):
            stage.draw(f"mine/{ANN}-{number}.png", ANN)
        party.library.add(stage.photos / "mine", grant=party.grant, collection=COLLECTION)
        assert names_of(party.seek_in(ANN)) == ["ann"]


def test_whoever_opted_out_is_neither_found_nor_searched_for(stage: Stage) -> None:
    with gathering(stage) as party:
        for name, person in (("ann", ANN), ("ben", BEN)):
            party.make(name, *party.faces(person))
        party.library.optouts().face(draw_photo(ANN, seed=901), consent="letter of 3 May")
        with refused("AccessDeniedException") as error:
            party.seek_in(ANN)
        assert "face-suppressed" in str(error.value)
        assert party.users() == {"ben": "ACTIVE"}  # with the last of her faces her name went
        assert party.seek(UserId="ben", UserMatchThreshold=0)["UserMatches"] == []


def test_a_search_is_in_the_log_with_what_was_shown(stage: Stage) -> None:
    with gathering(stage) as party:
        party.make("ann", *party.faces(ANN))
        party.seek_in(ANN)
        shown = last_search(party)
        (match,) = shown.matches
        assert (match["rank"], match["face_group"]) == (1, group_of(party, "ann"))
        assert shown.details is not None
        assert shown.details["purpose"] == PURPOSE
        assert "ann" not in str(shown.entry)
        party.client.delete_user(CollectionId=COLLECTION, UserId="ann")
        assert last_search(party).matches == ()
        party.library.revoke(party.grant)
        with refused("AccessDeniedException"):
            party.seek_in(ANN)
        assert last_search(party).entry["reasons"] == ["purpose-not-granted"]


def test_a_model_that_was_never_measured_compares_nobody(tmp_path: Path) -> None:
    """Rather than with numbers that mean nothing; one face alone has nothing to be unlike."""
    stage = Stage(tmp_path, now=datetime.now(UTC), models=Unmeasured())
    with gathering(stage) as party:
        first, second = party.faces(ANN)
        party.make("ann", first)
        asks: list[Callable[[], object]] = [
            lambda: party.tie("ann", second),
            lambda: party.seek(UserId="ann"),
            lambda: party.seek_in(ANN),
        ]
        for ask in asks:
            with refused("AccessDeniedException") as error:
                ask()
            assert "never measured" in str(error.value)
        whole = party.tie("ann", second, UserMatchThreshold=0)
        assert whole["AssociatedFaces"] == [{"FaceId": second}]


class Unmeasured(FakeModels):
    @property
    def model(self) -> EmbeddingModel:
        return replace(FakeModels().model, calibration=None)


def last_search(party: Party) -> ShownEntry:
    log = party.library.audit()
    actions = [entry["action"] for entry in log.entries()]
    return log.entry(len(actions) - 1 - actions[::-1].index(Action.SEARCH))


def group_of(party: Party, user: str) -> str:
    """The outside id of the only group, which is nowhere told."""
    assert list(party.users()) == [user]
    (uuid,) = query(party.stage.home / "catalog.db", "SELECT uuid FROM face_groups")
    return str(uuid)
