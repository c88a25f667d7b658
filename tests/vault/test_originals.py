"""Originals: sealed under a key that hangs on their photo's, and gone with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mien.errors import KeyDestroyedError, TamperedError, VaultError
from mien.vault.originals import NewOriginal
from mien.vault.shreds import Shreds
from mien.vault.vault import SealedPhoto, Vault
from vault.samples import GRANT, OTHER_GRANT, open_vault, read_everything, write_photo

CONTENT = os.urandom(100_000)


def keep_original(vault: Vault, photo: SealedPhoto) -> NewOriginal:
    new = vault.originals.write(CONTENT, photo_id=photo.photo_id)
    with vault.writing():
        vault.originals.keep(new)
    return new


def test_an_original_comes_out_as_it_went_in_and_lies_sealed(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        photo, _ = write_photo(vault, 1)
        new = keep_original(vault, photo)
        assert vault.originals.read(new.blob_id, photo_id=photo.photo_id) == CONTENT
    everything = read_everything(tmp_path)
    assert not any(CONTENT[:64] in content for content in everything.values())
    assert not any(new.key in content for content in everything.values())
    with open_vault(tmp_path) as vault:
        assert vault.originals.read(new.blob_id, photo_id=photo.photo_id) == CONTENT


def test_one_that_was_not_kept_does_not_open_and_is_swept(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        photo, faces = write_photo(vault, 1)
        new = vault.originals.write(CONTENT, photo_id=photo.photo_id)
        with pytest.raises(KeyDestroyedError):
            vault.originals.read(new.blob_id, photo_id=photo.photo_id)
        face_ids = {face.face_id for face in faces}
        known = {"photo_ids": {photo.photo_id}, "face_ids": face_ids}
        assert vault.sweep(blob_ids={photo.blob_id}, **known) == 1
        assert vault.sweep(blob_ids={photo.blob_id}, **known) == 0


def test_one_that_is_recorded_survives_the_sweep(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        photo, faces = write_photo(vault, 1)
        new = keep_original(vault, photo)
        ids = {new.blob_id}
        vault.sweep(
            blob_ids={photo.blob_id} | ids,
            photo_ids={photo.photo_id},
            face_ids={face.face_id for face in faces} | ids,
        )
        assert vault.originals.read(new.blob_id, photo_id=photo.photo_id) == CONTENT


def test_it_goes_with_the_last_grant_that_opens_its_photo(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        photo, _ = write_photo(vault, 1)
        new = keep_original(vault, photo)
        with vault.writing():
            vault.add_grant(photo.photo_id, grant_id=OTHER_GRANT)
        vault.shred(Shreds(grant_ids=[GRANT]))
        assert vault.originals.read(new.blob_id, photo_id=photo.photo_id) == CONTENT
        vault.shred(Shreds(grant_ids=[OTHER_GRANT]))
        with pytest.raises(KeyDestroyedError):
            vault.originals.read(new.blob_id, photo_id=photo.photo_id)


def test_it_is_shredded_by_its_own_id_and_counted(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        photo, (face, _) = write_photo(vault, 1)
        new = keep_original(vault, photo)
        shreds = Shreds(face_ids=[new.blob_id], blob_ids=[new.blob_id])
        left = vault.count_left(shreds)
        assert (left["keys"], left["sealed_files"]) == (1, 1)
        vault.shred(shreds)
        assert set(vault.count_left(shreds).values()) == {0}
        assert vault.read_crop(photo, face_id=face.face_id) == face.crop_jpeg


def test_an_erased_face_takes_the_thumbnail_and_leaves_it(tmp_path: Path) -> None:
    """The photo gets another key; the original's is wrapped under that."""
    with open_vault(tmp_path) as vault:
        photo, (gone, _) = write_photo(vault, 1)
        new = keep_original(vault, photo)
        vault.shred(Shreds(face_ids=[gone.face_id], kept_blobs=[(photo.blob_id, photo.photo_id)]))
        assert vault.find_thumbnail(photo) is None
        assert vault.originals.read(new.blob_id, photo_id=photo.photo_id) == CONTENT


def test_it_opens_in_its_own_place_only(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        photo, _ = write_photo(vault, 1)
        other, _ = write_photo(vault, 2)
        mine, theirs = keep_original(vault, photo), keep_original(vault, other)
        paths = [vault._blobs.path_of(one.blob_id) for one in (mine, theirs)]
        paths[0].write_bytes(paths[1].read_bytes())
        with pytest.raises(TamperedError):
            vault.originals.read(mine.blob_id, photo_id=photo.photo_id)
        with pytest.raises(KeyDestroyedError):
            vault.originals.read(theirs.blob_id, photo_id=photo.photo_id)
        paths[1].unlink()
        with pytest.raises(VaultError, match="cannot be read"):
            vault.originals.read(theirs.blob_id, photo_id=other.photo_id)


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        photo, _ = write_photo(vault, 1)
        (tmp_path / "blobs").rename(tmp_path / "away")
        (tmp_path / "blobs").write_bytes(b"a file in its place")
        with pytest.raises(VaultError, match="Make room or give write access"):
            vault.originals.write(CONTENT, photo_id=photo.photo_id)
