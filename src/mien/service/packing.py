"""Folders that are written to be handed out, packed as one file; nothing of them stays."""

from __future__ import annotations

import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

from mien.service.deployment import Home

_LONGEST_S = 6 * 60 * 60
_DATE = (1980, 1, 1, 0, 0, 0)
"""The first one that the format knows: what is in a file says when it was made."""


def pack_folder(home: Home, write: Callable[[Path], object]) -> BinaryIO:
    """What `write` puts into the folder it is given, as a ZIP archive to be read and closed.

    The folder lies in the home and is gone when this ends, and the archive has no name.
    """
    place = home.folder / "packing"
    place.mkdir(mode=0o700, exist_ok=True)
    _clear_up(place)
    draft = Path(tempfile.mkdtemp(dir=place))
    packed = cast("BinaryIO", tempfile.TemporaryFile(dir=place))  # noqa: SIM115  (the caller closes it)
    try:
        write(draft / "folder")
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted((draft / "folder").rglob("*")):
                if path.is_file():
                    name = path.relative_to(draft / "folder").as_posix()
                    _add(archive, name, content=path.read_bytes())
    except BaseException:
        packed.close()
        raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    packed.seek(0)
    return packed


def pack_contents(contents: Mapping[str, bytes]) -> BinaryIO:
    """These files by their names, as `pack_folder`, and all in memory."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(contents.items()):
            _add(archive, name, content=content)
    packed.seek(0)
    return packed


def _clear_up(place: Path) -> None:
    """What a killed process left behind; nobody packs for so long."""
    oldest = time.time() - _LONGEST_S
    for left in place.iterdir():
        if left.is_dir() and left.stat().st_mtime < oldest:
            shutil.rmtree(left, ignore_errors=True)


def _add(archive: zipfile.ZipFile, name: str, *, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _DATE), content, zipfile.ZIP_DEFLATED)
