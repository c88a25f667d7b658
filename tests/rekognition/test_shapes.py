"""Faces, boxes and versions as the service model wants them."""

from __future__ import annotations

import re

from mien.catalog.faces import StoredFace, VisibleFace
from mien.rekognition.shapes import tell_box, tell_face, tell_model_version, tell_percent
from mien.testing import GOOD
from mien.types import Box, Credit, FaceId

_FACE = VisibleFace(
    stored=StoredFace(FaceId(7), "0c6b1a9e-5f2f-4c8e-9b1a-2f4f3c9d8e70", "photo", "blob"),
    person_id=None,
    box=Box(20, 10, 60, 60),
    confidence=0.875,
    quality=GOOD,
    sha256="ab" * 32,
    width_px=200,
    height_px=100,
    credit=Credit(),
    locations=(),
)


def test_a_box_is_told_as_shares_of_the_photo() -> None:
    told = tell_box(Box(-10, 20, 40, 100), width_px=100, height_px=200)
    assert told == {"Left": -0.1, "Top": 0.1, "Width": 0.5, "Height": 0.4}


def test_a_share_is_told_as_percent_within_bounds() -> None:
    assert [tell_percent(share) for share in (-0.1, 0.0, 0.5, 1.0, 1.01)] == [0, 0, 50, 100, 100]


def test_the_version_of_a_model_is_digits_and_differs_between_models() -> None:
    digests = [f"{number:064x}" for number in range(500)]
    versions = {tell_model_version(digest) for digest in digests}
    assert len(versions) == len(digests)
    assert all(re.fullmatch(r"[0-9\.]+", version) for version in versions)
    assert tell_model_version(digests[0]) == tell_model_version(digests[0])


def test_a_face_has_no_name_and_nobody_where_there_is_none() -> None:
    told = tell_face(_FACE, model_digest="fa" * 32)
    assert told == {
        "FaceId": "0c6b1a9e-5f2f-4c8e-9b1a-2f4f3c9d8e70",
        "ImageId": "photo",
        "BoundingBox": {"Left": 0.1, "Top": 0.1, "Width": 0.2, "Height": 0.5},
        "Confidence": 87.5,
        "IndexFacesModelVersion": tell_model_version("fa" * 32),
    }


def test_a_face_is_told_with_the_names_that_clients_gave() -> None:
    told = tell_face(_FACE, model_digest="fa" * 32, external_image_id="a.jpg", user_id="anna")
    assert (told["ExternalImageId"], told["UserId"]) == ("a.jpg", "anna")
