"""The quality of a face as a JSON value, and back."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from mien.errors import CatalogError
from mien.types import Flaw, Quality

_DECIMALS = 4


def format_quality(quality: Quality) -> dict[str, float | list[str]]:
    """All components, rounded to what they are good for."""
    return {
        name: list(part) if isinstance(part, tuple) else round(part, _DECIMALS)
        for name, part in asdict(quality).items()
    }


def parse_quality(stored: Any) -> Quality:  # noqa: ANN401  # a JSON value is of any type
    """Raises `CatalogError` for what is none."""
    names = {field.name for field in fields(Quality)} - {"flaws"}
    try:
        parts = {name: float(stored[name]) for name in names}
        return Quality(**parts, flaws=tuple(Flaw(flaw) for flaw in stored["flaws"]))
    except (LookupError, TypeError, ValueError) as error:
        raise CatalogError(
            "The catalog holds the quality of a face that is none; restore it from a backup."
        ) from error
