"""How strong a match is, for people and as JSON values."""

from __future__ import annotations

from mien.evidence.strength import Strength

_WHOLE_FROM = 10
"""Fewer strangers than this are told with a fraction."""


def show_band(strength: Strength | None) -> str:
    return "not measured" if strength is None else strength.band.value


def show_strangers(strength: Strength | None) -> str:
    """How many strangers score as high, and how many of them are to be expected here."""
    if strength is None:
        return ""
    mark = "~" if strength.is_extrapolated else ""
    expected = strength.expected_strangers
    shown = f"{expected:,.0f}" if expected >= _WHOLE_FROM else f"{expected:.1g}"
    return f"{mark}1 in {float(f'{1 / strength.fmr:.2g}'):,.0f}; expect {shown}"


def describe_strength(strength: Strength | None) -> dict[str, object] | None:
    if strength is None:
        return None
    return {
        "normalised_score": round(strength.normalised_score, 4),
        "fmr": float(f"{strength.fmr:.3g}"),
        "fmr_low": float(f"{strength.fmr_low:.3g}"),
        "fmr_high": float(f"{strength.fmr_high:.3g}"),
        "is_extrapolated": strength.is_extrapolated,
        "expected_strangers": float(f"{strength.expected_strangers:.3g}"),
        "band": strength.band.value,
        "likelihood_ratio": float(f"{strength.likelihood_ratio:.3g}"),
    }
