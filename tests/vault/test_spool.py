"""Uploads that wait: sealed as they come, whole or not there, and gone with their key."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from mien.errors import KeyDestroyedError, TamperedError, VaultError
from mien.vault.spool import Spool, Upload
from mien.vault.vault import Vault

MIB = 1 << 20


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    opened = Vault(
        keys_folder=tmp_path / "keys", blobs_folder=tmp_path / "blobs", root_key=b"k" * 32
    )
    yield opened
    opened.close()


@pytest.fixture
def spool(vault: Vault, tmp_path: Path) -> Spool:
    return vault.open_spool(tmp_path / "spool")


def take_in(spool: Spool, *contents: bytes) -> Upload:
    upload = spool.begin(str(uuid4()))
    for number, content in enumerate(contents):
        writer = upload.add(f"{number}.jpg")
        for start in range(0, len(content), 300_000):
            writer.write(content[start : start + 300_000])
        writer.end()
    upload.complete()
    return upload


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB])
def test_what_came_in_comes_out(spool: Spool, size: int) -> None:
    content = os.urandom(size)
    upload_id = take_in(spool, content, b"another").upload_id
    upload = spool.open(upload_id)
    first, second = upload.read_files()
    assert (first.name, first.size_bytes) == ("0.jpg", size)
    assert first.sha256 == hashlib.sha256(content).hexdigest()
    with upload.open_file(first) as file:
        assert file.read(64) == content[:64]
        assert file.read() == content[64:]
    with upload.open_file(second) as file:
        assert file.read() == b"another"


def test_nothing_of_it_is_on_the_disk_as_it_came(spool: Spool, tmp_path: Path) -> None:
    content = bytes(range(256)) * 8000
    take_in(spool, content)
    for path in (tmp_path / "spool").rglob("*"):
        if path.is_file():
            assert content[:256] not in path.read_bytes()
            assert b"0.jpg" not in path.read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: content[: MIB + 28], id="cut at a chunk"),
        pytest.param(lambda content: content[:-1], id="cut"),
        pytest.param(lambda content: content[MIB + 28 :], id="without the first"),
        pytest.param(lambda content: content[:5] + b"x" + content[6:], id="changed"),
        pytest.param(lambda _: b"", id="emptied"),
    ],
)
def test_a_file_that_is_not_whole_does_not_open(
    spool: Spool, tmp_path: Path, damage: object
) -> None:
    assert callable(damage)
    upload = take_in(spool, os.urandom(2 * MIB))
    path = tmp_path / "spool" / upload.upload_id / "0"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(TamperedError), upload.open_file(upload.read_files()[0]) as file:
        file.read()


def test_files_do_not_open_in_each_others_place(spool: Spool, tmp_path: Path) -> None:
    upload = take_in(spool, b"one", b"two")
    folder = tmp_path / "spool" / upload.upload_id
    (folder / "0").rename(folder / "2")
    (folder / "1").rename(folder / "0")
    with pytest.raises(TamperedError), upload.open_file(upload.read_files()[0]) as file:
        file.read()


def test_a_dropped_upload_does_not_open_wherever_it_lies(spool: Spool, tmp_path: Path) -> None:
    upload_id = take_in(spool, b"photo").upload_id
    kept = {p.name: p.read_bytes() for p in (tmp_path / "spool" / upload_id).iterdir()}
    spool.drop(upload_id)
    spool.drop(upload_id)  # nothing happens
    assert spool.find_ids() == set()
    folder = tmp_path / "spool" / upload_id
    folder.mkdir()
    for name, content in kept.items():
        (folder / name).write_bytes(content)
    with pytest.raises(KeyDestroyedError, match="hand the photos in again"):
        spool.open(upload_id)
    assert spool.find_ids() == {upload_id}


def test_an_upload_that_did_not_end_is_told_and_found(spool: Spool) -> None:
    upload = spool.begin(str(uuid4()))
    writer = upload.add("half.jpg")
    writer.write(bytes(2 * MIB))
    writer.abandon()
    assert spool.find_ids() == {upload.upload_id}
    with pytest.raises(VaultError, match="not complete"):
        spool.open(upload.upload_id).read_files()


def test_an_id_that_leads_elsewhere_opens_and_deletes_nothing(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(KeyDestroyedError):
        spool.open("../elsewhere")
    spool.drop("../elsewhere")
    assert (tmp_path / "elsewhere").is_dir()


def test_a_folder_that_cannot_be_written_is_told(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "spool").write_bytes(b"a file in its place")
    with pytest.raises(VaultError, match="Make room or give write access"):
        spool.begin(str(uuid4()))
    assert spool.count_free() > 0
