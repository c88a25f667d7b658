"""What is handed out is one archive, and nothing of it stays in the home."""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path

import pytest

from mien.service.deployment import Home
from mien.service.packing import pack_contents, pack_folder


def write(folder: Path) -> None:
    (folder / "inner").mkdir(parents=True)
    (folder / "letter.md").write_bytes(b"Dear you")
    (folder / "inner" / "proof.json").write_bytes(b"{}")


def test_a_folder_becomes_an_archive_and_is_gone(tmp_path: Path) -> None:
    with pack_folder(Home(tmp_path), write) as packed, zipfile.ZipFile(packed) as archive:
        assert archive.testzip() is None
        contents = {name: archive.read(name) for name in archive.namelist()}
    assert contents == {"letter.md": b"Dear you", "inner/proof.json": b"{}"}
    assert list((tmp_path / "packing").iterdir()) == []


def test_nothing_stays_of_what_could_not_be_written(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        write(folder)
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        pack_folder(Home(tmp_path), fail)
    assert list((tmp_path / "packing").iterdir()) == []


def test_what_a_killed_process_left_is_cleared_away_and_what_others_pack_is_not(
    tmp_path: Path,
) -> None:
    place = tmp_path / "packing"
    for name in ("left", "others"):
        (place / name / "folder").mkdir(parents=True)
    long_ago = time.time() - 24 * 60 * 60
    os.utime(place / "left", (long_ago, long_ago))
    pack_folder(Home(tmp_path), write).close()
    assert [path.name for path in place.iterdir()] == ["others"]


def test_only_the_owner_looks_in(tmp_path: Path) -> None:
    def look(folder: Path) -> None:
        assert folder.parent.stat().st_mode & 0o777 == 0o700
        write(folder)

    pack_folder(Home(tmp_path), look).close()
    assert (tmp_path / "packing").stat().st_mode & 0o777 == 0o700


def test_the_same_contents_make_the_same_archive() -> None:
    one, other = (pack_contents({"b": b"2", "a": b"1"}) for _ in range(2))
    assert one.read() == other.read()
    with zipfile.ZipFile(one) as archive:
        assert archive.namelist() == ["a", "b"]
