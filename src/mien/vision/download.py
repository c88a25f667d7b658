"""Downloads one file, goes on where an earlier attempt broke off, and checks it at the end.

What has come so far lies beside the target, in a file named after the URL and what is wanted,
and stays there when the network fails; a file that turns out to be another than the one wanted
is removed. It does not promise that a server gives parts: where it does not, all is fetched anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mien.errors import WeightsError, WeightsMismatchError
from mien.vision.url import TIMEOUT_S, Answer, open_url

__all__ = ["Bounds", "download"]

_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much may come, how often it is tried, and how slowly it may come.

    After `timeout_s` fewer than `slowest_bytes_s` bytes a second on the average are too few.
    """

    most_bytes: int
    attempts: int = 3
    timeout_s: float = TIMEOUT_S
    slowest_bytes_s: float = 1000.0


class _BrokenOffError(WeightsError):
    """The rest may come with another attempt."""


def download(url: str, target: Path, *, sha256: str | None, bounds: Bounds) -> None:
    """Puts the file at `target`, whole and with this SHA-256 where one is given, or not at all.

    Raises `WeightsMismatchError` for other bytes, `WeightsError` where they cannot be had.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with _open_part(target, f"{url} {sha256}") as part:
        is_resumed = _receive(url, part, bounds=bounds)
        digest = _hash(part)
        if sha256 not in {None, digest} and is_resumed:
            part.truncate(0)  # the file there may have changed between two attempts
            _receive(url, part, bounds=bounds)
            digest = _hash(part)
        if sha256 not in {None, digest}:
            Path(part.name).unlink(missing_ok=True)
            raise WeightsMismatchError(
                f"{url} has SHA-256 {digest}, not {sha256}; it was not kept. "
                "Try again, and if it stays so, do not use this source"
            )
        part.flush()
        os.fsync(part.fileno())
        Path(part.name).replace(target)


@contextmanager
def _open_part(target: Path, wanted: str) -> Iterator[BinaryIO]:
    """The file that was begun; whoever finds another process at it begins one of their own."""
    name = f".{target.name}.{hashlib.sha256(wanted.encode()).hexdigest()[:16]}.part"
    path = target.with_name(name)
    with path.open("a+b") as part:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_mine = os.path.samestat(path.stat(), os.fstat(part.fileno()))
        except (BlockingIOError, FileNotFoundError):
            is_mine = False
        if is_mine:
            yield part
    if not is_mine:  # another process is at it, or was just now and gave it its name
        with _open_own_part(target) as own:
            yield own


@contextmanager
def _open_own_part(target: Path) -> Iterator[BinaryIO]:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    os.close(handle)
    try:
        with Path(name).open("a+b") as own:
            yield own
    finally:
        Path(name).unlink(missing_ok=True)


def _receive(url: str, part: BinaryIO, *, bounds: Bounds) -> bool:
    """Fetches what is lacking; whether some of it was there before."""
    had = part.seek(0, os.SEEK_END)
    for left in reversed(range(bounds.attempts)):
        begun = part.seek(0, os.SEEK_END)
        try:
            _receive_rest(url, part, bounds=bounds)
        except _BrokenOffError:
            if not left or part.seek(0, os.SEEK_END) <= begun:
                _drop_if_empty(part)
                raise
        except WeightsError:
            _drop_if_empty(part)
            raise
        else:
            break
    return had > 0


def _drop_if_empty(part: BinaryIO) -> None:
    if part.seek(0, os.SEEK_END) == 0:
        Path(part.name).unlink(missing_ok=True)


def _receive_rest(url: str, part: BinaryIO, *, bounds: Bounds) -> None:
    start = part.seek(0, os.SEEK_END)
    with closing(open_url(url, start=start, timeout_s=bounds.timeout_s)) as answer:
        if answer.start != start:
            # Not the part asked for: all of it is sent, and what was here is of no use.
            if answer.start:
                raise WeightsError(f"{url} gives another part of the file than it was asked for")
            part.truncate(0)
        if answer.total_bytes is not None and answer.total_bytes > bounds.most_bytes:
            _refuse_size(url, part, bounds=bounds)
        _copy(answer, part, url=url, bounds=bounds)


def _copy(answer: Answer, part: BinaryIO, *, url: str, bounds: Bounds) -> None:
    began, size_bytes, fetched = time.monotonic(), part.seek(0, os.SEEK_END), 0
    while chunk := _read(answer, url):
        size_bytes += len(chunk)
        fetched += len(chunk)
        if size_bytes > bounds.most_bytes:
            _refuse_size(url, part, bounds=bounds)
        part.write(chunk)
        seconds = time.monotonic() - began
        if seconds > bounds.timeout_s and fetched < bounds.slowest_bytes_s * seconds:
            raise WeightsError(
                f"{url} came too slowly ({fetched} bytes in {seconds:.0f} s); try again, and it "
                "goes on from there"
            )
    part.flush()


def _refuse_size(url: str, part: BinaryIO, *, bounds: Bounds) -> None:
    Path(part.name).unlink(missing_ok=True)
    part.truncate(0)
    raise WeightsError(f"{url} is larger than {bounds.most_bytes} bytes; it was not kept")


def _read(answer: Answer, url: str) -> bytes:
    """Only what the source does wrong is the source's error; a full disk stays an OSError."""
    try:
        return answer.read(_CHUNK_BYTES)
    except (OSError, EOFError, ValueError) as error:
        raise _BrokenOffError(f"{url} broke off: {error}; try again") from error


def _hash(part: BinaryIO) -> str:
    part.flush()
    with Path(part.name).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
