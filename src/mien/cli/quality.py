"""The quality of a face, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from mien.types import Flaw, Quality

_WORDS = {
    Flaw.TOO_SMALL: "too small",
    Flaw.BLURRED: "blurred",
    Flaw.NOISY: "grainy",
    Flaw.EXTREME_POSE: "turned away",
    Flaw.TOO_DARK: "too dark",
    Flaw.TOO_BRIGHT: "too bright",
    Flaw.CUT_OFF: "cut off",
    Flaw.LOW_CONFIDENCE: "hardly a face",
}


def tell_caveat(quality: Quality | None) -> str:
    """What lessens the worth of a probe's scores; nothing where nothing does."""
    if quality is None or not quality.flaws:
        return ""
    return f"The searched face is {_join(quality.flaws)}: its scores mean less."


def _join(flaws: Sequence[Flaw]) -> str:
    words = [_WORDS[flaw] for flaw in flaws]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def describe_quality(quality: Quality) -> dict[str, object]:
    """The unified value, every component, and what is wrong, as JSON values."""
    parts = {
        name: round(part, 4) for name, part in asdict(quality).items() if isinstance(part, float)
    }
    return parts | {"flaws": [flaw.value for flaw in quality.flaws]}
