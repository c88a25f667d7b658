"""What a score is worth: how often strangers score as high, in words and in this collection.

The words follow the number of strangers to be expected, since the same score means less among
more faces: the most that the interval of the rate allows, so that doubt never makes a match
stronger. None of them says that two faces are of one person: a score cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mien.errors import ModelError
from mien.types import Calibration

__all__ = ["BAND_LIMITS", "Band", "Strength", "find_score", "judge"]


class Band(StrEnum):
    """How strong a match is, in words."""

    WEAK = "weak"
    MODERATE = "moderate"
    STRONG = "strong"
    VERY_STRONG = "very strong"


BAND_LIMITS = {Band.VERY_STRONG: 0.001, Band.STRONG: 0.03, Band.MODERATE: 1.0}
"""Fewer strangers than this score as high in the collection, at the most; else it is weak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """How strong one match is.

    `fmr` is the share of strangers' pairs that score as high, `fmr_low` and `fmr_high` its 95 %
    interval. Where `is_extrapolated`, too few pairs were counted at such scores; where
    `is_bound`, strangers are rarer yet, but nobody can say how much. `likelihood_ratio` says how
    much likelier the score is for one person than for two.
    """

    normalised_score: float
    fmr: float
    fmr_low: float
    fmr_high: float
    is_extrapolated: bool
    is_bound: bool
    expected_strangers: float
    band: Band
    likelihood_ratio: float


def judge(
    normalised_scores: NDArray[np.float64], calibration: Calibration, *, faces: int
) -> list[Strength]:
    """The strength of each match of one search among so many faces."""
    columns = (
        calibration.log10_fmr,
        calibration.log10_fmr_low,
        calibration.log10_fmr_high,
        calibration.log10_ratio,
    )
    fmr, low, high, ratio = (
        10 ** np.interp(normalised_scores, calibration.scores, column) for column in columns
    )
    end = float(calibration.scores[-1])
    # Nothing was measured below the first knot: any stranger may score so.
    fmr, high = (np.where(normalised_scores < calibration.scores[0], 1.0, of) for of in (fmr, high))
    rows = zip(*(of.tolist() for of in (normalised_scores, fmr, low, high, ratio)), strict=True)
    return [
        Strength(
            normalised_score=score,
            fmr=rate,
            fmr_low=lowest,
            fmr_high=highest,
            is_extrapolated=score >= calibration.extrapolated_from,
            is_bound=score > end,
            expected_strangers=rate * faces,
            band=name_band(highest * faces),
            likelihood_ratio=times,
        )
        for score, rate, lowest, highest, times in rows
    ]


def find_score(calibration: Calibration, *, fmr: float) -> float:
    """The normalised score that strangers reach at this false match rate.

    Raises `ModelError` for a rate beyond what the calibration can tell.
    """
    log10 = np.log10(fmr)
    if not calibration.log10_fmr[-1] <= log10 <= calibration.log10_fmr[0]:
        raise ModelError(f"The model's calibration does not reach a false match rate of {fmr:g}.")
    # np.interp wants what it looks up in to rise.
    return float(np.interp(-log10, -calibration.log10_fmr, calibration.scores))


def name_band(expected_strangers: float) -> Band:
    """The strongest band whose limit this number of strangers stays below."""
    for band, limit in BAND_LIMITS.items():
        if expected_strangers < limit:
            return band
    return Band.WEAK
