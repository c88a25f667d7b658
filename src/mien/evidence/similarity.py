"""Similarity, 0 to 100: a false match rate on the scale that programs know from Amazon.

They have 80, 90, 95 and 99 written into them, so these mean fixed rates at which strangers
reach them, whatever the model: its calibration says at which scores. Between the anchors it is
linear in the rate's logarithm; below what was measured it is 0; beyond the last anchor every
decade takes nine tenths of what is missing to 100. Where a calibration ends nobody knows how
rare strangers are: from there on the similarity only rises with the score, and reaches 100 never.
"""

from __future__ import annotations

import math

import numpy as np

from mien.types import Calibration

__all__ = ["ANCHORS", "find_rate", "find_threshold", "is_reached", "tell_similarity"]

ANCHORS = {80.0: 1e-3, 90.0: 1e-4, 95.0: 1e-5, 99.0: 1e-6}
"""The false match rates that the similarities mean which programs ask for."""

_SIMILARITIES = np.array([0.0, *ANCHORS])
_DECADES = np.array([0.0, *(round(-math.log10(rate)) for rate in ANCHORS.values())])
"""How many decades below 1 the rate of each is."""
_MOST = 100.0


def tell_similarity(normalised_score: float, calibration: Calibration) -> float:
    """From 0 up to, and never at, 100; a higher score never has a lower one."""
    if not normalised_score >= calibration.scores[0]:
        return 0.0  # nothing was measured there: any stranger may score so
    log10 = np.interp(normalised_score, calibration.scores, calibration.log10_fmr)
    similarity = _tell(-float(log10))
    beyond = normalised_score - float(calibration.scores[-1])
    return _MOST - (_MOST - similarity) / (1 + beyond) if beyond > 0 else similarity


def find_rate(similarity: float) -> float:
    """The false match rate that a similarity means: 1 for 0, and 0 for 100, which no score has."""
    if similarity > _SIMILARITIES[-1]:
        return max(_MOST - similarity, 0.0) * float(10 ** -_DECADES[-1])
    return float(10 ** -np.interp(similarity, _SIMILARITIES, _DECADES))


def find_threshold(similarity: float, calibration: Calibration) -> float:
    """The least normalised score that is as similar; minus infinity for 0, infinity for 100."""
    if similarity <= 0:
        return -math.inf
    if similarity >= _MOST:
        return math.inf
    end = float(calibration.scores[-1])
    missing = _MOST - _tell(-float(calibration.log10_fmr[-1]))
    if _MOST - similarity < missing:
        return end + missing / (_MOST - similarity) - 1
    # What is looked up must rise.
    decades = -math.log10(find_rate(similarity))
    return float(np.interp(decades, -calibration.log10_fmr, calibration.scores))


def is_reached(similarity: float, calibration: Calibration) -> bool:
    """Whether the calibration knows the rate that this similarity means.

    Where it does not, whatever is as similar scores beyond its end: strangers are rarer there
    than its last rate, and how much rarer is not known.
    """
    return find_rate(similarity) >= 10 ** float(calibration.log10_fmr[-1])


def _tell(decades: float) -> float:
    """The similarity of a rate so many decades below 1."""
    if decades > _DECADES[-1]:
        return _MOST - (_MOST - float(_SIMILARITIES[-1])) * float(10 ** (_DECADES[-1] - decades))
    return float(np.interp(decades, _DECADES, _SIMILARITIES))
