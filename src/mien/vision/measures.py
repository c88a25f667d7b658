"""What was measured of a model after its card was written: thresholds, kept beside the cards.

They belong to one model as its digest names it, so that a file or an alignment that changed does
not go on under thresholds of another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from mien.errors import ModelError

__all__ = ["Measures", "read_measures", "write_measures"]


@dataclass(frozen=True, slots=True)
class Measures:
    """Cosines that strangers exceed at false match rates, and the share of mates that miss them."""

    model_digest: str
    measured_on: str
    score_by_fmr: Mapping[float, float]
    missed_by_fmr: Mapping[float, float]


def read_measures(path: Path) -> Measures | None:
    """Nothing where nothing was measured. Raises `ModelError` for a damaged file."""
    try:
        table = json.loads(path.read_bytes())
        return Measures(
            str(table["model_digest"]),
            str(table["measured_on"]),
            _parse_rates(table["score_by_fmr"]),
            _parse_rates(table["missed_by_fmr"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(
            f"What was measured, {path}, cannot be read ({error}). Delete it and measure again."
        ) from error


def write_measures(path: Path, measures: Measures) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(asdict(measures), indent=1), encoding="ascii")
    unfinished.replace(path)


def _parse_rates(table: Mapping[str, float]) -> dict[float, float]:
    """A false match rate and what belongs to it. Raises `ValueError` for what can be neither."""
    rates = {float(rate): float(value) for rate, value in table.items()}
    if not all(0 < rate < 1 and -1 <= value <= 1 for rate, value in rates.items()):
        raise ValueError("a rate or a score is out of range")
    return rates
