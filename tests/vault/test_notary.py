"""References, marks and sealed notes: of use with this vault, and nothing without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mien.errors import KeyDestroyedError, TamperedError
from mien.vault.notary import Owner
from mien.vault.vault import Vault
from vault.samples import GRANT, OTHER_GRANT, open_vault, read_everything, write_photo

NOTE = b"who searched for whom"
HASH = bytes(range(32))


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with open_vault(tmp_path / "one") as opened:
        yield opened


@pytest.fixture
def owners(vault: Vault) -> list[Owner]:
    """One of each kind: the deployment, a grant, two faces of a photo."""
    photo, faces = write_photo(vault, 1)
    own = [Owner(photo_id=photo.photo_id, face_id=face.face_id) for face in faces]
    return [Owner(), Owner(GRANT), *own]


def test_a_reference_is_the_same_for_the_same_value_alone(vault: Vault) -> None:
    notary = vault.notary
    assert notary.refer("actor", "ada") == notary.refer("actor", "ada")
    others = {notary.refer("actor", "ada"), notary.refer("actor", "eve"), notary.refer("x", "ada")}
    assert len(others) == 3


def test_a_reference_says_nothing_in_another_home(vault: Vault, tmp_path: Path) -> None:
    with open_vault(tmp_path / "two") as other:
        assert other.notary.refer("actor", "ada") != vault.notary.refer("actor", "ada")
        log = vault.notary.logs.current
        assert other.notary.mark(1, HASH, log=log) != vault.notary.mark(1, HASH, log=log)
        assert other.notary.signer.origin != vault.notary.signer.origin


def test_a_mark_holds_for_one_place_one_entry_and_one_log(vault: Vault) -> None:
    notary = vault.notary
    log = notary.logs.current
    other = notary.logs.begin(first=1, predecessor=log.signer.sign(2, HASH))
    places = [(1, HASH, log), (2, HASH, log), (1, HASH[::-1], log), (1, HASH, other)]
    marks = {notary.mark(seq, leaf_hash, log=of) for seq, leaf_hash, of in places}
    assert len(marks) == 4
    assert notary.mark(1, HASH, log=log) in marks


def test_the_secrets_outlive_the_process(tmp_path: Path) -> None:
    told = []
    for _ in range(2):
        with open_vault(tmp_path) as vault:
            notary = vault.notary
            told.append((notary.refer("a", "b"), notary.signer.verification_key))
    assert told[0] == told[1]


def test_notes_open_with_their_owners_key(vault: Vault, owners: list[Owner]) -> None:
    for owner in owners:
        sealed = vault.notary.seal_note(NOTE, owner=owner, context="1:0")
        assert sealed
        assert NOTE not in sealed
        assert vault.notary.unseal_note(sealed, owner=owner, context="1:0") == NOTE
        with pytest.raises(TamperedError, match="sealed note does not open"):
            vault.notary.unseal_note(sealed, owner=owner, context="2:0")


def test_no_note_opens_with_anothers_key(vault: Vault, owners: list[Owner]) -> None:
    sealed = vault.notary.seal_note(NOTE, owner=owners[2], context="1:0")
    assert sealed
    for owner in (owners[0], owners[1], owners[3]):
        with pytest.raises(TamperedError):
            vault.notary.unseal_note(sealed, owner=owner, context="1:0")


def test_a_note_is_erased_with_the_face_it_is_about(vault: Vault, owners: list[Owner]) -> None:
    face, spared = owners[2:]
    sealed = {
        owner: vault.notary.seal_note(NOTE, owner=owner, context="1:0") for owner in (face, spared)
    }
    vault.discard(blob_ids=[], face_ids=[face.face_id])
    with pytest.raises(KeyDestroyedError, match="erased together with"):
        vault.notary.unseal_note(sealed[face] or b"", owner=face, context="1:0")
    assert vault.notary.seal_note(NOTE, owner=face, context="1:1") is None
    assert vault.notary.unseal_note(sealed[spared] or b"", owner=spared, context="1:0") == NOTE


def test_no_key_is_made_for_a_grant_that_has_none(vault: Vault) -> None:
    owner = Owner(OTHER_GRANT)
    assert vault.notary.seal_note(NOTE, owner=owner, context="1:0") is None
    vault.notary.make_grant_key(OTHER_GRANT)
    assert vault.notary.seal_note(NOTE, owner=owner, context="1:0")


def test_the_signing_key_lies_sealed(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        signer = vault.notary.signer
        private = signer._private.private_bytes_raw()
    for content in read_everything(tmp_path).values():
        assert private not in content
        assert private.hex().encode() not in content


def test_a_derived_secret_is_the_same_for_one_value_in_one_home(tmp_path: Path) -> None:
    made = []
    for home in ("one", "one", "two"):
        with open_vault(tmp_path / home) as vault:
            made.append(vault.notary.derive_secret("access key", "MIEN1"))
            others = [
                vault.notary.derive_secret("access key", "MIEN2"),
                vault.notary.derive_secret("key", "MIEN1"),
            ]
    assert made[0] == made[1]
    assert len({*made, *others}) == 4
    assert {len(one) for one in (*made, *others)} == {40}


def test_a_derived_secret_lies_nowhere(tmp_path: Path) -> None:
    with open_vault(tmp_path / "one") as vault:
        made = vault.notary.derive_secret("access key", "MIEN1")
    assert read_everything(tmp_path / "one")
    for content in read_everything(tmp_path / "one").values():
        assert made.encode() not in content
