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
from mien.vault.blobs import BlobStore, PartKind, Parts, _format_parts, _parse_parts

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


def write(store: BlobStore, parts: Parts = PARTS, *, blob_id: str = BLOB) -> None:
    with store.batch() as batch:
        batch.write(blob_id, parts)


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
        + b"\x01" + bytes(15) + b"\x01" + struct.pack("<I", 3)
        + b"\x02" + bytes(15) + b"\x02" + struct.pack("<I", 10)
        + b"abc" + template
    )  # fmt: skip
    written = _format_parts(
        {(PartKind.THUMBNAIL, OWNER): b"abc", (PartKind.TEMPLATE, str(UUID(int=2))): template}
    )
    assert written == expected


def test_what_is_written_is_read_again(store: BlobStore, folder: Path) -> None:
    write(store)
    assert store.read(BLOB) == PARTS
    assert [path for path in folder.rglob("*") if path.is_file()] == [path_of(folder)]


def test_folders_are_for_the_owner_alone(store: BlobStore, folder: Path) -> None:
    previous = os.umask(0)
    try:
        write(store)
    finally:
        os.umask(previous)
    assert stat.S_IMODE(path_of(folder).parent.stat().st_mode) == 0o700


def test_writing_again_replaces(store: BlobStore) -> None:
    write(store)
    write(store, {})
    assert store.read(BLOB) == {}


def test_every_truncation_of_a_blob_is_noticed(store: BlobStore, folder: Path) -> None:
    write(store)
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
        lambda content: content[:12] + b"\x06" + content[13:],
        lambda content: content[:29] + struct.pack("<I", 2**32 - 1) + content[33:],
    ],
    ids=["trailing", "twice", "version", "no-magic", "fewer", "more", "most", "0", "4", "length"],
)
def test_a_blob_of_wrong_form_is_refused(store: BlobStore, folder: Path, change: object) -> None:
    assert callable(change)
    write(store)
    path_of(folder).write_bytes(change(path_of(folder).read_bytes()))
    with pytest.raises(TamperedError):
        store.read(BLOB)
    assert list(store.iter_parts([BLOB], PartKind.TEMPLATE)) == [{}]


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


def test_what_is_deleted_is_gone_and_may_be_deleted_again(store: BlobStore) -> None:
    write(store)
    for _ in range(2):
        with store.batch() as batch:
            batch.delete(BLOB)
        assert not store.holds(BLOB)


