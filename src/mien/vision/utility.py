"""The unified value of a face's quality, and what is wrong with it.

The value is an estimate, in percent, of how many other press photos of the same person the
face finds at a false match rate of 1e-4 with the default model: a logistic model of the
components, fitted on photos as they are and made worse on purpose. More is never worse in
any component that helps, nor better in one that harms. Pose has no part in it beyond what
it does to the others. `python -m bench quality` shows how well it holds.
"""

from __future__ import annotations

import math

from mien.types import Flaw, Quality

__all__ = ["find_flaws", "unify"]

_INTERCEPT = -180.84
_ENOUGH_SHARPNESS = 0.3
_ENOUGH_INTER_EYE_PX = 32.0
_ENOUGH_RANGE = 6.5
_ENOUGH_INSIDE = 0.95
_ENOUGH_CONFIDENCE = 0.9
_HARMLESS_NOISE = 0.25
_LEAST = 1e-3

_LEAST_INTER_EYE_PX = 9.0
_LEAST_SHARPNESS = 0.15
_MOST_NOISE = 0.8
_MOST_YAW_DEG = 45.0
_MOST_PITCH_DEG = 20.0
_LEAST_LUMINANCE = 0.04
_MOST_OVER_EXPOSED = 0.45
_LEAST_INSIDE = 0.65
_LEAST_CONFIDENCE = 0.65


def unify(measured: Quality, *, confidence: float) -> float:
    """The value, 0 to 100, for components and the detector's confidence."""
    logit = (
        _INTERCEPT
        + 1.85 * math.log2(max(_LEAST, min(measured.sharpness, _ENOUGH_SHARPNESS)))
        + 0.304 * math.log2(max(_LEAST, min(measured.inter_eye_px, _ENOUGH_INTER_EYE_PX)))
        + 0.499 * min(measured.dynamic_range, _ENOUGH_RANGE)
        + 2.94 * min(measured.inside, _ENOUGH_INSIDE)
        + 6.99 * min(confidence, _ENOUGH_CONFIDENCE)
        + 172.7 * measured.consistency
        - 1.91 * max(0.0, measured.noise - _HARMLESS_NOISE)
        - 1.71 * measured.over_exposed
    )
    return 100.0 / (1.0 + math.exp(-logit))


def find_flaws(measured: Quality, *, confidence: float) -> tuple[Flaw, ...]:
    """What by itself halves the value of an ordinary press photo, or more."""
    is_turned = abs(measured.yaw_deg) > _MOST_YAW_DEG or abs(measured.pitch_deg) > _MOST_PITCH_DEG
    is_so = {
        Flaw.TOO_SMALL: measured.inter_eye_px < _LEAST_INTER_EYE_PX,
        Flaw.BLURRED: measured.sharpness < _LEAST_SHARPNESS,
        Flaw.NOISY: measured.noise > _MOST_NOISE,
        Flaw.EXTREME_POSE: is_turned,
        Flaw.TOO_DARK: measured.luminance < _LEAST_LUMINANCE,
        Flaw.TOO_BRIGHT: measured.over_exposed > _MOST_OVER_EXPOSED,
        Flaw.CUT_OFF: measured.inside < _LEAST_INSIDE,
        Flaw.LOW_CONFIDENCE: confidence < _LEAST_CONFIDENCE,
    }
    return tuple(flaw for flaw in Flaw if is_so[flaw])
