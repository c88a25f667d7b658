"""Templates of two models in one sealed file: neither is ever taken for the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.errors import KeyDestroyedError, TamperedError, VaultError
from mien.vault.blobs import BlobStore, PartKind
from mien.vault.shreds import Shreds
from mien.vault.vault import FaceSecrets, SealedPhoto, Vault
from vault.samples import (
    DIMENSION,
    draw_embedding,
    make_photo,
    make_thumbnail,
    open_vault,
    write_photo,
)

OTHER_DIMENSION = 48


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with open_vault(tmp_path) as vault:
        yield vault


def beside(at: SealedPhoto) -> SealedPhoto:
    return replace(at, slot=1)


def add_others(vault: Vault, at: SealedPhoto, faces: list[FaceSecrets]) -> None:
    """Templates of another model for these faces, into the other slot."""
    drawn = {
        face.face_id: draw_embedding(place + 500, dimension=OTHER_DIMENSION)
        for place, face in enumerate(faces)
    }
    with vault.writing():
        vault.add_templates(beside(at), drawn)


def parts_of(folder: Path, at: SealedPhoto) -> set[PartKind]:
    return {kind for kind, _ in BlobStore(folder / "blobs").read(at.blob_id)}


def test_each_slot_gives_its_own_templates(vault: Vault) -> None:
    photo, faces = write_photo(vault, 1)
    before = vault.read_templates(photo)
    add_others(vault, photo, faces)
    after = vault.read_templates(photo)
    others = vault.read_templates(beside(photo))
    assert list(before) == list(after) == list(others) == [face.face_id for face in faces]
    for face_id, template in before.items():
        np.testing.assert_array_equal(after[face_id], template)
        assert (template.size, others[face_id].size) == (DIMENSION, OTHER_DIMENSION)
    assert dict(vault.iter_templates([beside(photo)]))[beside(photo)].keys() == others.keys()


def test_cosines_between_templates_of_the_other_model_are_kept(vault: Vault) -> None:
    photo, faces = write_photo(vault, 1)
    add_others(vault, photo, faces)
    stored = np.stack(list(vault.read_templates(beside(photo)).values())).astype(np.float32)
    drawn = np.stack([draw_embedding(500 + n, dimension=OTHER_DIMENSION) for n in range(2)])
    np.testing.assert_allclose(stored @ stored.T, drawn @ drawn.T, atol=2e-3)
    assert np.abs(stored - drawn).max() > 0.1  # turned


def test_crops_and_thumbnail_stay(vault: Vault) -> None:
    photo, faces = write_photo(vault, 1)
    add_others(vault, photo, faces)
    vault.drop_templates([photo.blob_id], slot=0)
    assert vault.read_thumbnail(photo) == make_thumbnail(1)
    for face in faces:
        assert vault.read_crop(photo, face_id=face.face_id) == face.crop_jpeg


@pytest.mark.parametrize("slot", [0, 1])
def test_what_is_dropped_is_gone_from_the_file(vault: Vault, tmp_path: Path, slot: int) -> None:
    photo, faces = write_photo(vault, 1)
    add_others(vault, photo, faces)
    vault.drop_templates([photo.blob_id], slot=slot)
    kept, dropped = replace(photo, slot=1 - slot), replace(photo, slot=slot)
    assert vault.read_templates(dropped) == {}
    assert len(vault.read_templates(kept)) == 2
    gone = (PartKind.TEMPLATE, PartKind.OTHER_TEMPLATE)[slot]
    assert gone not in parts_of(tmp_path, photo)
    assert len(parts_of(tmp_path, photo)) == 3


def test_dropping_again_or_nothing_changes_no_byte(vault: Vault, tmp_path: Path) -> None:
    photo, _ = write_photo(vault, 1)
    path = BlobStore(tmp_path / "blobs").path_of(photo.blob_id)
    before = path.stat().st_mtime_ns, path.read_bytes()
    vault.drop_templates([photo.blob_id, make_photo(9).blob_id], slot=1)
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before


def test_a_face_without_a_key_gets_no_template(vault: Vault) -> None:
    photo, faces = write_photo(vault, 1)
    vault.discard(blob_ids=[], face_ids=[faces[0].face_id])
    add_others(vault, photo, faces)
    assert list(vault.read_templates(beside(photo))) == [faces[1].face_id]


def test_erasing_a_face_takes_it_out_of_both_slots(vault: Vault, tmp_path: Path) -> None:
    photo, faces = write_photo(vault, 1)
    add_others(vault, photo, faces)
    shreds = Shreds(face_ids=[faces[0].face_id], kept_blobs=[(photo.blob_id, photo.photo_id)])
    assert vault.count_left(shreds)["sealed_parts"] == 4  # two templates, a crop, the thumbnail
    vault.shred(shreds)
    assert set(vault.count_left(shreds).values()) == {0}
    for at in (photo, beside(photo)):
        assert list(vault.read_templates(at)) == [faces[1].face_id]
    owners = {owner for _, owner in BlobStore(tmp_path / "blobs").read(photo.blob_id)}
    assert owners == {faces[1].face_id}


def test_erasing_a_photo_takes_both(vault: Vault) -> None:
    photo, faces = write_photo(vault, 1)
    add_others(vault, photo, faces)
    vault.shred(Shreds(photo_ids=[photo.photo_id], blob_ids=[photo.blob_id]))
    for at in (photo, beside(photo)):
        with pytest.raises(VaultError):
            vault.read_templates(at)


def test_nothing_is_added_to_a_photo_that_is_gone(vault: Vault) -> None:
    photo, faces = write_photo(vault, 1)
    vault.shred(Shreds(photo_ids=[photo.photo_id], blob_ids=[photo.blob_id]))
    with pytest.raises(KeyDestroyedError):
        add_others(vault, photo, faces)


def test_a_template_moved_into_the_other_slot_is_tampered_with(
    vault: Vault, tmp_path: Path
) -> None:
    """Whoever can write the files cannot hand an old template on as one of the new model."""
    photo, _ = write_photo(vault, 1)
    store = BlobStore(tmp_path / "blobs")
    moved: dict[tuple[PartKind, str], bytes] = {
        (PartKind.OTHER_TEMPLATE if kind is PartKind.TEMPLATE else kind, owner): envelope
        for (kind, owner), envelope in store.read(photo.blob_id).items()
    }
    with store.batch() as batch:
        batch.write(photo.blob_id, moved)
    with pytest.raises(TamperedError):
        vault.read_templates(beside(photo))
    assert list(vault.iter_templates([beside(photo)])) == []
    assert vault.read_templates(photo) == {}


def test_a_photo_may_be_written_into_the_other_slot_at_once(vault: Vault) -> None:
    at, face = beside(make_photo(3)), write_photo(vault, 1)[1][0]
    new = replace(face, face_id=make_photo(77).photo_id)
    with vault.writing():
        vault.write_photo(at, grant_id=make_photo(8).photo_id, thumbnail_jpeg=None, faces=[new])
    assert list(vault.read_templates(at)) == [new.face_id]
    assert vault.read_templates(replace(at, slot=0)) == {}
