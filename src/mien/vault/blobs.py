"""Sealed bytes in files, one file for each photo in each collection.

A blob file is
    8 bytes   b"MIENBLB1"
    4 bytes   number of parts, little-endian like every number here
    a line for each part: 1 byte kind (1 thumbnail, 2 template, 3 crop, 4 template of another
              model, 5 original), 16 bytes UUID of the photo or face it belongs to, 4 bytes
              length of its envelope
    the envelopes, in the order of the lines
and lies at <first two letters of its id>/<id>. Ids are random and say nothing.

Files are written in batches: each under another name and synced, then renamed, then every
folder synced once. A file is there whole or not at all, and all of a batch when it ended.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from enum import IntEnum
from pathlib import Path
from uuid import UUID

from mien.errors import TamperedError, VaultError

_MAGIC = b"MIENBLB1"
_COUNT = struct.Struct("<I")
_LINE = struct.Struct("<B16sI")
_FIRST_LINE = len(_MAGIC) + _COUNT.size
_UNFINISHED = ".new"
_THREADS = 8
_FILES_A_SYNC = 64
_FILES_A_TASK = 32
_HEAD_BYTES = 8192
"""Read at once of a blob whose templates are asked for; those of a few faces fit into it."""


class PartKind(IntEnum):
    """What a part of a blob holds."""

    THUMBNAIL = 1
    TEMPLATE = 2
    CROP = 3
    OTHER_TEMPLATE = 4
    ORIGINAL = 5


_KIND_BY_NUMBER = {kind.value: kind for kind in PartKind}

Parts = Mapping[tuple[PartKind, str], bytes]
"""Envelopes by kind and the id of the photo or face they belong to."""


class BlobStore:
    """A folder of blob files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """On disk when it ends. Raises `VaultError` where the disk is full or read-only."""
        batch = Batch(self)
        try:
            yield batch
            batch.settle()
        finally:
            batch.drop_unfinished()

    def read(self, blob_id: str) -> Parts:
        """Raises `VaultError` where the file is gone, `TamperedError` where it is damaged."""
        try:
            content = self.path_of(blob_id).read_bytes()
        except OSError as error:
            raise VaultError(
                f"The blob {blob_id} cannot be read ({error.strerror}). Restore the data folder "
                "from a backup, or erase the photo and add it again."
            ) from error
        try:
            return _parse_parts(content)
        except (struct.error, ValueError) as error:
            raise TamperedError(f"The blob {blob_id} is damaged: {error}.") from error

    def iter_parts(self, blob_ids: Sequence[str], kind: PartKind) -> Iterator[Parts]:
        """The parts of one kind of many blobs, in order; none of a blob that cannot be read.

        Reading begins at once, and goes on while the caller does something else.
        """
        pool = ThreadPoolExecutor(_THREADS, "blobs")
        tasks = [blob_ids[at : at + _FILES_A_TASK] for at in range(0, len(blob_ids), _FILES_A_TASK)]
        found = pool.map(lambda task: [self._find_parts(each, kind) for each in task], tasks)
        pool.shutdown(wait=False)
        return (parts for some in found for parts in some)

    def holds(self, blob_id: str) -> bool:
        return self.path_of(blob_id).exists()

    def iter_ids(self) -> Iterator[str]:
        """The ids of all blobs, those whose writing was cut short included."""
        for path in self._folder.glob("??/*"):
            yield path.name.removesuffix(_UNFINISHED)

    def delete_unfinished(self) -> None:
        """Removes what an interrupted write left. Only while nobody writes."""
        for path in self._folder.glob(f"??/*{_UNFINISHED}"):
            path.unlink(missing_ok=True)

    def path_of(self, blob_id: str) -> Path:
        return self._folder / blob_id[:2] / blob_id

    @contextmanager
    def told_plainly(self) -> Iterator[None]:
        """Around whatever is written here."""
        try:
            yield
        except OSError as error:
            raise VaultError(
                f"Nothing can be written to {self._folder}: {error.strerror}. "
                "Make room or give write access, then run the same command again."
            ) from error

    def _find_parts(self, blob_id: str, kind: PartKind) -> Parts:
        try:
            return _read_kind(f"{self._folder}/{blob_id[:2]}/{blob_id}", kind)
        except (OSError, struct.error, ValueError):
            return {}


