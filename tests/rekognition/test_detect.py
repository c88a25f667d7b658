"""DetectFaces: where faces are, for whoever may search; nothing is kept, and no trait is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from mien.library import Library
from mien.permission.caller import Operation
from mien.testing import FakeModels, FakeVision, draw_photo
from mien.types import Look, PhotoAnalysis
from rekognition.client import Key, calling
from service.stage import EMPTY, Stage, counts_of

PURPOSE = "family-album"
SHELF = "upload:///phone/"


class _NotingModels(FakeModels):
    """Notes how closely each photo was looked at."""

    def __init__(self) -> None:
        self.looks: list[Look] = []

    def open(self, *, threads: int) -> _NotingVision:
        del threads
        return _NotingVision(self.looks)


class _NotingVision(FakeVision):
    def __init__(self, looks: list[Look]) -> None:
        self._looks = looks

    def analyse(self, content: bytes, *, look: Look = Look.PHOTO) -> PhotoAnalysis:
        self._looks.append(look)
        return super().analyse(content, look=look)


@pytest.fixture
def models() -> _NotingModels:
    return _NotingModels()


@pytest.fixture
def library(stage: Stage, models: _NotingModels) -> Iterator[Library]:
    stage.models = models
    with stage.open() as opened:
        stage.grant(opened, scope=SHELF)
        yield opened


@pytest.fixture
def client(library: Library) -> Iterator[Any]:
    (grant,) = library.grants()
    with calling(library, Key(grant.grant_id, PURPOSE)) as opened:
        yield opened


def refusal(client: Any, **members: Any) -> dict[str, str]:
    with pytest.raises(ClientError) as refused:
        client.detect_faces(**({"Image": {"Bytes": draw_photo(1)}} | members))
    error: dict[str, str] = refused.value.response["Error"]
    return error


def test_every_face_is_told_the_largest_first(client: Any) -> None:
    found = client.detect_faces(Image={"Bytes": draw_photo(1, 2)})["FaceDetails"]
    assert [one["BoundingBox"]["Left"] for one in found] == pytest.approx([0.1, 0.6])
    assert all(
        set(one) == {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"} for one in found
    )


def test_nobody_is_an_empty_list_and_no_error(client: Any) -> None:
    answer = client.detect_faces(Image={"Bytes": draw_photo()})
    assert answer["FaceDetails"] == []
    assert "OrientationCorrection" not in answer


def test_a_glance_is_all_that_is_taken_and_nothing_is_kept(
    stage: Stage, library: Library, client: Any, models: _NotingModels
) -> None:
    entries = len(list(library.audit().entries()))
    client.detect_faces(Image={"Bytes": draw_photo(1)})
    assert models.looks == [Look.GLANCE]
    assert counts_of(stage.home) == EMPTY
    assert len(list(library.audit().entries())) == entries


def test_at_most_a_hundred_faces_are_told(client: Any) -> None:
    crowd = draw_photo(*range(101))
    assert len(client.detect_faces(Image={"Bytes": crowd})["FaceDetails"]) == 100


@pytest.mark.parametrize("attributes", [["DEFAULT"], ["ALL"]], ids=["default", "all"])
def test_all_attributes_are_the_default_ones(client: Any, attributes: list[str]) -> None:
    (found,) = client.detect_faces(Image={"Bytes": draw_photo(1)}, Attributes=attributes)[
        "FaceDetails"
    ]
    assert not {"AgeRange", "Emotions", "Gender", "Smile"} & set(found)


@pytest.mark.parametrize("trait", ["AGE_RANGE", "EMOTIONS", "GENDER", "SMILE", "SUNGLASSES"])
def test_a_trait_is_refused_before_a_photo_is_looked_at(
    client: Any, models: _NotingModels, trait: str
) -> None:
    refused = refusal(client, Attributes=["DEFAULT", trait])
    assert refused["Code"] == "AccessDeniedException"
    assert trait in refused["Message"]
    assert models.looks == []


def test_a_key_that_may_not_search_is_refused(library: Library) -> None:
    (grant,) = library.grants()
    key = Key(grant.grant_id, PURPOSE, operations=frozenset({Operation.ADD}))
    with calling(library, key) as client:
        assert refusal(client)["Code"] == "AccessDeniedException"


@pytest.mark.parametrize("what", ["revoked", "purpose", "unknown"])
def test_without_a_grant_in_force_for_the_purpose_no_photo_is_looked_at(
    library: Library, models: _NotingModels, what: str
) -> None:
    (grant,) = library.grants()
    if what == "revoked":
        library.revoke(grant.grant_id)
    grant_id = "" if what == "unknown" else grant.grant_id
    with calling(library, Key(grant_id, "research" if what == "purpose" else PURPOSE)) as client:
        refused = refusal(client)
    reason = {
        "revoked": "grant-revoked",
        "purpose": "purpose-not-granted",
        "unknown": "no-grant",
    }[what]
    assert refused["Code"] == "AccessDeniedException"
    assert f"({reason})" in refused["Message"]
    assert models.looks == []


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"Image": {}}, "InvalidParameterException"),
        ({"Image": {"Bytes": b"no photo"}}, "InvalidImageFormatException"),
        ({"Attributes": ["HAIR"]}, "InvalidParameterException"),
        ({"Image": {"S3Object": {"Bucket": "b-1", "Name": "a.jpg"}}}, "InvalidS3ObjectException"),
    ],
    ids=["neither", "no-photo", "attribute", "no-store"],
)
def test_members_are_checked_here(client: Any, members: dict[str, Any], code: str) -> None:
    assert refusal(client, **members)["Code"] == code
