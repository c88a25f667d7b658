"""Frozen values that every layer speaks in.

Boxes and landmarks are in source pixels of the upright photo (after EXIF orientation),
x to the right, y downwards. Embeddings are float32, unit length unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

import numpy as np
from numpy.typing import NDArray

from mien.errors import ModelError

Rgb = NDArray[np.uint8]
"""An upright photo or chip, shape (height, width, 3), red first."""

Vectors = NDArray[np.float32]
"""Embeddings, one a row, shape (n, dimension)."""

Ids = NDArray[np.int64]
"""Face ids, shape (n,)."""

FaceId = NewType("FaceId", int)
PhotoId = NewType("PhotoId", int)
CollectionId = NewType("CollectionId", int)
GrantId = NewType("GrantId", int)
PersonId = NewType("PersonId", int)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in source pixels: left, top, right and bottom edge."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Point:
    """A place in source pixels."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Five points of a face; left and right are the viewer's, as seen in the photo."""

    left_eye: Point
    right_eye: Point
    nose: Point
    left_mouth: Point
    right_mouth: Point

    def as_array(self) -> NDArray[np.float64]:
        """The points in declared order, shape (5, 2)."""
        points = (self.left_eye, self.right_eye, self.nose, self.left_mouth, self.right_mouth)
        return np.array([(point.x, point.y) for point in points])


@dataclass(frozen=True, slots=True)
class Face:
    """One detection in one photo; confidence is the detector's, 0 to 1."""

    box: Box
    landmarks: Landmarks
    confidence: float


class Look(StrEnum):
    """How closely vision looks at a photo.

    A photo that is kept is looked at for everybody in it. A probe is looked at for whom it
    shows: where that is plain, tiny faces of its background may go unseen. A glance is for where
    everybody is and how well they are seen: nothing is made that anybody could be known by, so
    that embeddings, crops and the thumbnail are empty, and consistency and value of quality 0.
    """

    PHOTO = "photo"
    PROBE = "probe"
    GLANCE = "glance"


class Flaw(StrEnum):
    """What makes a face hard to recognise; the value is a stable code."""

    TOO_SMALL = "too-small"
    BLURRED = "blurred"
    NOISY = "noisy"
    EXTREME_POSE = "extreme-pose"
    TOO_DARK = "too-dark"
    TOO_BRIGHT = "too-bright"
    CUT_OFF = "cut-off"
    LOW_CONFIDENCE = "low-confidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How well a face can be recognised, in the words of ISO/IEC 29794-5 where it has them.

    `value` is the unified score, 0 to 100; `mien.vision.quality` states what it means and how
    each component is measured. Luminance, its shares, `inside` (how much of the face lies
    within the picture) and `consistency` (how far the embeddings of its images agree) are
    0 to 1.
    """

    value: float
    inter_eye_px: float
    sharpness: float
    noise: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    luminance: float
    dynamic_range: float
    under_exposed: float
    over_exposed: float
    inside: float
    consistency: float
    flaws: tuple[Flaw, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedFace:
    """A face with its embedding, shape (dimension,), a small JPEG of it, and its quality."""

    face: Face
    embedding: NDArray[np.float32]
    crop_jpeg: bytes
    quality: Quality


@dataclass(frozen=True, slots=True)
class Credit:
    """What a file itself says about its origin; empty where it says nothing."""

    caption: str = ""
    credit: str = ""
    copyright: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class PhotoAnalysis:
    """All that vision finds in one photo. Faces are sorted by area, largest first."""

    width_px: int
    height_px: int
    media_type: str
    thumbnail_jpeg: bytes
    credit: Credit
    faces: tuple[EmbeddedFace, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Gaussian:
    """How a model's embeddings are spread: mean (d,) and covariance (d, d). Nobody's face."""

    mean: NDArray[np.float32]
    covariance: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """Nobody's faces, without end: where a model's embeddings lie, as a mixture of Gaussians.

    `centres` (k, d) are means of many people each, `weights` (k,) add up to one, and `spread`
    (d, d) is the covariance around every centre.
    """

    centres: NDArray[np.float32]
    weights: NDArray[np.float32]
    spread: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What a normalised score is worth, at rising `scores` (k,); between them it is interpolated.

    `log10_fmr` falls, with the bounds of its 95 % interval beside it; from the score
    `extrapolated_from` on too few pairs were counted, and a fitted tail stands in. Beyond the
    ends nothing more is claimed. `log10_ratio` is the likelihood ratio of one person against two,
    and never falls.
    """

    scores: NDArray[np.float64]
    log10_fmr: NDArray[np.float64]
    log10_fmr_low: NDArray[np.float64]
    log10_fmr_high: NDArray[np.float64]
    log10_ratio: NDArray[np.float64]
    extrapolated_from: float


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingModel:
    """What makes two templates comparable: same model id and same digest.

    `score_by_fmr` holds measured cosines that strangers exceed at a false match rate, and
    `missed_by_fmr` the share of pairs of one person that score less. A model that was never
    measured has none of them, no cohort and no calibration.
    """

    model_id: str
    digest: str
    dimension: int
    gaussian: Gaussian
    score_by_fmr: Mapping[float, float]
    missed_by_fmr: Mapping[float, float] = field(default_factory=dict)
    measured_on: str = ""
    cohort: Cohort | None = None
    calibration: Calibration | None = None

    def score_at(self, fmr: float) -> float:
        """The score from which on two faces count as of one person at this false match rate.

        Raises `ModelError` for a rate that was not measured.
        """
        if fmr not in self.score_by_fmr:
            if not self.score_by_fmr:
                raise ModelError(
                    f"No score was measured for {self.model_id}, so nothing tells from which on "
                    "faces are alike. Measure it: mien evaluate, then mien models measure."
                )
            measured = ", ".join(f"{rate:g}" for rate in sorted(self.score_by_fmr))
            raise ModelError(
                f"No score was measured for {self.model_id} at a false match rate of {fmr:g}; "
                f"choose one of {measured or 'none'}."
            )
        return self.score_by_fmr[fmr]
