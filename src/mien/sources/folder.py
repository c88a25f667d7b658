"""Files and folders on this machine.

Folders are walked in the order of their names' bytes. Symbolic links are followed, each
file and folder is met once however many links lead to it, and a file's address is where it
really lies, so that no link leads into or out of a grant's scope unseen.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence

from mien.sources.address import file_uri, show_path
from mien.sources.base import FoundFile, UnreadablePath

_REASON_BY_ERROR: dict[type[OSError], str] = {
    FileNotFoundError: "not-found",
    PermissionError: "no-access",
}


class FolderSource:
    """The files at and below some paths."""

    def __init__(self, paths: Sequence[str | os.PathLike[str]]) -> None:
        self._roots = [os.fsencode(os.path.abspath(path)) for path in paths]  # noqa: PTH100  (bytes)
        # Folders, and files that a link led to: the rest cannot be met twice.
        self._met: set[bytes] = set()

    def iter_items(self) -> Iterator[FoundFile | UnreadablePath]:
        for root in self._roots:
            yield from self._iter_path(root, is_named=True)

    def _iter_path(self, path: bytes, *, is_named: bool) -> Iterator[FoundFile | UnreadablePath]:
        try:
            real = os.path.realpath(path, strict=True)
            status = os.stat(real)  # noqa: PTH116  (bytes)
        except OSError as error:
            yield _unreadable(path, error)
            return
        is_folder = stat.S_ISDIR(status.st_mode)
        if is_folder or is_named or real != path:
            if real in self._met:
                return
            self._met.add(real)
        if is_folder:
            yield from self._iter_folder(real)
        elif stat.S_ISREG(status.st_mode):
            yield _found(real, status, is_named=is_named)
        elif is_named:
            yield UnreadablePath(show_path(path), "not-a-file")

    def _iter_folder(self, folder: bytes) -> Iterator[FoundFile | UnreadablePath]:
        try:
            names = sorted(os.listdir(folder))  # noqa: PTH208  (bytes)
        except OSError as error:
            yield _unreadable(folder, error)
            return
        for name in names:
            yield from self._iter_path(os.path.join(folder, name), is_named=False)  # noqa: PTH118  (bytes)


def _found(path: bytes, status: os.stat_result, *, is_named: bool) -> FoundFile:
    fingerprint = f"{status.st_size}.{status.st_mtime_ns}.{status.st_ctime_ns}.{status.st_ino}"
    return FoundFile(path, file_uri(path), show_path(path), fingerprint, is_named)


def _unreadable(path: bytes, error: OSError) -> UnreadablePath:
    return UnreadablePath(show_path(path), _REASON_BY_ERROR.get(type(error), "unreadable"))
