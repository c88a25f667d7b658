"""How strong a match is, in words for people."""

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
