"""Blob files: whole or not at all, and nothing but what was written comes out."""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import TamperedError, VaultError
from mien.vault.blobs import BlobStore, PartKind, _format_parts, _parse_parts

BLOB = "ab000000-0000-4000-8000-000000000001"
OTHER = "cd000000-0000-4000-8000-000000000002"
OWNER = str(UUID(int=1))

PARTS = {
    (PartKind.THUMBNAIL, OWNER): b"sealed thumbnail",
    (PartKind.TEMPLATE, str(UUID(int=2))): b"sealed template",
    (PartKind.CROP, str(UUID(int=2))): b"",
}

all_parts = st.dictionaries(
    st.tuples(st.sampled_from(PartKind), st.uuids().map(str)), st.binary(max_size=50), max_size=6
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def store(folder: Path) -> BlobStore:
    return BlobStore(folder)


def path_of(folder: Path, blob_id: str = BLOB) -> Path:
    return folder / blob_id[:2] / blob_id


@given(all_parts)
def test_parts_survive_the_way_to_bytes_and_back(parts: dict[tuple[PartKind, str], bytes]) -> None:
    parsed = _parse_parts(_format_parts(parts))
    assert parsed == parts
    assert list(parsed) == list(parts), "in their order"


def test_the_bytes_of_a_blob_are_the_ones_described() -> None:
    template = b"0123456789"
    expected = (
        b"MIENBLB1"
        + struct.pack("<I", 2)
        + b"\x01" + bytes(15) + b"\x01" + struct.pack("<I", 3) + b"abc"
        + b"\x02" + bytes(15) + b"\x02" + struct.pack("<I", 10) + template
    )  # fmt: skip
    written = _format_parts(
        {(PartKind.THUMBNAIL, OWNER): b"abc", (PartKind.TEMPLATE, str(UUID(int=2))): template}
    )
    assert written == expected


def test_what_is_written_is_read_again(store: BlobStore, folder: Path) -> None:
    store.write(BLOB, PARTS)
    assert store.read(BLOB) == PARTS
    assert [path for path in folder.rglob("*") if path.is_file()] == [path_of(folder)]


def test_folders_are_for_the_owner_alone(store: BlobStore, folder: Path) -> None:
    previous = os.umask(0)
    try:
        store.write(BLOB, PARTS)
    finally:
        os.umask(previous)
    assert stat.S_IMODE(path_of(folder).parent.stat().st_mode) == 0o700


def test_writing_again_replaces(store: BlobStore) -> None:
    store.write(BLOB, PARTS)
    store.write(BLOB, {})
    assert store.read(BLOB) == {}


def test_every_truncation_of_a_blob_is_noticed(store: BlobStore, folder: Path) -> None:
    store.write(BLOB, PARTS)
    content = path_of(folder).read_bytes()
    for length in range(len(content)):
        path_of(folder).write_bytes(content[:length])
        with pytest.raises(TamperedError, match=f"The blob {BLOB} is damaged"):
            store.read(BLOB)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content + b"\0",
        lambda content: content + content,
        lambda content: b"MIENBLB2" + content[8:],
        lambda content: b"\xff\xd8\xff" + content,
        lambda content: content[:8] + struct.pack("<I", 2) + content[12:],
        lambda content: content[:8] + struct.pack("<I", 4) + content[12:],
        lambda content: content[:8] + struct.pack("<I", 2**32 - 1) + content[12:],
        lambda content: content[:12] + b"\x00" + content[13:],
        lambda content: content[:12] + b"\x04" + content[13:],
        lambda content: content[:29] + struct.pack("<I", 2**32 - 1) + content[33:],
    ],
    ids=["trailing", "twice", "version", "no-magic", "fewer", "more", "most", "0", "4", "length"],
)
def test_a_blob_of_wrong_form_is_refused(store: BlobStore, folder: Path, change: object) -> None:
    assert callable(change)
    store.write(BLOB, PARTS)
    path_of(folder).write_bytes(change(path_of(folder).read_bytes()))
    with pytest.raises(TamperedError):
        store.read(BLOB)


@given(st.binary(max_size=80))
def test_no_bytes_make_the_parser_fail_in_another_way(tail: bytes) -> None:
    try:
        parts = _parse_parts(b"MIENBLB1" + tail)
    except (struct.error, ValueError):
        return
    assert len(_format_parts(parts)) <= len(tail) + 8


def test_a_blob_that_is_gone_says_what_to_do(store: BlobStore) -> None:
    with pytest.raises(VaultError, match=f"The blob {BLOB} cannot be read .*backup"):
        store.read(BLOB)


def test_deleting_tells_whether_it_was_there(store: BlobStore) -> None:
    store.write(BLOB, PARTS)
    assert store.delete(BLOB)
    assert not store.delete(BLOB)
    with pytest.raises(VaultError):
        store.read(BLOB)


def test_a_write_cut_short_leaves_the_blob_before_it(
    store: BlobStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(BLOB, PARTS)

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(VaultError, match=r"No space left on device.*Make room"):
        store.write(BLOB, {})
    assert store.read(BLOB) == PARTS
    assert list(path_of(folder).parent.iterdir()) == [path_of(folder)], "nothing half written"


def test_the_bytes_are_synced_before_they_take_their_name(
    store: BlobStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []

    def note(descriptor: int) -> None:
        content = Path(f"/proc/self/fd/{descriptor}").read_bytes()
        synced.append(content == _format_parts(PARTS) and not path_of(folder).exists())

    monkeypatch.setattr(os, "fsync", note)
    store.write(BLOB, PARTS)
    assert synced == [True]


def test_a_folder_that_is_a_file_is_told_plainly(store: BlobStore, folder: Path) -> None:
    folder.mkdir()
    (folder / BLOB[:2]).write_bytes(b"")
    with pytest.raises(VaultError, match="Nothing can be written"):
        store.write(BLOB, PARTS)


def test_unfinished_writes_are_listed_and_cleared_away(store: BlobStore, folder: Path) -> None:
    store.write(BLOB, PARTS)
    unfinished = path_of(folder, OTHER).with_name(f"{OTHER}.new")
    unfinished.parent.mkdir()
    unfinished.write_bytes(b"MIENB")
    assert sorted(store.iter_ids()) == [BLOB, OTHER]
    store.delete_unfinished()
    assert sorted(store.iter_ids()) == [BLOB]
    assert store.read(BLOB) == PARTS


def test_a_store_without_a_folder_is_empty(store: BlobStore) -> None:
    assert list(store.iter_ids()) == []
    store.delete_unfinished()
