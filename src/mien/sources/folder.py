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
        self._folders: set[bytes] = set()
        # Files met out of their turn, named or by a link; the others need no remembering.
        self._met_early: set[bytes] = set()

    def iter_items(self) -> Iterator[FoundFile | UnreadablePath]:
        for root in self._roots:
            yield from self._iter_root(root)

    def _iter_root(self, root: bytes) -> Iterator[FoundFile | UnreadablePath]:
        # A list of its own, and no recursion: folders may be nested deeper than Python calls.
        pending = [root]
        while pending:
            path = pending.pop()
            try:
                # Below a root, where all folders are real, a link alone leads elsewhere.
                leads_away = path is root or os.path.islink(path)  # noqa: PTH114  (bytes)
                real = os.path.realpath(path, strict=True) if leads_away else path
                status = os.stat(real)  # noqa: PTH116  (bytes)
                if stat.S_ISDIR(status.st_mode):
                    pending += self._list_once(real)
                    continue
            except OSError as error:
                yield _unreadable(path, error)
                continue
            if not self._is_first(real, path=path, is_named=path is root):
                continue
            if stat.S_ISREG(status.st_mode):
                yield _found(real, status, is_named=path is root)
            elif path is root:
                yield UnreadablePath(show_path(path), "not-a-file")

    def _list_once(self, folder: bytes) -> list[bytes]:
        """What is in the folder, last first; nothing the second time."""
        if folder in self._folders:
            return []
        names = sorted(os.listdir(folder), reverse=True)  # noqa: PTH208  (bytes)
        self._folders.add(folder)
        return [os.path.join(folder, name) for name in names]  # noqa: PTH118  (bytes)

    def _is_first(self, real: bytes, *, path: bytes, is_named: bool) -> bool:
        """Whether the file was not met before and will not be when its folder is walked."""
        if real in self._met_early:
            return False
        if is_named or real != path:
            if os.path.dirname(real) in self._folders:  # noqa: PTH120  (bytes)
                return False
            self._met_early.add(real)
        return True


def _found(path: bytes, status: os.stat_result, *, is_named: bool) -> FoundFile:
    fingerprint = f"{status.st_size}.{status.st_mtime_ns}.{status.st_ctime_ns}.{status.st_ino}"
    return FoundFile(path, file_uri(path), show_path(path), fingerprint, is_named)


def _unreadable(path: bytes, error: OSError) -> UnreadablePath:
    return UnreadablePath(show_path(path), _REASON_BY_ERROR.get(type(error), "unreadable"))
