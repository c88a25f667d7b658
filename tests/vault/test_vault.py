"""The one door to everything sealed: round trips, erasure, tampering, and nothing in the clear."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from mien.errors import KeyDestroyedError, RootKeyError, TamperedError, VaultError
from mien.vault.vault import SealedPhoto, Vault
from vault.samples import (
    DIMENSION,
    GRANT,
    OTHER_GRANT,
    make_face,
    make_photo,
    make_thumbnail,
    open_vault,
    read_everything,
    write_photo,
)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with open_vault(tmp_path) as opened:
        yield opened


def blob_path(home: Path, photo: SealedPhoto) -> Path:
    return home / "blobs" / photo.blob_id[:2] / photo.blob_id


def test_a_photo_comes_out_as_it_went_in(vault: Vault) -> None:
    photo, faces = write_photo(vault, 1)
    assert vault.read_thumbnail(photo) == make_thumbnail(1)
    for face in faces:
        assert vault.read_crop(photo, face_id=face.face_id) == face.crop_jpeg
    templates = vault.read_templates(photo)
    assert list(templates) == [face.face_id for face in faces]
    turned = vault.rotation_of(DIMENSION).turn(np.stack([face.embedding for face in faces]))
    for face, expected in zip(faces, turned, strict=True):
        np.testing.assert_array_equal(templates[face.face_id], expected.astype(np.float16))


def test_a_photo_without_faces_keeps_its_thumbnail(vault: Vault) -> None:
    photo, _ = write_photo(vault, 1, faces=0)
    assert vault.read_templates(photo) == {}
    assert vault.read_thumbnail(photo) == make_thumbnail(1)


def test_half_precision_keeps_cosines_to_a_thousandth(vault: Vault) -> None:
    photo, faces = write_photo(vault, 1, faces=12)
    embeddings = np.stack([face.embedding for face in faces])
    stored = np.stack(list(vault.read_templates(photo).values())).astype(np.float32)
    np.testing.assert_allclose(stored @ stored.T, embeddings @ embeddings.T, atol=1e-3)


def test_all_is_there_after_reopening(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        photo, faces = write_photo(vault, 1)
        before = vault.read_templates(photo)
    with open_vault(tmp_path) as vault:
        after = vault.read_templates(photo)
        for face in faces:
            np.testing.assert_array_equal(after[face.face_id], before[face.face_id])
        assert vault.read_thumbnail(photo) == make_thumbnail(1)


def test_nothing_stands_on_the_disk_in_the_clear(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        _, faces = write_photo(vault, 1, faces=3)
        embeddings = np.stack([face.embedding for face in faces])
        rotation = vault.rotation_of(DIMENSION)
        list(vault.seal_parts("snapshot", [embeddings.tobytes()]))
    secrets = [make_thumbnail(1), *(face.crop_jpeg for face in faces)]
    for vectors in (embeddings, rotation.turn(embeddings)):
        for kind in ("<f2", "<f4", "<f8", ">f2", ">f4"):
            secrets += [row.tobytes() for row in vectors.astype(kind)]
    matrix = rotation.as_bytes()
    secrets += [matrix[at : at + 32] for at in range(0, len(matrix), 128)]
    on_disk = read_everything(tmp_path)
    assert sum(map(len, on_disk.values())) > 10_000
    for path, content in on_disk.items():
        for secret in secrets:
            # A piece from the middle is enough to betray it.
            middle = len(secret) // 2
            assert secret[middle - 8 : middle + 8] not in content, path
        assert b"\xff\xd8\xff" not in content, f"{path} holds the start of a JPEG"


def test_templates_of_two_deployments_do_not_match(tmp_path: Path) -> None:
    stored = []
    for name in ("a", "b"):
        with open_vault(tmp_path / name) as vault:
            photo, _ = write_photo(vault, 1, faces=40)
            stored.append(np.stack(list(vault.read_templates(photo).values())).astype(np.float32))
    same_person = np.sum(stored[0] * stored[1], axis=1)
    others = stored[0] @ np.roll(stored[1], 1, axis=0).T
    assert abs(same_person.mean()) < 0.4
    assert same_person.max() < others.max() + 0.2


def test_destroying_a_face_makes_exactly_that_face_unreadable(vault: Vault) -> None:
    photo, (gone, kept) = write_photo(vault, 1)
    vault.discard(blob_ids=[], face_ids=[gone.face_id])
    assert list(vault.read_templates(photo)) == [kept.face_id]
    with pytest.raises(KeyDestroyedError, match=f"The key of face {gone.face_id} is gone"):
        vault.read_crop(photo, face_id=gone.face_id)
    assert vault.read_crop(photo, face_id=kept.face_id) == kept.crop_jpeg
    assert vault.read_thumbnail(photo) == make_thumbnail(1)


def test_destroying_a_photo_key_makes_exactly_that_photo_unreadable(vault: Vault) -> None:
    gone, (face, _) = write_photo(vault, 1)
    kept, _ = write_photo(vault, 2)
    vault._keys.destroy_photo_keys([gone.photo_id])
    with pytest.raises(KeyDestroyedError):
        vault.read_thumbnail(gone)
    with pytest.raises(KeyDestroyedError):
        vault.read_crop(gone, face_id=face.face_id)
    with pytest.raises(KeyDestroyedError):
        vault.read_templates(gone)
    assert vault.read_thumbnail(kept) == make_thumbnail(2)
    assert len(vault.read_templates(kept)) == 2


def test_a_photo_under_two_grants_needs_but_one_of_them(vault: Vault, tmp_path: Path) -> None:
    photo, _ = write_photo(vault, 1)
    with vault.writing():
        vault.add_grant(photo.photo_id, grant_id=OTHER_GRANT)
    for gone, is_readable in ((GRANT, True), (OTHER_GRANT, False)):
        with sqlite3.connect(tmp_path / "keys" / "keys.db") as connection:
            connection.execute("DELETE FROM grant_keys WHERE grant_id = ?", (gone,))
        connection.close()
        if is_readable:
            assert vault.read_thumbnail(photo) == make_thumbnail(1)
    with pytest.raises(KeyDestroyedError):
        vault.read_thumbnail(photo)


def test_one_photo_in_two_collections_has_two_blobs_under_one_key(vault: Vault) -> None:
    first, _ = write_photo(vault, 1)
    second = SealedPhoto(blob_id=str(UUID(int=99 << 64)), photo_id=first.photo_id)
    with vault.writing():
        vault.write_photo(
            second, grant_id=OTHER_GRANT, thumbnail_jpeg=make_thumbnail(9), faces=[make_face(90)]
        )
    assert vault.read_thumbnail(first) == make_thumbnail(1)
    assert vault.read_thumbnail(second) == make_thumbnail(9)
    assert list(vault.read_templates(second)) == [make_face(90).face_id]
    assert len(vault.read_templates(first)) == 2


def test_the_blob_of_another_photo_does_not_open_in_its_place(vault: Vault, tmp_path: Path) -> None:
    one, (face, _) = write_photo(vault, 1)
    two, _ = write_photo(vault, 2)
    shutil.copyfile(blob_path(tmp_path, two), blob_path(tmp_path, one))
    with pytest.raises(TamperedError, match="holds no thumbnail"):
        vault.read_thumbnail(one)
    with pytest.raises(TamperedError, match="holds no crop"):
        vault.read_crop(one, face_id=face.face_id)
    assert vault.read_templates(one) == {}


def test_a_blob_under_another_id_does_not_open(vault: Vault, tmp_path: Path) -> None:
    photo, (face, _) = write_photo(vault, 1)
    moved = SealedPhoto(blob_id=make_photo(2).blob_id, photo_id=photo.photo_id)
    blob_path(tmp_path, moved).parent.mkdir(exist_ok=True)
    shutil.copyfile(blob_path(tmp_path, photo), blob_path(tmp_path, moved))
    for read in (
        lambda: vault.read_thumbnail(moved),
        lambda: vault.read_crop(moved, face_id=face.face_id),
        lambda: vault.read_templates(moved),
    ):
        with pytest.raises(TamperedError):
            read()


def test_envelopes_swapped_inside_a_blob_do_not_open(vault: Vault) -> None:
    photo, (one, two) = write_photo(vault, 1)
    parts = dict(vault._blobs.read(photo.blob_id))
    keys = list(parts)
    for left in range(len(keys)):
        for right in range(left):
            swapped = parts | {keys[left]: parts[keys[right]], keys[right]: parts[keys[left]]}
            with vault._blobs.batch() as batch:
                batch.write(photo.blob_id, swapped)
            refused = 0
            for read in (
                lambda: vault.read_thumbnail(photo),
                lambda: vault.read_crop(photo, face_id=one.face_id),
                lambda: vault.read_crop(photo, face_id=two.face_id),
                lambda: vault.read_templates(photo),
            ):
                try:
                    read()
                except TamperedError:
                    refused += 1
            assert refused >= 1, (keys[left], keys[right])


def test_no_flipped_byte_of_a_blob_goes_unnoticed(vault: Vault, tmp_path: Path) -> None:
    """Every byte: what is read is what was written, or it is refused, or its face is missing."""
    photo, (face,) = write_photo(vault, 1, faces=1)
    path = blob_path(tmp_path, photo)
    content = path.read_bytes()
    template = vault.read_templates(photo)[face.face_id].tobytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x80]) + content[place + 1 :])
        refused = 0
        try:
            refused += vault.read_thumbnail(photo) != make_thumbnail(1)
        except TamperedError:
            refused += 1
        try:
            assert vault.read_crop(photo, face_id=face.face_id) == face.crop_jpeg
        except TamperedError:
            refused += 1
        try:
            templates = vault.read_templates(photo)
            assert all(found.tobytes() == template for found in templates.values())
            refused += not templates
        except TamperedError:
            refused += 1
        assert refused >= 1, place


def test_a_blob_that_is_gone_is_told(vault: Vault, tmp_path: Path) -> None:
    photo, _ = write_photo(vault, 1)
    blob_path(tmp_path, photo).unlink()
    with pytest.raises(VaultError, match=photo.blob_id):
        vault.read_thumbnail(photo)


def test_a_home_with_another_root_key_is_refused(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        photo, _ = write_photo(vault, 1)
    with pytest.raises(RootKeyError), open_vault(tmp_path, root_key=bytes(32)):
        pass
    with open_vault(tmp_path) as vault:
        assert vault.read_thumbnail(photo) == make_thumbnail(1)


def test_keys_made_in_a_write_that_fails_are_not_kept(vault: Vault) -> None:
    photo = make_photo(1)
    with pytest.raises(KeyboardInterrupt):
        write_and_fail(vault, photo)
    with pytest.raises(KeyDestroyedError):
        vault.read_thumbnail(photo)
    write_photo(vault, 1)
    assert vault.read_thumbnail(photo) == make_thumbnail(1)


def write_and_fail(vault: Vault, photo: SealedPhoto) -> None:
    with vault.writing():
        vault.write_photo(photo, grant_id=GRANT, thumbnail_jpeg=b"x", faces=[make_face(10)])
        raise KeyboardInterrupt


def test_threads_take_turns(vault: Vault) -> None:
    failures: list[Exception] = []

    def work(first: int) -> None:
        try:
            for number in range(first, first + 8):
                photo, faces = write_photo(vault, number)
                assert len(vault.read_templates(photo)) == len(faces)
        except (VaultError, sqlite3.Error, AssertionError) as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(100 * (n + 1),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(list(vault._keys.iter_photo_ids())) == 32


def test_discarding_destroys_keys_and_files(vault: Vault, tmp_path: Path) -> None:
    photo, faces = write_photo(vault, 1)
    vault.discard(blob_ids=[photo.blob_id], face_ids=[face.face_id for face in faces])
    assert not blob_path(tmp_path, photo).exists()
    assert list(vault._keys.iter_face_ids()) == []
    vault.discard(blob_ids=[photo.blob_id], face_ids=[])


def test_a_sweep_removes_exactly_the_strays(vault: Vault, tmp_path: Path) -> None:
    kept, (face, erased) = write_photo(vault, 1)
    stray, _ = write_photo(vault, 2)
    blob_path(tmp_path, stray).with_name(f"{make_photo(3).blob_id}.new").write_bytes(b"MIEN")
    known = {"blob_ids": {kept.blob_id}, "photo_ids": {kept.photo_id}}
    # A blob, a photo key, and the face keys of both strays are gone with their photo.
    assert vault.sweep(**known, face_ids={face.face_id}) == 5
    assert list(vault._blobs.iter_ids()) == [kept.blob_id]
    assert list(vault._keys.iter_photo_ids()) == [kept.photo_id]
    assert list(vault._keys.iter_face_ids()) == [face.face_id]
    assert list(vault.read_templates(kept)) == [face.face_id]
    assert vault.read_thumbnail(kept) == make_thumbnail(1)
    assert vault.sweep(**known, face_ids={face.face_id}) == 0
    with pytest.raises(KeyDestroyedError):
        vault.read_crop(kept, face_id=erased.face_id)


def test_a_sweep_leaves_secrets_alone(vault: Vault) -> None:
    rotation = vault.rotation_of(DIMENSION).as_bytes()
    sealed = list(vault.seal_parts("snapshot", [b"one"]))
    vault.sweep(blob_ids=set(), photo_ids=set(), face_ids=set())
    assert list(vault.unseal_parts("snapshot", sealed)) == [b"one"]
    assert vault._load_rotation(DIMENSION).as_bytes() == rotation
