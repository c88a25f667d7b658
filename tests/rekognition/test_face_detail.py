"""What is told of a face: shares of the photo, the service's signs, and no trait."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from mien.rekognition.errors import Code, ServiceError
from mien.rekognition.face_detail import Frame, check_attributes, tell_face
from mien.testing import GOOD
from mien.types import Box, Face, Landmarks, Point, Quality
from mien.vision.quality import estimate_pose


@dataclass(frozen=True)
class _Seen:
    face: Face
    quality: Quality


_FRAME = Frame(200, 100)
_FACE = Face(
    Box(20, 10, 60, 90),
    Landmarks(Point(30, 30), Point(50, 30), Point(40, 50), Point(32, 70), Point(48, 70)),
    confidence=0.75,
)


def test_boxes_and_landmarks_are_shares_of_the_photo() -> None:
    told = tell_face(_Seen(_FACE, GOOD), _FRAME)
    assert told["BoundingBox"] == {"Width": 0.2, "Height": 0.8, "Left": 0.1, "Top": 0.1}
    assert told["Confidence"] == 75.0
    assert told["Landmarks"] == [
        {"Type": "eyeLeft", "X": 0.15, "Y": 0.3},
        {"Type": "eyeRight", "X": 0.25, "Y": 0.3},
        {"Type": "mouthLeft", "X": 0.16, "Y": 0.7},
        {"Type": "mouthRight", "X": 0.24, "Y": 0.7},
        {"Type": "nose", "X": 0.2, "Y": 0.5},
    ]


def test_only_the_default_attributes_are_told() -> None:
    told = tell_face(_Seen(_FACE, GOOD), _FRAME)
    assert set(told) == {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"}


def test_brightness_and_sharpness_stay_within_0_and_100() -> None:
    blinding = replace(GOOD, luminance=1.2, sharpness=4.0)
    assert tell_face(_Seen(_FACE, blinding), _FRAME)["Quality"] == {
        "Brightness": 100.0,
        "Sharpness": 100.0,
    }
    assert tell_face(_Seen(_FACE, replace(GOOD, luminance=0.25, sharpness=0.3)), _FRAME)[
        "Quality"
    ] == {"Brightness": 25.0, "Sharpness": 50.0}


# Two faces as Amazon's documentation and an answer of the service give them: width and height of
# the frame, both eyes, nose and the corners of the mouth as shares of it, then yaw, pitch, roll.
_ANSWERS = {
    "turned-right-leaning-left": (
        (1920, 1080),
        ((0.0686, 0.3084), (0.1040, 0.3006), (0.0967, 0.3408), (0.0752, 0.3811), (0.1074, 0.3741)),
        {"Yaw": 20.3, "Roll": -8.8},
    ),
    "looking-up": (
        (1500, 1000),
        ((0.4610, 0.2172), (0.5221, 0.2113), (0.4973, 0.2525), (0.4707, 0.3088), (0.5216, 0.3038)),
        {"Yaw": 3.6, "Pitch": 17.8, "Roll": -2.9},
    ),
}


@pytest.mark.parametrize("name", _ANSWERS)
def test_angles_have_the_signs_of_the_service(name: str) -> None:
    (width, height), shares, expected = _ANSWERS[name]
    landmarks = Landmarks(*(Point(x * width, y * height) for x, y in shares))
    yaw, pitch, roll = estimate_pose(landmarks)
    quality = replace(GOOD, yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll)
    told = tell_face(_Seen(_FACE, quality), Frame(width, height))["Pose"]
    assert isinstance(told, dict)
    assert {angle: told[angle] for angle in expected} == pytest.approx(expected, abs=8.0)


@pytest.mark.parametrize("wanted", [(), ("DEFAULT",), ("ALL",), ("DEFAULT", "ALL")])
def test_whoever_asks_for_all_goes_on_with_what_there_is(wanted: tuple[str, ...]) -> None:
    check_attributes(wanted)


def test_a_trait_that_is_asked_for_by_name_is_refused_in_plain_words() -> None:
    with pytest.raises(ServiceError) as refused:
        check_attributes(("DEFAULT", "GENDER", "AGE_RANGE"))
    assert refused.value.code is Code.ACCESS_DENIED
    assert "infers no traits" in refused.value.message
    assert "GENDER, AGE_RANGE" in refused.value.message
