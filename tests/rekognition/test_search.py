"""Searches through boto3: who is found, in which order, how alike, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError

from mien.evidence.similarity import find_rate, tell_similarity
from mien.library import Library
from mien.permission.access_key import OPERATIONS
from mien.permission.caller import Operation
from mien.service.erase import FacesTarget
from mien.testing import FakeModels, draw_photo
from rekognition.client import KEY_ID, Key, calling, using
from server.door import Door, make_site
from service.finding import face_in, search
from service.stage import PURPOSE, Stage, query
from service.test_strength import UncalibratedModels

NOBODY = "00000000-0000-4000-8000-000000000000"


def fill(stage: Stage, library: Library) -> str:
    """Three photos of person 1, one of 2, one of 4 and 5; and one of 1 under another grant."""
    for name, people in (("a1", (1,)), ("a2", (1,)), ("a3", (1,)), ("b", (2,)), ("both", (4, 5))):
        stage.draw(f"mine/{name}.png", *people)
    stage.draw("theirs/a4.png", 1)
    other = stage.grant(library, scope=stage.photos / "theirs")
    library.add(stage.photos / "theirs", grant=other, collection="people")
    grant = stage.grant(library, scope=stage.photos / "mine")
    library.add(stage.photos / "mine", grant=grant, collection="people")
    return grant


def face_of(library: Library, name: str, *people: int) -> str:
    found = search(library, draw_photo(*people, seed=77), collection="people", limit=100)
    return face_in(found, name)


def ask(client: Any, photo: bytes, **members: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.search_faces_by_image(
        CollectionId="people", Image={"Bytes": photo}, **members
    )
    return answer


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    told = error.value.response["Error"]
    return told["Code"], told["Message"]


def test_a_photo_finds_the_faces_of_its_largest_person_under_the_keys_grant(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        names = {name: face_of(library, f"{name}.png", 1) for name in ("a1", "a2", "a3")}
        with calling(library, Key(grant, PURPOSE)) as client:
            answer = ask(client, draw_photo(1, 2, seed=5))
    assert {one["Face"]["FaceId"] for one in answer["FaceMatches"]} == set(names.values())
    similarities = [one["Similarity"] for one in answer["FaceMatches"]]
    assert similarities == sorted(similarities, reverse=True)
    assert all(80 <= one < 100 for one in similarities)
    box = answer["SearchedFaceBoundingBox"]
    assert box == pytest.approx({"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.6})
    assert answer["SearchedFaceConfidence"] == 100
    (version,) = {one["Face"]["IndexFacesModelVersion"] for one in answer["FaceMatches"]}
    assert answer["FaceModelVersion"] == version


def test_a_similarity_is_that_of_the_score_that_mien_tells_elsewhere(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        expected = search(library, draw_photo(1, seed=5), collection="people", limit=100)
        with calling(library, Key(grant, PURPOSE)) as client:
            answer = ask(client, draw_photo(1, seed=5), FaceMatchThreshold=0)
    calibration = FakeModels().model.calibration
    assert calibration is not None
    strengths = {one.face.stored.uuid: one.strength for one in expected.candidates}
    assert len(answer["FaceMatches"]) == len(expected.candidates) - 1, "all but theirs"
    for match in answer["FaceMatches"]:
        strength = strengths[match["Face"]["FaceId"]]
        assert strength is not None
        told = tell_similarity(strength.normalised_score, calibration)
        assert match["Similarity"] == pytest.approx(told, abs=1e-9)


@pytest.mark.parametrize("threshold", [80, 90, 95, 99])
def test_a_threshold_lets_in_what_so_many_strangers_reach(stage: Stage, threshold: int) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        found = search(library, draw_photo(1, seed=5), collection="people", limit=100)
        with calling(library, Key(grant, PURPOSE)) as client:
            answer = ask(client, draw_photo(1, seed=5), FaceMatchThreshold=threshold)
    theirs = {face_in(found, "a4.png")}
    strong = {
        one.face.stored.uuid
        for one in found.candidates
        if one.strength is not None and one.strength.fmr <= find_rate(threshold)
    }
    assert {one["Face"]["FaceId"] for one in answer["FaceMatches"]} == strong - theirs


def test_no_more_than_max_faces_are_told_the_most_alike(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        with calling(library, Key(grant, PURPOSE)) as client:
            whole = ask(client, draw_photo(1, seed=5), FaceMatchThreshold=0)["FaceMatches"]
            two = ask(client, draw_photo(1, seed=5), FaceMatchThreshold=0, MaxFaces=2)
            nobody = ask(client, draw_photo(9, seed=5), FaceMatchThreshold=99)
    assert len(whole) == 6
    assert two["FaceMatches"] == whole[:2]
    assert nobody["FaceMatches"] == []
    assert nobody["SearchedFaceConfidence"] == 100


def test_a_photo_of_nobody_is_told_in_the_words_that_programs_compare(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        with (
            calling(library, Key(grant, PURPOSE)) as client,
            pytest.raises(client.exceptions.InvalidParameterException) as raised,
        ):
            ask(client, draw_photo())
        (entry,) = library.audit().entries()[-1:]
    assert refusal(raised)[1] == "There are no faces in the image. Should be at least 1."
    assert entry["action"] == "search", "it was a search all the same"


def test_a_face_that_falls_short_of_the_filter_is_as_if_it_were_not_there(stage: Stage) -> None:
    blurred = draw_photo(1, 2, seed=5, blurred=[1])
    with stage.open() as library:
        grant = fill(stage, library)
        one, other = face_of(library, "a1.png", 1), face_of(library, "b.png", 2)
        with calling(library, Key(grant, PURPOSE)) as client:
            unfiltered = ask(client, blurred)
            filtered = ask(client, blurred, QualityFilter="AUTO")
            with pytest.raises(client.exceptions.InvalidParameterException, match="no faces"):
                ask(client, draw_photo(1, seed=5, blurred=[1]), QualityFilter="LOW")
    assert one in {match["Face"]["FaceId"] for match in unfiltered["FaceMatches"]}
    assert [match["Face"]["FaceId"] for match in filtered["FaceMatches"]] == [other]
    assert filtered["SearchedFaceBoundingBox"]["Left"] == pytest.approx(0.6)


def test_a_face_finds_the_others_of_its_person_and_not_itself(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        ids = [face_of(library, f"{name}.png", 1) for name in ("a1", "a2", "a3")]
        with calling(library, Key(grant, PURPOSE)) as client:
            answer = client.search_faces(CollectionId="people", FaceId=ids[0])
            fewer = client.search_faces(CollectionId="people", FaceId=ids[0], MaxFaces=1)
    assert answer["SearchedFaceId"] == ids[0]
    assert {one["Face"]["FaceId"] for one in answer["FaceMatches"]} == set(ids[1:])
    assert fewer["FaceMatches"] == answer["FaceMatches"][:1]
    assert answer["FaceModelVersion"] == answer["FaceMatches"][0]["Face"]["IndexFacesModelVersion"]


def test_a_face_that_the_key_may_not_see_is_as_one_that_is_not_there(stage: Stage) -> None:
    """One of nobody, one that was erased, one under another grant, one that opted out."""
    with stage.open() as library:
        grant = fill(stage, library)
        theirs = face_of(library, "a4.png", 1)
        erased = face_of(library, "both.png", 4)
        hidden = face_of(library, "b.png", 2)
        library.erase(FacesTarget((erased,)))
        library.optouts().face(draw_photo(2, seed=9), consent="letter")
        told = set()
        with calling(library, Key(grant, PURPOSE)) as client:
            for face in (NOBODY, erased, theirs, hidden):
                with pytest.raises(ClientError) as raised:
                    client.search_faces(CollectionId="people", FaceId=face)
                told.add(refusal(raised))
    assert told == {("InvalidParameterException", "faceId was not found in the collection.")}


def test_a_probe_of_somebody_who_opted_out_is_refused_with_the_reason(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        library.optouts().face(draw_photo(1, seed=9), consent="letter")
        with (
            calling(library, Key(grant, PURPOSE)) as client,
            pytest.raises(client.exceptions.AccessDeniedException) as raised,
        ):
            ask(client, draw_photo(1, seed=5))
    assert "face-suppressed" in refusal(raised)[1]


def test_a_grant_that_ended_is_refused_before_the_photo_is_looked_at(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another grant of the collection still covers the purpose: it is not the key's."""
    with stage.open() as library:
        grant = fill(stage, library)
        face = face_of(library, "a4.png", 1)
        library.revoke(grant)

        def fail(_: object, __: bytes) -> None:
            pytest.fail("a photo was decoded")

        monkeypatch.setattr("mien.testing.FakeVision.analyse", fail)
        before = len(library.audit().entries())
        with calling(library, Key(grant, PURPOSE)) as client:
            with pytest.raises(client.exceptions.AccessDeniedException) as by_image:
                ask(client, draw_photo(1))
            with pytest.raises(client.exceptions.AccessDeniedException) as by_face:
                client.search_faces(CollectionId="people", FaceId=face)
        entries = library.audit().entries()[before:]
        last = library.audit().entry(before + 1)
    assert "purpose-not-granted" in refusal(by_image)[1]
    assert refusal(by_image) == refusal(by_face)
    assert [one["action"] for one in entries] == ["search", "search"]
    assert last.details
    assert last.details["actor"] == "access-key:MIENEXAMPLEKEY000001"


