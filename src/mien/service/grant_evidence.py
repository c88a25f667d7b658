"""What shows that a permission was given: known by its hash, while it stays where it is."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from mimetypes import MimeTypes
from pathlib import Path

from mien.errors import SettingsError
from mien.permission.grant import Evidence
from mien.service.drafts import check_texts, make_text
from mien.vision.sniff import HEAD_BYTES, sniff_media_type

_ADDRESS_WITH_HASH = re.compile(r"(?P<address>[^#\s]+://[^#\s]+)#sha256=(?P<sha256>[0-9a-f]{64})")
_UNKNOWN = "application/octet-stream"


def read_evidence(evidence: Path | str | Evidence, *, at: datetime) -> Evidence:
    """A file, hashed; or an address with the hash of what lies there, which is not fetched.

    What was hashed before stays as it is. Raises `SettingsError` for a file that cannot be read
    or is empty.
    """
    if isinstance(evidence, Evidence):
        check_texts(evidence.name, evidence.media_type)
        return evidence
    if isinstance(evidence, str) and "://" in evidence:
        return _parse_address(evidence, at=at)
    return _read_file(Path(evidence).expanduser(), at=at)


def hash_evidence(name: str, content: bytes, *, at: datetime) -> Evidence:
    """A file that was handed in, hashed. Raises `SettingsError` for an empty one."""
    if not content:
        raise SettingsError(f"The evidence {name} is empty, and shows nothing.")
    return Evidence(
        name=make_text(name),
        sha256=hashlib.sha256(content).hexdigest(),
        media_type=sniff_media_type(content[:HEAD_BYTES]) or _guess_type(name),
        obtained_at=at,
    )


def _parse_address(text: str, *, at: datetime) -> Evidence:
    check_texts(text)
    match = _ADDRESS_WITH_HASH.fullmatch(text)
    if match is None:
        raise SettingsError(
            f"The evidence {text!r} is not fetched, so its hash must be given: "
            "the address, then #sha256= and 64 hexadecimal digits in lower case."
        )
    return Evidence(
        name=match["address"],
        sha256=match["sha256"],
        media_type=_guess_type(match["address"]),
        obtained_at=at,
    )


def _read_file(path: Path, *, at: datetime) -> Evidence:
    try:
        if path.exists() and not path.is_file():
            raise SettingsError(f"The evidence {path} is no file. Name the file itself.")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(
            f"The evidence {path} cannot be read ({reason}), and nothing is recorded without it. "
            "Name a file that you may read."
        ) from error
    if not head:
        raise SettingsError(f"The evidence {path} is empty, and shows nothing.")
    media_type = sniff_media_type(head) or _guess_type(path.name)
    return Evidence(name=make_text(path.name), sha256=sha256, media_type=media_type, obtained_at=at)


def _guess_type(name: str) -> str:
    """By the name alone, and the same on every machine."""
    media_type, _ = MimeTypes().guess_type(name)
    return media_type or _UNKNOWN
