"""How well a face can be recognised: measured on its pixels and its five landmarks.

Components bear the names of ISO/IEC 29794-5 where it has them; their scales are stated here
and are not its own. Pixels are looked at on a grey chip that is the same for every
recogniser. What hides a face within the picture (hands, hair, masks, glasses) is not
measured, and pose is a rough estimate: see `estimate_pose`.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mien.types import Face, Landmarks, Quality
from mien.vision.align import Aligner
from mien.vision.cards import Alignment
from mien.vision.decode import Photo
from mien.vision.utility import find_flaws, unify

__all__ = ["Assessor", "estimate_pose", "measure_noise", "measure_sharpness"]

Grey = NDArray[np.float32]
"""Luminance of a chip, 0 to 255, shape (height, width)."""

_SIDE_PX = 88
_INTER_EYE_PX = 40.0
_EYES_PX = 26.0
_LEVELS = 256
_UNDER_EXPOSED = 26
_OVER_EXPOSED = 247
_SOLID = np.array(
    [
        (-0.5, 0.0, 0.0),
        (0.5, 0.0, 0.0),
        (0.0, 0.49, -0.42),
        (-0.42, 0.97, 0.02),
        (0.42, 0.97, 0.02),
    ]
)
"""Eyes, nose tip and mouth corners of a mean face in distances between its eyes, z away from
the viewer; fitted to the landmarks found in 1,549 press photos, turned so that half of them
look down."""
_TO_AXES = np.linalg.pinv(_SOLID - _SOLID.mean(axis=0))


class Assessor:
    """Tells the quality of faces; may be used from several threads."""

    def __init__(self) -> None:
        middle = _SIDE_PX / 2
        flat = _SOLID[:, :2] * _INTER_EYE_PX + (middle, _EYES_PX)
        points = tuple((float(x), float(y)) for x, y in flat)
        alignment = Alignment(points, scales=(1.0,), centre_px=(middle, middle))
        self._aligner = Aligner(alignment, side_px=_SIDE_PX)

    def assess(self, photo: Photo, face: Face, *, consistency: float) -> Quality:
        """The quality of a face of a photo; `consistency` is the embedder's."""
        levels = self._aligner.cut_grey_chip(photo.picture, face.landmarks, scale=photo.scale)
        shares = np.bincount(levels.ravel(), minlength=_LEVELS) / levels.size
        grey = levels.astype(np.float32)
        yaw_deg, pitch_deg, roll_deg = estimate_pose(face.landmarks)
        left, right = face.landmarks.left_eye, face.landmarks.right_eye
        measured = Quality(
            value=0.0,
            inter_eye_px=math.hypot(right.x - left.x, right.y - left.y),
            sharpness=measure_sharpness(grey),
            noise=measure_noise(grey),
            yaw_deg=yaw_deg,
            pitch_deg=pitch_deg,
            roll_deg=roll_deg,
            luminance=float(grey.mean()) / (_LEVELS - 1),
            dynamic_range=_measure_range(shares),
            under_exposed=float(shares[:_UNDER_EXPOSED].sum()),
            over_exposed=float(shares[_OVER_EXPOSED:].sum()),
            inside=self._aligner.share_inside(
                face.landmarks, size_px=(photo.width_px, photo.height_px)
            ),
            consistency=consistency,
        )
        value = unify(measured, confidence=face.confidence)
        return replace(
            measured, value=value, flaws=find_flaws(measured, confidence=face.confidence)
        )


def estimate_pose(landmarks: Landmarks) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees; 0 where a face looks at the viewer, upright.

    Positive where it looks to the viewer's right, looks down, and leans clockwise: turned
    about the axes of head, picture and view, in this order. Scaled orthography is fitted to
    five points of a mean face by least squares (the first step of POS, DeMenthon and Davis,
    IJCV 15, 1995). It is rough: nobody has the mean face, and an open mouth looks like a
    lowered head. Beyond some 60 degrees of yaw an eye is hidden, and its landmark a guess.
    """
    points = landmarks.as_array()
    axes = (_TO_AXES @ (points - points.mean(axis=0))).T
    left, _, right = np.linalg.svd(axes, full_matrices=False)
    (ax, ay, az), (dx, dy, dz) = (left @ right).tolist()
    away_x, away_y, away_z = ay * dz - az * dy, az * dx - ax * dz, ax * dy - ay * dx
    yaw = math.atan2(away_x, away_z)
    pitch = math.asin(min(1.0, max(-1.0, away_y)))
    return math.degrees(yaw), math.degrees(pitch), math.degrees(math.atan2(-ay, dy))


def measure_sharpness(grey: Grey) -> float:
    """Detail at 20 px between the eyes, as a share of the face's contrast."""
    rows, columns = (side // 2 * 2 for side in grey.shape)
    even = grey[:rows, :columns]
    coarse = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4
    return _measure_detail(coarse)


def measure_noise(grey: Grey) -> float:
    """Detail at 40 px between the eyes, as a share of the face's contrast.

    A face has less of it than of coarser detail; noise and grain have more.
    """
    return _measure_detail(grey)


def _measure_detail(grey: NDArray[np.floating]) -> float:
    """Mean size of the four-neighbour Laplacian over the deviation of luminance."""
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    detail = np.abs(4 * grey[1:-1, 1:-1] - around).mean()
    return float(detail / (grey.std() + 1.0))


def _measure_range(shares: NDArray[np.float64]) -> float:
    """Entropy of luminance in bits, 0 to 8."""
    present = shares[shares > 0]
    return max(0.0, -float(present @ np.log2(present)))
