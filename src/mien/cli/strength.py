"""How strong a match is, for people and as JSON values."""

from __future__ import annotations

from mien.evidence.strength import Strength

_MILLION = 1_000_000
_WHOLE_FROM = 10
"""Fewer strangers than this are told with a fraction."""


def show_band(strength: Strength | None) -> str:
    return "not measured" if strength is None else strength.band.value


def show_strangers(strength: Strength | None) -> str:
    """How many strangers score as high, and how many of them are to be expected here."""
    if strength is None:
        return ""
    if strength.is_bound:  # no more is claimed than the worst that is likely
        mark, rate = "<", strength.fmr_high
    else:
        mark, rate = "~" if strength.is_extrapolated else "", strength.fmr
    expected = strength.expected_strangers * rate / strength.fmr
    shown = f"{expected:,.0f}" if expected >= _WHOLE_FROM else f"{expected:.1g}"
    return f"{mark}1 in {_show_count(1 / rate)}; expect {shown}"


def _show_count(count: float) -> str:
    """Two digits are all that is known."""
    rounded = float(f"{count:.2g}")
    return f"{rounded / _MILLION:g} million" if rounded >= _MILLION else f"{rounded:,.0f}"


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
