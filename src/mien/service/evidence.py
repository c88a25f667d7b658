"""What shows that somebody consented: a file, known by its hash, or words that say where it is."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from mien.catalog.audit import Json
from mien.errors import SettingsError

_LOOKS_LIKE_A_FILE = re.compile(r".*(/|\\|\.\w{1,5}$)")
_ADDRESS = re.compile(r"https?://\S+")


class Words(str):
    """Words of somebody who may name no file of this machine: taken as they are."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class HandedFile:
    """A file that came with what it shows; it is not kept."""

    name: str
    content: bytes


ShownBy = str | Path | HandedFile
"""What shows something: words, a file of this machine, or one that was handed in."""


def describe_evidence(evidence: ShownBy, *, max_bytes: int) -> dict[str, Json]:
    """Hash, media type and size of a file, which is not kept; or the words themselves.

    Words that look like the name of a file must be one, but for `Words`. Raises `SettingsError`
    for a file that is not there, cannot be read or is empty, and for no words.
    """
    if isinstance(evidence, HandedFile):
        described = describe_file(evidence, max_bytes=max_bytes)
        return {"kind": "file", "name": evidence.name, **described}
    text = str(evidence).strip()
    if not text:
        raise SettingsError("Consent needs evidence: a file, or words that say where it is kept.")
    if isinstance(evidence, Words):
        return {"kind": "reference", "text": text}
    path = Path(text)
    is_name = _LOOKS_LIKE_A_FILE.match(text) and not _ADDRESS.fullmatch(text)
    if isinstance(evidence, str) and not is_name and not _is_there(path):
        return {"kind": "reference", "text": text}
    return {"kind": "file", "name": path.name, **describe_file(path, max_bytes=max_bytes)}


def describe_file(file: Path | HandedFile, *, max_bytes: int) -> dict[str, Json]:
    """Raises `SettingsError` for a file that is not there, cannot be read, or is empty."""
    content = _read(file, max_bytes=max_bytes) if isinstance(file, Path) else file.content
    if not content:
        raise SettingsError(f"The evidence {_name(file)} is empty, and shows nothing.")
    if len(content) > max_bytes:
        raise SettingsError(f"The evidence {_name(file)} is larger than {max_bytes:,} bytes.")
    media_type, _ = mimetypes.guess_type(file.name)
    return {
        "sha256": sha256(content).hexdigest(),
        "media_type": media_type or "application/octet-stream",
        "size_bytes": len(content),
    }


def _read(path: Path, *, max_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except OSError as error:
        raise SettingsError(
            f"The evidence {path} cannot be read ({error.strerror}), and without it nothing is "
            "recorded. Name a file that is there, or say in words where it is kept."
        ) from error


def _name(file: Path | HandedFile) -> str:
    return str(file) if isinstance(file, Path) else file.name


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # longer than any name, or with a byte that none has
        return False
