"""Many photos at once: read in one go as one by one, and on the disk in the order that is safe."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from mien.errors import KeyDestroyedError, TamperedError, VaultError
from mien.vault.keys import KeyStore
from mien.vault.vault import SealedPhoto, Vault
from vault.samples import (
    GRANT,
    OTHER_GRANT,
    ROOT_KEY,
    make_face,
    make_photo,
    open_vault,
    write_photo,
)

MANY = 40


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with open_vault(tmp_path) as opened:
        yield opened


@pytest.fixture
def places(vault: Vault) -> list[SealedPhoto]:
    """Photos of no face to four, some under another grant, some under both."""
    found = []
    with vault.writing():
        for number in range(MANY):
            grant = OTHER_GRANT if number % 3 == 0 else GRANT
            photo, _ = write_photo(vault, number + 1, faces=number % 5, grant_id=grant)
            if number % 4 == 0:
                vault.add_grant(photo.photo_id, grant_id=OTHER_GRANT)
            found.append(photo)
    return found


def tamper(home: Path, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(home / "keys" / "keys.db")) as keys, keys:
        keys.execute(statement, values)


def blob_path(home: Path, photo: SealedPhoto) -> Path:
    return home / "blobs" / photo.blob_id[:2] / photo.blob_id


def test_many_photos_are_read_as_each_alone(vault: Vault, places: list[SealedPhoto]) -> None:
    found = list(vault.iter_templates(places[::-1]))
    assert [at for at, _ in found] == places[::-1]
    for at, templates in found:
        alone = vault.read_templates(at)
        assert list(templates) == list(alone)
        for face_id, template in alone.items():
            np.testing.assert_array_equal(templates[face_id], template)
    assert sum(len(templates) for _, templates in found) == sum(n % 5 for n in range(MANY))
    assert list(vault.iter_templates([])) == []


def test_more_photos_than_one_query_asks_for_are_read(vault: Vault) -> None:
    with vault.writing():
        found = [write_photo(vault, number, faces=1)[0] for number in range(1, 1102)]
    assert sum(len(templates) for _, templates in vault.iter_templates(found)) == 1101


def test_what_cannot_be_read_takes_nothing_else_with_it(
    vault: Vault, places: list[SealedPhoto], tmp_path: Path
) -> None:
    """Erased, lost, cut short, under a key that was tampered with: each by itself."""
    with_faces = [place for number, place in enumerate(places) if number % 5]
    erased, lost, short, swapped, face_gone = with_faces[:5]
    vault._keys.destroy_photo_keys([erased.photo_id])
    blob_path(tmp_path, lost).unlink()
    content = blob_path(tmp_path, short).read_bytes()
    blob_path(tmp_path, short).write_bytes(content[:-1])
    tamper(
        tmp_path, "UPDATE photo_keys SET wrapped=zeroblob(60) WHERE photo_id=?", swapped.photo_id
    )
    gone = next(iter(vault.read_templates(face_gone)))
    vault.discard(blob_ids=[], face_ids=[gone])
    found = dict(vault.iter_templates(with_faces))
    assert {erased, swapped} & found.keys() == set()
    assert (found[lost], found[short]) == ({}, {})
    assert gone not in found[face_gone]
    for place in with_faces[5:]:
        assert list(found[place]) == list(vault.read_templates(place))


def test_a_template_in_anothers_place_is_given_out_to_nobody(
    vault: Vault, places: list[SealedPhoto], tmp_path: Path
) -> None:
    one, other = places[1], places[6]
    blob_path(tmp_path, other).write_bytes(blob_path(tmp_path, one).read_bytes())
    found = dict(vault.iter_templates([one, other]))
    assert len(found[one]) == 1
    assert found.get(other, {}) == {}


def test_a_ring_opens_what_the_store_opens(tmp_path: Path) -> None:
    with closing(KeyStore(tmp_path / "keys.db", root_key=ROOT_KEY)) as keys, keys.transaction():
        photo_key = keys.make_photo_key("p", grant_id=GRANT)
        face_key = keys.make_face_key("f", photo_id="p", photo_key=photo_key)
        keys.make_photo_key("without faces", grant_id=OTHER_GRANT)
        ring = keys.read_ring(["p", "without faces", "unknown"])
        assert ring.open_face_keys("p") == {"f": face_key}
        assert ring.open_face_keys("without faces") == {}
        with pytest.raises(KeyDestroyedError, match="photo unknown is gone"):
            ring.open_face_keys("unknown")
        keys._execute("UPDATE face_keys SET face_id = 'g'")
        with pytest.raises(TamperedError):
            keys.read_ring(["p"]).open_face_keys("p")


def test_a_face_has_one_key_whichever_photo_it_is_said_to_be_in(tmp_path: Path) -> None:
    with closing(KeyStore(tmp_path / "keys.db", root_key=ROOT_KEY)) as keys:
        photo_key = keys.make_photo_key("p", grant_id=GRANT)
        keys.make_face_key("f", photo_id="p", photo_key=photo_key)
        with pytest.raises(VaultError, match="UNIQUE"):
            keys.make_face_key("f", photo_id="q", photo_key=photo_key)


def test_files_and_folders_are_on_the_disk_before_keys_are_committed(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys without files would be swept; files without keys are nothing that anybody can read."""
    calls: list[str] = []
    sync, execute = os.fsync, KeyStore._execute

    def note_sync(descriptor: int) -> None:
        sync(descriptor)
        is_folder = Path(f"/proc/self/fd/{descriptor}").is_dir()
        calls.append("folder" if is_folder else "file")

    def note_execute(keys: KeyStore, statement: str, *values: str) -> sqlite3.Cursor:
        if statement in {"BEGIN IMMEDIATE", "COMMIT"}:
            calls.append(statement)
        return execute(keys, statement, *values)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(KeyStore, "_execute", note_execute)
    with vault.writing():
        write_photo(vault, 1)
        with vault.writing():
            write_photo(vault, 2)
        assert calls == ["BEGIN IMMEDIATE"]
    files, folders = calls.count("file"), calls.count("folder")
    assert (files, folders) == (2, 3), "both in one folder, which is new as the one above it is"
    assert calls == ["BEGIN IMMEDIATE", *["file"] * files, *["folder"] * folders, "COMMIT"]


def test_what_fails_inside_leaves_neither_keys_nor_files(vault: Vault, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        write_and_fail(vault)
    assert list(vault._keys.iter_photo_ids()) == []
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []
    write_photo(vault, 1)
    assert len(vault.read_templates(make_photo(1))) == 2


def write_and_fail(vault: Vault) -> None:
    with vault.writing():
        write_photo(vault, 1)
        raise ZeroDivisionError


def test_faces_may_be_added_to_a_photo_that_the_same_group_wrote(vault: Vault) -> None:
    with vault.writing():
        photo, faces = write_photo(vault, 1)
        more = [make_face(number) for number in (77, 78)]
        for face in more:
            vault.add_faces(photo, [face])
    expected = {face.face_id for face in (*faces, *more)}
    assert vault.read_templates(photo).keys() == expected
    assert dict(vault.iter_templates([photo]))[photo].keys() == expected


def test_a_photo_is_not_written_outside_a_group(vault: Vault) -> None:
    with pytest.raises(RuntimeError, match="inside `writing`"):
        vault.write_photo(make_photo(1), grant_id=GRANT, thumbnail_jpeg=None, faces=[make_face(1)])