def test_a_write_cut_short_leaves_the_blob_before_it(
    store: BlobStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(store)

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(VaultError, match=r"No space left on device.*Make room"):
        write(store, {})
    assert store.read(BLOB) == PARTS
    assert list(path_of(folder).parent.iterdir()) == [path_of(folder)], "nothing half written"


def record_calls(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[str]:
    """Every sync and renaming below a folder, as it happens."""
    calls: list[str] = []
    sync, replace = os.fsync, Path.replace

    def note_sync(descriptor: int) -> None:
        sync(descriptor)
        calls.append(
            f"sync {os.path.relpath(Path(f'/proc/self/fd/{descriptor}').readlink(), folder)}"
        )

    def note_replace(path: Path, target: Path) -> Path:
        calls.append(f"name {target.relative_to(folder)}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_replace)
    return calls


def test_files_are_synced_then_named_then_their_folders_are_synced(
    store: BlobStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut at any moment leaves a whole file, or none under that name; later, all."""
    beside = BLOB[:-1] + "2"
    calls = record_calls(monkeypatch, folder)
    with store.batch() as batch:
        for blob_id in (BLOB, beside, OTHER):
            batch.write(blob_id, PARTS)
            assert not store.holds(blob_id)
        assert calls == []
    files = [f"ab/{BLOB}", f"ab/{beside}", f"cd/{OTHER}"]
    assert sorted(calls[:3]) == [f"sync {name}.new" for name in files]
    assert calls[3:6] == [f"name {name}" for name in files]
    # Both are new, so the folder that holds them and the one that holds that changed too.
    assert sorted(calls[6:]) == ["sync .", "sync ..", "sync ab", "sync cd"]


def test_a_folder_is_synced_once_for_a_batch(
    store: BlobStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(store)
    calls = record_calls(monkeypatch, folder)
    with store.batch() as batch:
        for number in range(150):
            batch.write(f"{BLOB[:-3]}{number:03}", PARTS)
    assert calls.count("sync ab") == 1
    assert [call for call in calls if call in {"sync .", "sync .."}] == []
    assert calls[-1] == "sync ab"
    assert len(calls) == 2 * 150 + 1


def test_a_deletion_is_on_the_disk_when_the_batch_ends(
    store: BlobStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(store)
    calls = record_calls(monkeypatch, folder)
    with store.batch() as batch:
        batch.delete(BLOB)
        batch.delete(OTHER)
        assert not store.holds(BLOB)
    assert calls == ["sync ab"]


def test_a_blob_may_be_written_and_read_again_in_one_batch(store: BlobStore) -> None:
    more = PARTS | {(PartKind.CROP, OWNER): b"another"}
    with store.batch() as batch:
        batch.write(BLOB, PARTS)
        assert batch.read(BLOB) == PARTS
        batch.write(BLOB, more)
        batch.write(OTHER, PARTS)
        batch.delete(OTHER)
        batch.write(BLOB, batch.read(BLOB))
    assert store.read(BLOB) == more
    assert not store.holds(OTHER)


def write_and_fail(store: BlobStore) -> None:
    with store.batch() as batch:
        batch.write(BLOB, PARTS)
        raise ZeroDivisionError


def test_a_batch_that_fails_names_nothing_and_leaves_nothing(
    store: BlobStore, folder: Path
) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(ZeroDivisionError):
        write_and_fail(store)
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert len(list(Path("/proc/self/fd").iterdir())) == before, "nothing stays open"


def test_an_error_of_the_caller_is_not_taken_for_one_of_the_disk(store: BlobStore) -> None:
    with pytest.raises(PermissionError), store.batch():
        raise PermissionError


@pytest.mark.parametrize("stays", [PartKind.TEMPLATE, PartKind.CROP, None])
def test_a_blob_is_written_anew_without_what_goes(store: BlobStore, stays: PartKind | None) -> None:
    write(store)
    with store.batch() as batch:
        batch.keep(BLOB, lambda part: part[0] is stays)
        batch.keep(OTHER, lambda part: part[0] is stays)
    assert store.read(BLOB) == {part: PARTS[part] for part in PARTS if part[0] is stays}
    assert not store.holds(OTHER)


def test_many_blobs_are_read_in_order_and_one_kind_of_them(store: BlobStore) -> None:
    """In files of a few bytes, and in one whose table alone is longer than what is read first."""
    ids = [f"{number:02x}{BLOB[2:]}" for number in range(100)]
    expected: list[Parts] = []
    with store.batch() as batch:
        for number, blob_id in enumerate(ids):
            owners = [str(UUID(int=owner)) for owner in range(1000 if number == 50 else number)]
            templates = {(PartKind.TEMPLATE, owner): owner.encode() for owner in owners}
            crops = {(PartKind.CROP, owner): bytes(500) for owner in owners[:9]}
            batch.write(blob_id, (crops | templates) if number % 2 else (templates | crops))
            expected.append(templates)
    assert list(store.iter_parts(ids, PartKind.TEMPLATE)) == expected
    assert list(store.iter_parts(ids[::-1], PartKind.TEMPLATE)) == expected[::-1]
    assert list(store.iter_parts([], PartKind.TEMPLATE)) == []


@given(
    st.lists(all_parts, min_size=1, max_size=3),
    st.sampled_from(PartKind),
)
def test_the_parts_of_one_kind_are_those_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory,
    blobs: list[dict[tuple[PartKind, str], bytes]],
    kind: PartKind,
) -> None:
    store = BlobStore(tmp_path_factory.mktemp("blobs"))
    ids = [f"{number:02x}{BLOB[2:]}" for number in range(len(blobs))]
    with store.batch() as batch:
        for blob_id, parts in zip(ids, blobs, strict=True):
            batch.write(blob_id, parts)
    of_kind = [{p: c for p, c in store.read(i).items() if p[0] is kind} for i in ids]
    assert list(store.iter_parts(ids, kind)) == of_kind


def test_a_blob_that_cannot_be_read_has_no_parts_and_stops_no_other(
    store: BlobStore, folder: Path
) -> None:
    ids = [f"{number:02x}{BLOB[2:]}" for number in range(6)]
    for blob_id in ids:
        write(store, blob_id=blob_id)
    whole = path_of(folder, ids[0]).read_bytes()
    for blob_id, harmed in zip(ids[:3], (b"", whole[:-1], b"x" + whole[1:]), strict=True):
        path_of(folder, blob_id).write_bytes(harmed)
    path_of(folder, ids[3]).unlink()
    path_of(folder, ids[4]).write_bytes(b"MIENBLB1" + b"\xff" * 4)
    templates = [len(parts) for parts in store.iter_parts(ids, PartKind.TEMPLATE)]
    assert templates == [0, 0, 0, 0, 0, 1]


def test_a_folder_that_is_a_file_is_told_plainly(store: BlobStore, folder: Path) -> None:
    folder.mkdir()
    (folder / BLOB[:2]).write_bytes(b"")
    with pytest.raises(VaultError, match="Nothing can be written"):
        write(store)


def test_unfinished_writes_are_listed_and_cleared_away(store: BlobStore, folder: Path) -> None:
    write(store)
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
