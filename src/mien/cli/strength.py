"""How strong a match is, as JSON values."""

from __future__ import annotations

from mien.evidence.strength import Strength
from mien.service.strength_words import show_band, show_strangers

__all__ = ["describe_strength", "show_band", "show_strangers"]


def describe_strength(strength: Strength | None) -> dict[str, object] | None:
    if strength is None:
        return None
    return {
        "normalised_score": round(strength.normalised_score, 4),
        "fmr": float(f"{strength.fmr:.3g}"),
        "fmr_low": float(f"{strength.fmr_low:.3g}"),
        "fmr_high": float(f"{strength.fmr_high:.3g}"),
        "is_extrapolated": strength.is_extrapolated,
        "is_bound": strength.is_bound,
        "expected_strangers": float(f"{strength.expected_strangers:.3g}"),
        "band": strength.band.value,
        "likelihood_ratio": float(f"{strength.likelihood_ratio:.3g}"),
    }