class Batch:
    """Files that are written and deleted together. Made by `BlobStore.batch`."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self._open: dict[Path, int] = {}
        self._folders: set[Path] = set()

    def write(self, blob_id: str, parts: Parts) -> None:
        """Under its name from the end of the batch on, at the latest."""
        path = self._store.path_of(blob_id)
        with self._store.told_plainly():
            self._finish(path)
            self._make_folder(path.parent)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
            self._open[path] = os.open(_unfinished(path), flags, 0o600)
            _write_all(self._open[path], _format_parts(parts))
            if len(self._open) >= _FILES_A_SYNC:
                self._finish_files()

    def read(self, blob_id: str) -> Parts:
        """What this batch wrote too. Raises as `BlobStore.read`."""
        with self._store.told_plainly():
            self._finish(self._store.path_of(blob_id))
        return self._store.read(blob_id)

    def delete(self, blob_id: str) -> None:
        """Nothing happens where it is gone."""
        path = self._store.path_of(blob_id)
        with self._store.told_plainly(), suppress(FileNotFoundError):
            self._finish(path)
            path.unlink()
            self._folders.add(path.parent)

    def keep(self, blob_id: str, stays: Callable[[tuple[PartKind, str]], bool]) -> None:
        """Writes the blob anew without the parts that do not stay.

        One that is gone stays so; a damaged one, of which nothing can be read, goes as a whole.
        """
        if not self._store.holds(blob_id):
            return
        try:
            parts = self._store.read(blob_id)
        except TamperedError:
            self.delete(blob_id)
            return
        kept = {part: envelope for part, envelope in parts.items() if stays(part)}
        if len(kept) < len(parts):
            self.write(blob_id, kept)

    def settle(self) -> None:
        """Gives all files their names, and has the folders remember them."""
        with self._store.told_plainly():
            self._finish_files()
            _sync_folders(self._folders)

    def drop_unfinished(self) -> None:
        for path, descriptor in self._open.items():
            os.close(descriptor)
            with suppress(OSError):
                _unfinished(path).unlink()
        self._open.clear()

    def _make_folder(self, folder: Path) -> None:
        if not folder.exists():
            self._make_folder(folder.parent)
            folder.mkdir(exist_ok=True, mode=0o700)
        self._folders.add(folder)

    def _finish(self, path: Path) -> None:
        """Whoever comes to the same file again finds it under its name."""
        if path in self._open:
            self._finish_files()

    def _finish_files(self) -> None:
        _sync(self._open.values())
        for path, descriptor in list(self._open.items()):
            _unfinished(path).replace(path)
            os.close(descriptor)
            del self._open[path]


def _sync(descriptors: Iterable[int]) -> None:
    """All at once: the file system then does for many what it would do for one."""
    some = list(descriptors)
    if len(some) == 1:
        os.fsync(some[0])
    elif some:
        with ThreadPoolExecutor(min(_THREADS, len(some)), "sync") as pool:
            list(pool.map(os.fsync, some))


def _sync_folders(folders: Iterable[Path]) -> None:
    descriptors = [os.open(folder, os.O_RDONLY | os.O_CLOEXEC) for folder in folders]
    try:
        _sync(descriptors)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _unfinished(path: Path) -> Path:
    return path.with_name(path.name + _UNFINISHED)


def _write_all(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def _read_kind(path: str, kind: PartKind) -> Parts:
    """The parts of one kind, with as little as possible of the rest of the file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size_bytes = os.fstat(descriptor).st_size
        head = os.pread(descriptor, _HEAD_BYTES, 0)
        length = _measure_table(head)
        if length > len(head):
            head = os.pread(descriptor, min(length, size_bytes), 0)
        lines = [line for line in _parse_lines(head, size_bytes) if line[0] == kind]
        end = max((at + length for _, _, at, length in lines), default=0)
        if end > len(head):
            head = os.pread(descriptor, end, 0)
    finally:
        os.close(descriptor)
    return {(kind, _format_uuid(owner)): head[at : at + length] for _, owner, at, length in lines}


def _format_parts(parts: Parts) -> bytes:
    lines = [
        _LINE.pack(kind, UUID(owner_id).bytes, len(envelope))
        for (kind, owner_id), envelope in parts.items()
    ]
    return b"".join([_MAGIC, _COUNT.pack(len(parts)), *lines, *parts.values()])


def _parse_parts(content: bytes) -> Parts:
    return {
        (_KIND_BY_NUMBER[kind], _format_uuid(owner)): content[at : at + length]
        for kind, owner, at, length in _parse_lines(content, len(content))
    }


def _measure_table(head: bytes) -> int:
    """How many bytes the beginning has, up to the first envelope."""
    if not head.startswith(_MAGIC):
        raise ValueError("it does not begin as a blob does")
    (count,) = _COUNT.unpack_from(head, len(_MAGIC))
    return _FIRST_LINE + int(count) * _LINE.size


def _parse_lines(head: bytes, size_bytes: int) -> list[tuple[int, bytes, int, int]]:
    """Kind, owner, place and length of every part of a blob that is so long."""
    at = _measure_table(head)
    if at > len(head):
        raise ValueError("its beginning is lacking")
    lines = []
    for kind, owner, length in _LINE.iter_unpack(head[_FIRST_LINE:at]):
        if kind not in _KIND_BY_NUMBER:
            raise ValueError(f"it holds a part of kind {kind}")
        lines.append((kind, owner, at, length))
        at += length
    if at != size_bytes:
        raise ValueError("its length is wrong")
    return lines


def _format_uuid(content: bytes) -> str:
    """As `str(UUID(bytes=content))`, in a fraction of its time."""
    digits = content.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
