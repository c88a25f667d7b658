"""One face against everybody in another photo, through boto3: nothing is kept of either."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from mien.evidence.similarity import tell_similarity
from mien.library import Library
from mien.permission.access_key import OPERATIONS
from mien.permission.caller import Operation
from mien.service.compare import Side
from mien.service.search_desk import SearchDesk
from mien.service.searched import Asked
from mien.testing import FakeModels, draw_photo
from rekognition.client import Key, calling
from service.finding import fill
from service.stage import PURPOSE, Stage, counts_of
from service.test_strength import UncalibratedModels

WORDS = "There are no faces in the image. Should be at least 1."


def key_for(grant: str, **changes: Any) -> Key:
    """The collection that `fill` fills; one before it by name is not there."""
    return Key(grant, PURPOSE, **({"collections": frozenset({"a", "default"})} | changes))


def compare(client: Any, source: bytes, target: bytes, **members: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.compare_faces(
        SourceImage={"Bytes": source}, TargetImage={"Bytes": target}, **members
    )
    return answer


def similarity_of(library: Library, one: Side, other: Side) -> float:
    """As Mien's own comparison has it."""
    asked = Asked(purpose=PURPOSE, collection="default")
    strength = SearchDesk(library.parts).compare(one, other, asked=asked).strength
    calibration = FakeModels().model.calibration
    assert strength is not None
    assert calibration is not None
    return tell_similarity(strength.normalised_score, calibration)


def test_the_largest_face_is_compared_with_everybody(stage: Stage) -> None:
    source, target = draw_photo(1, 9, seed=3), draw_photo(2, 1, 3, seed=4)
    with stage.open() as library:
        grant = fill(stage, library)
        expected = similarity_of(library, Side(source), Side(target, 1))
        with calling(library, key_for(grant)) as client:
            answer = compare(client, source, target)
    (match,) = answer["FaceMatches"]
    assert match["Similarity"] == pytest.approx(expected, abs=1e-6)
    assert match["Face"]["BoundingBox"]["Left"] == pytest.approx(96 / 240)
    assert [one["BoundingBox"]["Left"] for one in answer["UnmatchedFaces"]] == pytest.approx(
        [16 / 240, 176 / 240]
    )
    assert answer["SourceImageFace"] == {
        "BoundingBox": pytest.approx({"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.6}),
        "Confidence": 100,
    }
    for face in [match["Face"], *answer["UnmatchedFaces"]]:
        assert set(face) == {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"}


def test_every_face_matches_that_reaches_the_threshold_the_most_alike_first(stage: Stage) -> None:
    source, target = draw_photo(1, seed=3), draw_photo(4, 1, 2, 1, seed=4)
    with stage.open() as library:
        grant = fill(stage, library)
        with calling(library, key_for(grant)) as client:
            everybody = compare(client, source, target, SimilarityThreshold=0)
            usual = compare(client, source, target)
            nobody = compare(client, source, target, SimilarityThreshold=100)
    similarities = [one["Similarity"] for one in everybody["FaceMatches"]]
    assert similarities == sorted(similarities, reverse=True)
    assert (len(similarities), everybody["UnmatchedFaces"]) == (4, [])
    assert usual["FaceMatches"] == everybody["FaceMatches"][:2]
    assert len(usual["UnmatchedFaces"]) == 2
    assert (nobody["FaceMatches"], len(nobody["UnmatchedFaces"])) == ([], 4)


def test_a_photo_of_nobody_on_either_side_is_an_error_in_known_words(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        with calling(library, key_for(grant)) as client:
            for source, target in ((draw_photo(), draw_photo(1)), (draw_photo(1), draw_photo())):
                with pytest.raises(client.exceptions.InvalidParameterException) as raised:
                    compare(client, source, target)
                assert raised.value.response["Error"]["Message"] == WORDS


def test_faces_that_fall_short_of_the_filter_count_as_not_there(stage: Stage) -> None:
    source = draw_photo(9, 1, seed=3, blurred=[9])
    target = draw_photo(1, 2, seed=4, blurred=[2])
    with stage.open() as library:
        grant = fill(stage, library)
        with calling(library, key_for(grant)) as client:
            plain = compare(client, source, target)
            filtered = compare(client, source, target, QualityFilter="AUTO")
            with pytest.raises(client.exceptions.InvalidParameterException):
                compare(client, draw_photo(9, blurred=[9]), target, QualityFilter="AUTO")
    assert (plain["FaceMatches"], len(plain["UnmatchedFaces"])) == ([], 2)
    assert (len(filtered["FaceMatches"]), filtered["UnmatchedFaces"]) == (1, [])
    assert filtered["SourceImageFace"]["BoundingBox"]["Left"] == pytest.approx(0.6)


@pytest.mark.parametrize("side", [0, 1])
def test_somebody_who_opted_out_is_compared_with_nobody(stage: Stage, side: int) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        library.optouts().face(draw_photo(2, seed=9), consent="letter")
        photos = [draw_photo(1, seed=3), draw_photo(3, seed=4)]
        photos[side] = draw_photo(2, 1, seed=5)
        with (
            calling(library, key_for(grant)) as client,
            pytest.raises(client.exceptions.AccessDeniedException, match="face-suppressed"),
        ):
            compare(client, *photos)


def test_it_relies_on_the_first_collection_that_gives_leave_and_is_logged_once(
    stage: Stage,
) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        before, counts = len(library.audit().entries()), counts_of(stage.home)
        with calling(library, key_for(grant)) as client:
            compare(client, draw_photo(1, seed=3), draw_photo(1, 2, 3, seed=4))
        (entry,) = library.audit().entries()[before:]
        last = library.audit().entry(before)
        assert counts_of(stage.home) == counts
    assert entry["action"] == "comparison"
    assert last.details
    assert (last.details["collection"], last.details["purpose"]) == ("default", PURPOSE)


def test_without_leave_no_photo_is_looked_at(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object, __: bytes) -> None:
        pytest.fail("a photo was decoded")

    photos = draw_photo(1, seed=3), draw_photo(1, seed=4)
    with stage.open() as library:
        grant = fill(stage, library)
        others = stage.grant(library)
        library.add(stage.photos, grant=others)
        library.revoke(grant)
        monkeypatch.setattr("mien.testing.FakeVision.analyse", fail)
        refused = set()
        for key in (
            key_for(grant),
            Key(others, "press", collections=frozenset({"default"})),
            key_for(others, operations=OPERATIONS - {Operation.SEARCH}),
            key_for(others, collections=frozenset({"nowhere"})),
        ):
            with calling(library, key) as client, pytest.raises(ClientError) as raised:
                compare(client, *photos)
            assert raised.value.response["Error"]["Code"] == "AccessDeniedException"
            refused.add(raised.value.response["Error"]["Message"])
    assert len(refused) == 3, "a purpose that no grant covers is refused alike twice"
    assert any("Create one of them first" in one for one in refused)


def test_what_is_no_image_is_an_error_of_the_format(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        with (
            calling(library, key_for(grant)) as client,
            pytest.raises(client.exceptions.InvalidImageFormatException),
        ):
            compare(client, draw_photo(1), b"no image")


def test_a_model_that_was_never_measured_compares_nothing_and_says_why(stage: Stage) -> None:
    stage.models = UncalibratedModels()
    with stage.open() as library:
        grant = fill(stage, library)
        with (
            calling(library, key_for(grant)) as client,
            pytest.raises(client.exceptions.AccessDeniedException, match="never measured"),
        ):
            compare(client, draw_photo(1), draw_photo(1))
