"""What is told of a face: where it is, how it is turned, how well it is seen; never a trait.

Boxes and landmarks are shares of the upright photo. The angles have the signs of the service:
positive where a face looks to the viewer's right, looks up, and leans clockwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mien.rekognition.errors import Code, ServiceError
from mien.rekognition.members import Choice, Many
from mien.rekognition.shapes import tell_box, tell_percent
from mien.types import Face, Landmarks, Point, Quality

DEFAULT, ALL = "DEFAULT", "ALL"
_TRAITS = (
    *("AGE_RANGE", "BEARD", "EMOTIONS", "EYE_DIRECTION", "EYEGLASSES", "EYES_OPEN", "GENDER"),
    *("MOUTH_OPEN", "MUSTACHE", "FACE_OCCLUDED", "SMILE", "SUNGLASSES"),
)
ATTRIBUTES = Many(Choice((DEFAULT, ALL, *_TRAITS)))
"""The kind of the members `Attributes` and `DetectionAttributes`."""

_SHARPEST = 0.6
"""The sharpness (mien.types.Quality) that counts as 100."""

_NAMES = (
    ("eyeLeft", "left_eye"),
    ("eyeRight", "right_eye"),
    ("mouthLeft", "left_mouth"),
    ("mouthRight", "right_mouth"),
    ("nose", "nose"),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """The size of the upright photo that a face is in."""

    width_px: int
    height_px: int


class Seen(Protocol):
    """A face as it was found, such as `EmbeddedFace`; an embedding is never read of it."""

    @property
    def face(self) -> Face: ...

    @property
    def quality(self) -> Quality: ...


def check_attributes(attributes: Sequence[str]) -> None:
    """Raises `ServiceError` for a trait that is asked for by name. ALL means all there are."""
    traits = [one for one in attributes if one in _TRAITS]
    if traits:
        raise ServiceError(
            Code.ACCESS_DENIED,
            f"This server infers no traits of people, so it has no {', '.join(traits)}: ask for "
            "DEFAULT (BoundingBox, Confidence, Landmarks, Pose and Quality).",
        )


def tell_face(seen: Seen, frame: Frame) -> dict[str, object]:
    """The members of `FaceDetail`, and of `ComparedFace`."""
    return {
        **tell_place(seen.face, frame),
        "Landmarks": _tell_landmarks(seen.face.landmarks, frame),
        "Pose": _tell_pose(seen.quality),
        "Quality": _tell_quality(seen.quality),
    }


def tell_place(face: Face, frame: Frame) -> dict[str, object]:
    """Where a face is, and how sure the detector is of it."""
    return {
        "BoundingBox": tell_box(face.box, width_px=frame.width_px, height_px=frame.height_px),
        "Confidence": tell_percent(face.confidence),
    }


def _tell_landmarks(landmarks: Landmarks, frame: Frame) -> list[dict[str, object]]:
    points: list[tuple[str, Point]] = [(name, getattr(landmarks, mine)) for name, mine in _NAMES]
    return [
        {"Type": name, "X": point.x / frame.width_px, "Y": point.y / frame.height_px}
        for name, point in points
    ]


def _tell_pose(quality: Quality) -> dict[str, float]:
    # Here a lowered head has a positive pitch; there it has a negative one.
    return {"Roll": quality.roll_deg, "Yaw": quality.yaw_deg, "Pitch": -quality.pitch_deg}


def _tell_quality(quality: Quality) -> dict[str, float]:
    return {
        "Brightness": tell_percent(quality.luminance),
        "Sharpness": tell_percent(quality.sharpness / _SHARPEST),
    }
