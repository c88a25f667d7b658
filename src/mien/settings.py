"""All settings, one frozen tree, read once at the edge and passed down.

Every setting has a default, an environment variable and a sentence; `docs/reference/settings.md`
is made from them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from mien.errors import SettingsError


def _setting(variable: str, sentence: str, **default: Any) -> Any:  # noqa: ANN401  (any field)
    return field(metadata={"variable": variable, "sentence": sentence}, **default)


def _default_home() -> Path:
    """`mien` in the user's folder for data."""
    import platformdirs

    return platformdirs.user_data_path("mien", appauthor=False)


def _default_cache() -> Path:
    """`mien` in the user's folder for caches."""
    import platformdirs

    return platformdirs.user_cache_path("mien", appauthor=False)


def _count_processors() -> int:
    """The number of processors."""
    return os.cpu_count() or 1


# The calls below are dataclass fields with metadata.
# ruff: noqa: RUF009
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator may choose. None of it concerns permission: that has no settings."""

    home: Path = _setting(
        "MIEN_HOME",
        "The data folder: catalog, keys, sealed blobs, snapshots.",
        default_factory=_default_home,
    )
    cache: Path = _setting(
        "MIEN_CACHE",
        "Where verified model weights are kept; may be shared and deleted.",
        default_factory=_default_cache,
    )
    root_key: str = _setting(
        "MIEN_ROOT_KEY",
        "The root key as 64 hexadecimal digits, in place of the file keys/root.key in the home.",
        default="",
        repr=False,
    )
    workers: int = _setting(
        "MIEN_WORKERS",
        "How many photos are analysed at once.",
        default_factory=_count_processors,
    )
    max_file_bytes: int = _setting(
        "MIEN_MAX_FILE_BYTES",
        "Larger files are not read.",
        default=256 * 1024 * 1024,
    )
    max_pixels: int = _setting(
        "MIEN_MAX_PIXELS",
        "Photos of more pixels are not decoded.",
        default=200_000_000,
    )


def load_settings(environment: Mapping[str, str], *, home: Path | None = None) -> Settings:
    """The settings of an environment; a home given by hand wins.

    Raises `SettingsError` where a variable has no usable value.
    """
    values: dict[str, Any] = {}
    for entry in fields(Settings):
        text = environment.get(entry.metadata["variable"])
        if text:
            values[entry.name] = _parse_value(text, entry.type, variable=entry.metadata["variable"])
    if home is not None:
        values["home"] = home
    return Settings(**values)


def _parse_value(text: str, kind: Any, *, variable: str) -> Path | int | str:  # noqa: ANN401  (a field's type)
    if kind == "Path":
        return _parse_folder(text, variable=variable)
    if kind == "str":
        return text
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise SettingsError(f"{variable} must be a whole number above zero, and is {text!r}.")
    return number


def _parse_folder(text: str, *, variable: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise SettingsError(f"{variable} names the home of nobody here: {text!r}.") from error
