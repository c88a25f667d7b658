"""All settings, one frozen tree, read once at the edge and passed down.

Every setting has a default, an environment variable and a sentence; `docs/reference/settings.md`
is made from them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from mien.errors import SettingsError

PUBLIC_PAGES = ("policy", "requests", "find")
"""What anybody may be shown without an account; docs/guide/server.md explains each."""


def _setting(
    variable: str,
    sentence: str,
    *,
    at_least: int = 1,
    at_most: int = sys.maxsize,
    **default: Any,  # noqa: ANN401  (any field)
) -> Any:  # noqa: ANN401
    bounds = {"at_least": at_least, "at_most": at_most}
    described = {"variable": variable, "sentence": sentence, **bounds}
    return field(metadata=described, **default)


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
    """What an operator may choose. None of it concerns permission: that has no settings.

    The grace period only says how long what nobody may see any more waits for its erasure.
    """

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
    pack: str = _setting(
        "MIEN_PACK",
        "The model pack that new collections are made with; default: the one chosen with "
        "`mien models use`, or `open`.",
        default="",
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
    grace_days: int = _setting(
        "MIEN_GRACE_DAYS",
        "How many days what nobody may see any more waits for its erasure; 0 erases it at once.",
        default=30,
        at_least=0,
    )
    controller: str = _setting(
        "MIEN_CONTROLLER",
        "Who is responsible for what is held here; the policy and receipts name them.",
        default="",
    )
    contact: str = _setting(
        "MIEN_CONTACT",
        "Where people turn to with questions and requests; the policy and receipts name it.",
        default="",
    )
    metrics_token: str = _setting(
        "MIEN_METRICS_TOKEN",
        "What Prometheus sends as bearer token to read /metrics; without one, a key that may "
        "operate does.",
        default="",
        repr=False,
    )
    case_days: int = _setting(
        "MIEN_CASE_DAYS",
        "How many days what a case says of anybody is kept after the case was closed.",
        default=1095,
    )
    review_share: int = _setting(
        "MIEN_REVIEW_SHARE",
        "What percentage of searches, drawn at random, an auditor is to review; 0 is none.",
        default=5,
        at_least=0,
        at_most=100,
    )
    public: str = _setting(
        "MIEN_PUBLIC",
        "Which pages anybody may open without an account, by comma: policy, requests, find.",
        default="",
    )
    region: str = _setting(
        "MIEN_REGION",
        "The region that clients of Amazon's interface sign for.",
        default="us-east-1",
    )
    object_stores: str = _setting(
        "MIEN_OBJECT_STORES",
        "A file that names the S3-compatible stores whose photos requests may name; without it, "
        "there are none.",
        default="",
    )
    served_folders: str = _setting(
        "MIEN_SERVED_FOLDERS",
        "Folders of this machine that may be added through the server, by colon; without them, "
        "photos come in by upload only.",
        default="",
    )
    max_body_bytes: int = _setting(
        "MIEN_MAX_BODY_BYTES",
        "A larger document or form sent to the server is not read.",
        default=1024 * 1024,
    )
    max_photos_bytes: int = _setting(
        "MIEN_MAX_PHOTOS_BYTES",
        "As much in all of the photos that one request to the server searches or compares with.",
        default=64 * 1024 * 1024,
    )
    max_upload_bytes: int = _setting(
        "MIEN_MAX_UPLOAD_BYTES",
        "As much in all of the photos that one request to the server hands in.",
        default=1024 * 1024 * 1024,
    )
    max_upload_files: int = _setting(
        "MIEN_MAX_UPLOAD_FILES",
        "How many photos one request to the server may hand in.",
        default=2000,
    )

    def is_public(self, page: str) -> bool:
        """Whether anybody may open this one of the public pages."""
        return page in _split_words(self.public)

    def find_store_file(self) -> Path | None:
        """The file of the object stores; nothing where there are none."""
        name = self.object_stores
        return _parse_folder(name, variable="MIEN_OBJECT_STORES") if name else None

    def find_served_folders(self) -> list[Path]:
        """The folders that may be added through the server."""
        named = self.served_folders.split(os.pathsep)
        return [_parse_folder(name, variable="MIEN_SERVED_FOLDERS") for name in named if name]


def load_settings(environment: Mapping[str, str], *, home: Path | None = None) -> Settings:
    """The settings of an environment; a home given by hand wins.

    Raises `SettingsError` where a variable has no usable value.
    """
    values: dict[str, Any] = {}
    for entry in fields(Settings):
        text = environment.get(entry.metadata["variable"])
        if text:
            values[entry.name] = _parse_value(text, entry)
    if home is not None:
        values["home"] = home
    return Settings(**values)


def _parse_value(text: str, setting: Field[Any]) -> Path | int | str:
    variable, at_least = setting.metadata["variable"], setting.metadata["at_least"]
    at_most = setting.metadata["at_most"]
    if setting.type == "Path":
        return _parse_folder(text, variable=variable)
    if setting.name == "public":
        return _check_pages(text, variable=variable)
    if setting.type == "str":
        return text
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not at_least <= number <= at_most:
        least = "above zero" if at_least else "not below zero"
        most = "" if at_most == sys.maxsize else f" and {at_most} at most"
        raise SettingsError(f"{variable} must be a whole number {least}{most}, and is {text!r}.")
    return number


def _parse_folder(text: str, *, variable: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise SettingsError(f"{variable} names the home of nobody here: {text!r}.") from error


def _check_pages(text: str, *, variable: str) -> str:
    unknown = [word for word in _split_words(text) if word not in PUBLIC_PAGES]
    if unknown:
        raise SettingsError(
            f"{variable} names pages, of {', '.join(PUBLIC_PAGES)}; {unknown[0]!r} is none of them."
        )
    return text


def _split_words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
