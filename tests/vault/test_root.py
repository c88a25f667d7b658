"""The root key: made once, readable by its owner alone, and never replaced in silence."""

from __future__ import annotations

import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from mien.errors import RootKeyError
from mien.vault.root import make_root_key, parse_root_key, read_root_key

DIGITS = "0123456789abcdef" * 4
KEY = bytes.fromhex(DIGITS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "root.key"


def write_key(path: Path, text: str = DIGITS, *, mode: int = 0o600) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


@pytest.mark.parametrize("text", [DIGITS, DIGITS.upper(), f"  {DIGITS}\n", f"{DIGITS}\r\n"])
def test_64_hexadecimal_digits_are_a_key(text: str) -> None:
    assert parse_root_key(text) == KEY


@pytest.mark.parametrize(
    "text",
    ["", DIGITS[:-1], DIGITS[:-2], DIGITS + "00", "g" * 64, "0x" + DIGITS[2:], "٣" * 64, "a" * 32],
)
def test_anything_else_is_refused_without_being_told_back(text: str) -> None:
    with pytest.raises(RootKeyError, match=r"The root key in MIEN_ROOT_KEY.*64 hexadecimal") as no:
        parse_root_key(text)
    assert not text or text not in str(no.value)


def test_a_malformed_file_is_named(path: Path) -> None:
    write_key(path, "not a key")
    with pytest.raises(RootKeyError, match=r"root\.key is malformed"):
        read_root_key(path)


def test_a_key_is_made_with_its_folder_for_the_owner_alone(path: Path) -> None:
    previous = os.umask(0)
    try:
        key = make_root_key(path)
    finally:
        os.umask(previous)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.read_text("ascii") == key.hex() + "\n"
    assert [file.name for file in path.parent.iterdir()] == ["root.key"]


def test_a_key_is_made_once_and_read_ever_after(path: Path) -> None:
    assert make_root_key(path) == make_root_key(path) == read_root_key(path)


def test_two_homes_have_two_keys(tmp_path: Path) -> None:
    assert make_root_key(tmp_path / "a" / "root.key") != make_root_key(tmp_path / "b" / "root.key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o660, 0o644, 0o777])
def test_a_key_that_others_can_reach_is_refused_with_the_remedy(path: Path, mode: int) -> None:
    write_key(path, mode=mode)
    for read in (read_root_key, make_root_key):
        with pytest.raises(RootKeyError, match=r"open to others\. Run: chmod 600 .*root\.key"):
            read(path)
    assert path.read_text("ascii") == DIGITS, "it is left as it was"


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_key_of_its_owner_alone_is_read(path: Path, mode: int) -> None:
    write_key(path, mode=mode)
    assert read_root_key(path) == KEY


def test_a_missing_key_is_refused_and_not_made_when_it_is_only_read(path: Path) -> None:
    with pytest.raises(RootKeyError, match=r"FileNotFoundError.*Restore it"):
        read_root_key(path)
    assert not path.exists()


def test_a_folder_in_its_place_and_bytes_that_are_no_text_are_refused(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(RootKeyError, match="IsADirectoryError"):
        read_root_key(path)
    path.rmdir()
    path.write_bytes(b"\xff" * 64)
    path.chmod(0o600)
    with pytest.raises(RootKeyError, match="UnicodeDecodeError"):
        read_root_key(path)


def test_a_key_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(RootKeyError, match=r"cannot be made: .*run the same command again"):
        make_root_key(tmp_path / "keys" / "root.key")


def test_an_empty_file_is_no_key_and_is_not_overwritten(path: Path) -> None:
    write_key(path, "")
    with pytest.raises(RootKeyError, match="malformed"):
        make_root_key(path)
    assert path.read_bytes() == b""


def test_eight_processes_that_ask_at_once_get_the_same_key(path: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier, keys = context.Barrier(8), context.Queue()

    def ask() -> None:
        barrier.wait(timeout=30)
        keys.put(make_root_key(path))

    processes = [context.Process(target=ask) for _ in range(8)]
    for process in processes:
        process.start()
    made = {keys.get(timeout=30) for _ in processes}
    for process in processes:
        process.join(timeout=30)
    assert made == {read_root_key(path)}
    assert [file.name for file in path.parent.iterdir()] == ["root.key"]


def test_a_key_that_is_made_is_on_the_disk_with_its_name(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        sync(descriptor)
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        synced.append((name.partition("-")[0], path.exists()))

    monkeypatch.setattr(os, "fsync", note)
    make_root_key(path)
    assert synced == [(".root", False), ("keys", True)]