def test_without_leave_no_store_is_asked_for_a_photo(stage: Stage) -> None:
    class Stores:
        def read(self, *, bucket: str, key: str, version: str, max_bytes: int) -> bytes:
            del bucket, key, version
            asked.append(max_bytes)
            return draw_photo(1, seed=5)

    asked: list[int] = []
    photo = {"S3Object": {"Bucket": "photos", "Name": "1.png"}}
    with stage.open() as library:
        grant = fill(stage, library)
        door = Door(access_keys={KEY_ID: Key(grant, PURPOSE).as_access()})
        with using(replace(make_site(library, door), object_stores=Stores())) as client:
            found = client.search_faces_by_image(CollectionId="people", Image=photo)
            library.revoke(grant)
            with pytest.raises(client.exceptions.AccessDeniedException):
                client.search_faces_by_image(CollectionId="people", Image=photo)
            with pytest.raises(client.exceptions.AccessDeniedException):
                client.compare_faces(SourceImage=photo, TargetImage=photo)
    assert len(found["FaceMatches"]) == 3
    assert len(asked) == 1


def test_what_is_found_is_in_the_log_once_and_nothing_of_the_photo_is_kept(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        photos = query(stage.home / "catalog.db", "SELECT count(*) FROM photos")
        before = len(library.audit().entries())
        with calling(library, Key(grant, PURPOSE)) as client:
            answer = ask(client, draw_photo(1, seed=5))
        (entry,) = library.audit().entries()[before:]
    facts = entry["facts"]
    assert isinstance(facts, dict)
    assert len(facts["matches"]) == len(answer["FaceMatches"]) == 3
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM photos") == photos


@pytest.mark.parametrize(
    "members", [{"FaceMatchThreshold": 120.0}, {"MaxFaces": 5000}, {"QualityFilter": "BEST"}]
)
def test_what_boto3_lets_through_is_checked_here(stage: Stage, members: dict[str, Any]) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        with (
            calling(library, Key(grant, PURPOSE)) as client,
            pytest.raises(client.exceptions.InvalidParameterException) as raised,
        ):
            ask(client, draw_photo(1), **members)
    assert next(iter(members)) in refusal(raised)[1]


def test_a_collection_that_is_not_there_is_the_services_own_error(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        with calling(library, Key(grant, PURPOSE)) as client:
            for name in ("others", "nowhere"):  # one that the key names, and one that it does not
                with pytest.raises(client.exceptions.ResourceNotFoundException) as raised:
                    client.search_faces(CollectionId=name, FaceId=NOBODY)
                assert refusal(raised)[1] == f"The collection id: {name} does not exist"


def test_a_key_that_may_not_search_is_refused(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        key = Key(grant, PURPOSE, operations=OPERATIONS - {Operation.SEARCH})
        with (
            calling(library, key) as client,
            pytest.raises(client.exceptions.AccessDeniedException),
        ):
            ask(client, draw_photo(1))


def test_a_model_that_was_never_measured_tells_no_similarity_and_says_why(stage: Stage) -> None:
    stage.models = UncalibratedModels()
    with stage.open() as library:
        grant = fill(stage, library)
        with (
            calling(library, Key(grant, PURPOSE)) as client,
            pytest.raises(client.exceptions.AccessDeniedException) as raised,
        ):
            ask(client, draw_photo(1))
    assert "was never measured" in refusal(raised)[1]


def test_every_float_is_one_that_json_can_hold(stage: Stage) -> None:
    """The probe itself is in the collection: nothing is as alike, and still it is below 100."""
    with stage.open() as library:
        grant = fill(stage, library)
        with calling(library, Key(grant, PURPOSE)) as client:
            same = (stage.photos / "mine" / "a1.png").read_bytes()
            first = ask(client, same)["FaceMatches"][0]
    assert 99 < first["Similarity"] < 100
    assert np.isfinite(list(first["Face"]["BoundingBox"].values())).all()
