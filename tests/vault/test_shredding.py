"""What is shredded: keys, files and parts, each exactly as far as was asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import KeyDestroyedError, TamperedError
from mien.vault.keyfile import ErasureCopy
from mien.vault.shreds import Shreds, references_of
from mien.vault.vault import MARK_BYTES
from vault.samples import GRANT, OTHER_GRANT, open_vault, read_everything, write_photo


def test_a_shredded_photo_is_gone_and_its_neighbour_stays(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        photo, faces = write_photo(vault, 1)
        other, _ = write_photo(vault, 2)
        shreds = Shreds(
            face_ids=[face.face_id for face in faces],
            photo_ids=[photo.photo_id],
            blob_ids=[photo.blob_id],
        )
        assert vault.count_left(shreds) == {
            "keys": 3,
            "vouchers": 0,
            "sealed_files": 1,
            "sealed_parts": 0,
        }
        vault.shred(shreds)
        assert set(vault.count_left(shreds).values()) == {0}
        assert len(vault.read_templates(other)) == 2
    names = [path.name for path in read_everything(tmp_path / "blobs")]
    assert names == [other.blob_id]


def test_a_shredded_face_leaves_the_others_under_a_new_photo_key(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        photo, (gone, kept) = write_photo(vault, 1)
        old = vault._keys.get_photo_key(photo.photo_id)
        shreds = Shreds(face_ids=[gone.face_id], kept_blobs=[(photo.blob_id, photo.photo_id)])
        assert vault.count_left(shreds) == {
            "keys": 1,
            "vouchers": 0,
            "sealed_files": 0,
            "sealed_parts": 3,
        }
        vault.shred(shreds)
        assert set(vault.count_left(shreds).values()) == {0}
        assert vault._keys.get_photo_key(photo.photo_id) != old
        assert vault.read_crop(photo, face_id=kept.face_id) == kept.crop_jpeg
        assert set(vault.read_templates(photo)) == {kept.face_id}
        assert vault.find_thumbnail(photo) is None
        with pytest.raises(KeyDestroyedError):
            vault.read_crop(photo, face_id=gone.face_id)


def test_shredding_again_changes_nothing(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        photo, (gone, kept) = write_photo(vault, 1)
        shreds = Shreds(face_ids=[gone.face_id], kept_blobs=[(photo.blob_id, photo.photo_id)])
        for _ in range(3):
            vault.shred(shreds)
        assert vault.read_crop(photo, face_id=kept.face_id) == kept.crop_jpeg


def test_a_photo_loses_one_grant_and_stays_open_under_the_other(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        photo, faces = write_photo(vault, 1)
        with vault.writing():
            vault.add_grant(photo.photo_id, grant_id=OTHER_GRANT)
        vault.shred(Shreds(covers=[(photo.photo_id, GRANT)], grant_ids=[GRANT]))
        assert vault.read_crop(photo, face_id=faces[0].face_id) == faces[0].crop_jpeg
        assert list(vault._keys.iter_grant_ids()) == [OTHER_GRANT]
        vault.shred(Shreds(grant_ids=[OTHER_GRANT]))
        with pytest.raises(KeyDestroyedError):
            vault.read_thumbnail(photo)


def test_a_damaged_blob_goes_as_a_whole(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        photo, (gone, _) = write_photo(vault, 1)
        (path,) = read_everything(tmp_path / "blobs")
        path.write_bytes(b"not a blob")
        with pytest.raises(TamperedError):
            vault.read_templates(photo)
        vault.shred(Shreds(face_ids=[gone.face_id], kept_blobs=[(photo.blob_id, photo.photo_id)]))
    assert read_everything(tmp_path / "blobs") == {}


def test_no_destroyed_key_lingers_in_the_file(tmp_path: Path) -> None:
    """Pages are split on the way to a thousand keys, and leave copies of them."""
    with open_vault(tmp_path) as vault:
        written = [write_photo(vault, number, faces=5) for number in range(200)]
        gone = [face.face_id for _, faces in written[::3] for face in faces]
        wrapped = [
            row[0]
            for face_id in gone
            for row in vault._keys._execute(
                "SELECT wrapped FROM face_keys WHERE face_id = ?", face_id
            )
        ]
        assert len(wrapped) == len(gone) > 300
        vault.shred(Shreds(face_ids=gone))
        vault.scrub()
    content = b"".join(read_everything(tmp_path / "keys").values())
    assert [key for key in wrapped if key in content] == []
    assert [face_id for face_id in gone if face_id.encode() in content] == []


def test_marks_are_keyed_and_say_nothing(tmp_path: Path) -> None:
    with open_vault(tmp_path / "one") as one, open_vault(tmp_path / "two") as two:
        mark = one.mark("face:a")
        assert len(mark) == MARK_BYTES
        assert one.mark("face:b") != mark
        assert two.mark("face:a") != mark
    with open_vault(tmp_path / "one") as again:
        assert again.mark("face:a") == mark


def test_everything_shredded_is_known_again_by_its_reference(tmp_path: Path) -> None:
    """What a ledger marks is what a restored vault is searched for."""
    with open_vault(tmp_path) as vault:
        photo, faces = write_photo(vault, 1)
        write_photo(vault, 2)
        shreds = Shreds(
            face_ids=sorted(face.face_id for face in faces),
            photo_ids=[photo.photo_id],
            covers=[(photo.photo_id, GRANT)],
            blob_ids=[photo.blob_id],
        )
        marked = set(references_of(shreds))
        found = vault.find_marked(lambda reference: reference in marked)
        assert sorted(found.face_ids) == shreds.face_ids
        assert (found.photo_ids, found.covers) == (shreds.photo_ids, shreds.covers)
        assert (found.blob_ids, found.grant_ids) == (shreds.blob_ids, [])


def test_the_ledgers_copy_is_kept_once_and_survives(tmp_path: Path) -> None:
    copy = ErasureCopy("8f14e45f-ceea-467f-ab2f-000000000001", "photo", 5, bytes(32))
    with open_vault(tmp_path) as vault:
        vault.copy_erasures([copy, copy])
    with open_vault(tmp_path) as vault:
        assert vault.find_erasure_uuids() == {copy.uuid}
        assert vault.read_erasures([copy.uuid]) == [copy]


def test_what_was_sealed_under_a_forgotten_name_does_not_open(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        sealed = list(vault.seal_parts("snapshot", [b"a template"]))
        vault.forget_parts("snapshot")
        with pytest.raises(KeyDestroyedError):
            list(vault.unseal_parts("snapshot", sealed))


def test_no_grant_makes_a_key_for_a_photo_that_lost_its_own(tmp_path: Path) -> None:
    """What the old key sealed would not open with it, and nothing would tell."""
    with open_vault(tmp_path) as vault:
        photo, _ = write_photo(vault, 1)
        vault.shred(Shreds(photo_ids=[photo.photo_id]))
        with pytest.raises(KeyDestroyedError, match="it was erased"), vault.writing():
            vault.add_grant(photo.photo_id, grant_id=OTHER_GRANT)
        assert list(vault._keys.iter_photo_ids()) == []
        assert OTHER_GRANT not in set(vault._keys.iter_grant_ids())


def test_a_shredded_voucher_is_gone_counted_and_known_again(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        for name in ("grant:a", "grant:b", "collection:a"):
            vault.notary.vouch(name, b"terms")
        shreds = Shreds(vouchers=["grant:a", "grant:none"])
        marked = set(references_of(shreds))
        assert vault.find_marked(lambda reference: reference in marked).vouchers == ["grant:a"]
        assert vault.count_left(shreds)["vouchers"] == 1
        vault.shred(shreds)
        vault.shred(shreds)
        assert vault.count_left(shreds)["vouchers"] == 0
        assert vault.notary.is_vouched("grant:b", b"terms")
        assert vault.notary.is_vouched("collection:a", b"terms")
        assert not vault.notary.is_vouched("grant:a", b"terms")
        vault.scrub()
    content = b"".join(read_everything(tmp_path / "keys").values())
    assert b"grant:a" not in content
    assert b"grant:b" in content
