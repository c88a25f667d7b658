"""How well a face can be recognised: measured on its chip and its five landmarks.

Components bear the names of ISO/IEC 29794-5 where it has them; their scales are stated here
and are not its own. What hides a face within the picture (hands, hair, masks, glasses) is not
measured. Pose is a rough estimate from five points: see `estimate_pose`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.types import Box, Face, Flaw, Landmarks, Quality, Rgb

__all__ = ["estimate_pose", "measure_quality"]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_LEVELS = 256
_UNDER_EXPOSED = 26
_OVER_EXPOSED = 247
_LEAST_INTER_EYE_PX = 14
_LEAST_SHARPNESS = 0.1
_MOST_YAW_DEG = 45
_MOST_PITCH_DEG = 40
_LEAST_LUMINANCE = 0.12
_MOST_OVER_EXPOSED = 0.5
_LEAST_INSIDE = 0.8
_LEAST_CONFIDENCE = 0.6
_FACE = np.array(
    [
        (-0.5, 0.0, 0.0),
        (0.5, 0.0, 0.0),
        (0.0, 0.57, -0.6),
        (-0.45, 1.06, -0.14),
        (0.45, 1.06, -0.14),
    ]
)
"""Eyes, nose tip and mouth corners in distances between the eyes; z away from the viewer."""


def measure_quality(chip: Rgb, face: Face, *, size_px: tuple[int, int]) -> Quality:
    """The quality of a face, from its aligned chip and where it lies in a photo of this size."""
    light = _measure_light(chip)
    yaw_deg, pitch_deg, roll_deg = estimate_pose(face.landmarks)
    inter_eye_px = _inter_eye_px(face.landmarks)
    sharpness = measure_sharpness(chip)
    inside = _share_inside(face.box, size_px)
    is_flawed = {
        Flaw.TOO_SMALL: inter_eye_px < _LEAST_INTER_EYE_PX,
        Flaw.BLURRED: sharpness < _LEAST_SHARPNESS,
        Flaw.EXTREME_POSE: abs(yaw_deg) > _MOST_YAW_DEG or abs(pitch_deg) > _MOST_PITCH_DEG,
        Flaw.TOO_DARK: light.mean < _LEAST_LUMINANCE,
        Flaw.TOO_BRIGHT: light.over_exposed > _MOST_OVER_EXPOSED,
        Flaw.CUT_OFF: inside < _LEAST_INSIDE,
        Flaw.LOW_CONFIDENCE: face.confidence < _LEAST_CONFIDENCE,
    }
    flaws = tuple(flaw for flaw, is_so in is_flawed.items() if is_so)
    return Quality(
        value=max(0.0, 100.0 - 30.0 * len(flaws)),
        inter_eye_px=inter_eye_px,
        sharpness=sharpness,
        yaw_deg=yaw_deg,
        pitch_deg=pitch_deg,
        roll_deg=roll_deg,
        luminance=light.mean,
        dynamic_range=light.dynamic_range,
        under_exposed=light.under_exposed,
        over_exposed=light.over_exposed,
        inside=inside,
        flaws=flaws,
    )


def estimate_pose(landmarks: Landmarks) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees.

    Positive where the face looks to the viewer's right, down, and leans clockwise. Scaled
    orthography fitted to five points of a mean face by least squares (the first step of POS,
    DeMenthon and Davis, IJCV 15, 1995).
    """
    points = landmarks.as_array()
    axes = np.linalg.pinv(_FACE - _FACE.mean(axis=0)) @ (points - points.mean(axis=0))
    left, _, right = np.linalg.svd(axes.T, full_matrices=False)
    across, down = left @ right
    ahead = np.cross(across, down)
    yaw = np.arctan2(-ahead[0], np.hypot(ahead[1], ahead[2]))
    pitch = np.arctan2(-ahead[1], ahead[2])
    roll = np.arctan2(down[0] * -1, across[0])
    yaw_deg, pitch_deg, roll_deg = np.degrees([yaw, pitch, roll]).tolist()
    return yaw_deg, pitch_deg, roll_deg


def measure_sharpness(chip: Rgb) -> float:
    """Mean strength of the finest detail over the contrast of the face."""
    grey = chip.astype(np.float32) @ _LUMA
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    detail = 4 * grey[1:-1, 1:-1] - around
    return float(np.abs(detail).mean() / (grey.std() + 1.0))


@dataclass(frozen=True, slots=True)
class _Light:
    mean: float
    dynamic_range: float
    under_exposed: float
    over_exposed: float


def _measure_light(chip: Rgb) -> _Light:
    levels = (chip.astype(np.float32) @ _LUMA).astype(np.uint8)
    shares = np.bincount(levels.ravel(), minlength=_LEVELS) / levels.size
    present = shares[shares > 0]
    return _Light(
        mean=float(shares @ np.arange(_LEVELS)) / (_LEVELS - 1),
        dynamic_range=max(0.0, -float(present @ np.log2(present))),
        under_exposed=float(shares[:_UNDER_EXPOSED].sum()),
        over_exposed=float(shares[_OVER_EXPOSED:].sum()),
    )


def _inter_eye_px(landmarks: Landmarks) -> float:
    left, right = landmarks.left_eye, landmarks.right_eye
    return float(np.hypot(right.x - left.x, right.y - left.y))


def _share_inside(box: Box, size_px: tuple[int, int]) -> float:
    width = min(box.x2, size_px[0]) - max(box.x1, 0.0)
    height = min(box.y2, size_px[1]) - max(box.y1, 0.0)
    return max(0.0, width) * max(0.0, height) / max(box.area, 1e-9)
