"""What holds answers against the service model, and what gathers proofs, can fail."""

from __future__ import annotations

from typing import Any

import pytest

from rekognition.conformance import test_search
from rekognition.conformance.answers import hold
from rekognition.conformance.proofs import Proof, Status, iter_proofs, proofs_of, proves
from rekognition.conformance.table import (
    PROVING,
    describe,
    gather,
    iter_unnamed,
    load_model,
    operation_tables,
)
from rekognition.conformance.watch import Watch

FACE = "0e9f2d3c-1b2a-4c5d-8e6f-001122334455"


def shape(operation: str) -> Any:
    return load_model().operation_model(operation).output_shape


def answer(**changes: object) -> dict[str, object]:
    """Of SearchFaces."""
    match = {"Similarity": 99.5, "Face": {"FaceId": FACE, "Confidence": 99}}
    return {"SearchedFaceId": FACE, "FaceMatches": [match], "FaceModelVersion": "7.0", **changes}


def test_an_answer_as_the_model_has_it_is_let_be() -> None:
    findings = hold(shape("SearchFaces"), answer())
    assert findings.problems == []
    assert findings.seen == {
        *(("SearchFacesResponse", name) for name in answer()),
        *(("FaceMatch", "Similarity"), ("FaceMatch", "Face")),
        *(("Face", "FaceId"), ("Face", "Confidence")),
    }


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"Extra": 1}, "no member"),
        ({"SearchedFaceId": FACE.upper()}, "does not match"),
        ({"SearchedFaceId": 5}, "no string"),
        ({"FaceModelVersion": True}, "no string"),
        ({"FaceMatches": {}}, "no list"),
        ({"FaceMatches": ["x"]}, "no structure"),
        ({"FaceMatches": [{"Similarity": 100.5}]}, "above 100"),
        ({"FaceMatches": [{"Similarity": -1}]}, "below 0"),
        ({"FaceMatches": [{"Similarity": "99"}]}, "no float"),
        ({"FaceMatches": [{"Similarity": float("nan")}]}, "no float"),
        ({"FaceMatches": [{"Face": {"UserId": "x" * 129}}]}, "above 128"),
        ({"FaceMatches": [{"Face": {"Template": [0.1]}}]}, "no member of Face"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_answer_that_is_otherwise_is_told(changes: dict[str, object], problem: str) -> None:
    (found,) = hold(shape("SearchFaces"), answer(**changes)).problems
    assert problem in found


def test_words_that_are_none_of_the_list_are_told() -> None:
    users = {"Users": [{"UserId": "ann", "UserStatus": "GONE"}]}
    (found,) = hold(shape("ListUsers"), users).problems
    assert "none of ACTIVE" in found


def test_what_must_be_there_is_missed() -> None:
    asked = load_model().operation_model("SearchFaces").input_shape
    (found,) = hold(asked, {"CollectionId": "people"}).problems
    assert found == "SearchFacesRequest.FaceId must be there"


def test_something_where_nothing_belongs_is_told() -> None:
    assert hold(None, {}).problems == []
    assert len(hold(None, {"a": 1}).problems) == 1


@pytest.mark.parametrize(
    ("status", "is_there", "is_shown"),
    [
        (Status.SUPPORTED, True, True),
        (Status.SUPPORTED, False, False),
        (Status.DIFFERS, False, False),
        (Status.REFUSED, True, False),
        (Status.REFUSED, False, True),
        (Status.EMPTY, True, False),
    ],
)
def test_a_proof_is_only_as_good_as_what_went_over_the_wire(
    status: Status, *, is_there: bool, is_shown: bool
) -> None:
    watch = Watch(answered={("Face", "UserId")} if is_there else set())
    gaps = list(Proof("Face", ("UserId",), status, "").iter_gaps(watch))
    assert (gaps == []) is is_shown


def test_whoever_differs_says_why() -> None:
    with pytest.raises(ValueError, match="say why"):
        proves("Face", "UserId", status=Status.REFUSED)
    with pytest.raises(ValueError, match="say why"):
        proves("Face", "UserId", why="because")


def test_proofs_are_read_off_tests_without_running_them() -> None:
    @proves("Face", "FaceId")
    @proves("Face", "ImageId", status=Status.DIFFERS, why="it is ours")
    def test_nothing() -> None:
        raise AssertionError

    assert [proof.members for proof in proofs_of(test_nothing)] == [("FaceId",), ("ImageId",)]
    assert len(list(iter_proofs(test_search))) > 10


def test_every_member_is_named_and_one_that_is_not_is_missed() -> None:
    proofs = dict(gather(iter_proofs(*PROVING)))
    assert list(iter_unnamed(proofs)) == []
    del proofs["Face", "UserId"]
    proofs["Face", "Nose"] = Proof("Face", ("Nose",), Status.SUPPORTED, "")
    assert sorted(iter_unnamed(proofs)) == [("Face", "Nose"), ("Face", "UserId")]


def test_tests_that_contradict_one_another_are_told() -> None:
    said = [
        Proof("Face", ("UserId",), Status.REFUSED, "no"),
        Proof("Face", ("UserId",), Status.DIFFERS, "yes"),
    ]
    with pytest.raises(ValueError, match=r"Face\.UserId is refused and differs"):
        gather(iter(said))


def test_the_tables_tell_limits_defaults_and_reasons() -> None:
    tables = operation_tables()
    assert "| `FaceMatchThreshold` | number (0 to 100), default 80 | supported |" in tables
    assert "| `QualityFilter` | `NONE` `AUTO` `LOW` `MEDIUM` `HIGH`, default `AUTO` |" in tables
    assert "| `Gender` | `Gender` | refused: nothing of a person's traits is inferred |" in tables
    assert "`StartFaceSearch`" in tables
    members = load_model().operation_model("DeleteFaces").input_shape.members
    assert describe(members["FaceIds"]) == "list (1 to 4,096) of UUID"
