"""What is kept of subjects opens with their own key only, and never again once that is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import KeyDestroyedError, TamperedError
from mien.vault.shreds import Shreds, references_of
from mien.vault.vault import Vault

ANN, BEN = "person:1", "person:2"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return open_vault(tmp_path)


def open_vault(folder: Path) -> Vault:
    return Vault(keys_folder=folder / "keys", blobs_folder=folder / "blobs", root_key=b"k" * 32)


def seal(vault: Vault, subject: str, content: bytes = b"secret") -> bytes:
    return vault.subjects.seal(content, subject=subject, context="record")


def test_what_was_sealed_opens_again_in_another_process(vault: Vault, tmp_path: Path) -> None:
    sealed = seal(vault, ANN)
    vault.close()
    other = open_vault(tmp_path)
    assert other.subjects.unseal(sealed, subject=ANN, context="record") == b"secret"


def test_what_was_sealed_does_not_show(vault: Vault) -> None:
    assert b"secret" not in seal(vault, ANN)


@pytest.mark.parametrize(("subject", "context"), [(BEN, "record"), (ANN, "template")])
def test_nothing_opens_as_what_it_is_not(vault: Vault, subject: str, context: str) -> None:
    sealed = seal(vault, ANN)
    seal(vault, BEN)
    with pytest.raises(TamperedError):
        vault.subjects.unseal(sealed, subject=subject, context=context)


def test_an_erased_subject_cannot_be_read_and_another_can(vault: Vault) -> None:
    sealed, other = seal(vault, ANN), seal(vault, BEN)
    shreds = Shreds(subjects=[ANN])
    assert vault.count_left(shreds)["keys"] == 1
    vault.shred(shreds)
    assert vault.count_left(shreds)["keys"] == 0
    with pytest.raises(KeyDestroyedError):
        vault.subjects.unseal(sealed, subject=ANN, context="record")
    assert vault.subjects.unseal(other, subject=BEN, context="record") == b"secret"


def test_a_key_that_came_back_is_found_by_its_mark(vault: Vault) -> None:
    seal(vault, ANN)
    seal(vault, BEN)
    assert vault.find_marked(lambda name: name == f"subject key:{ANN}").subjects == [ANN]


def test_a_record_is_vouched_for_as_it_was_written_last(vault: Vault, tmp_path: Path) -> None:
    notary = vault.notary
    assert not notary.is_vouched("grant:1", b"all")
    notary.vouch("grant:1", b"all")
    assert notary.is_vouched("grant:1", b"all")
    notary.vouch("grant:1", b"less")
    assert open_vault(tmp_path).notary.is_vouched("grant:1", b"less")
    assert not notary.is_vouched("grant:1", b"all"), "an older record came back"
    assert not notary.is_vouched("grant:2", b"less"), "another's record"


def test_every_subject_with_a_key_is_listed(vault: Vault) -> None:
    assert vault.subjects.list_all() == []
    seal(vault, ANN)
    seal(vault, ANN)
    seal(vault, BEN)
    assert sorted(vault.subjects.list_all()) == [ANN, BEN]
    vault.shred(Shreds(subjects=[ANN]))
    assert vault.subjects.list_all() == [BEN]


def test_a_voucher_that_is_shredded_vouches_for_nothing(vault: Vault) -> None:
    for name in ("consent:1", "consent:2"):
        vault.notary.vouch(name, b"all")
    shreds = Shreds(vouchers=["consent:1", "consent:3"])
    assert vault.count_left(shreds)["vouchers"] == 1
    vault.shred(shreds)
    assert vault.count_left(shreds)["vouchers"] == 0
    assert not vault.notary.is_vouched("consent:1", b"all")
    assert vault.notary.is_vouched("consent:2", b"all")


def test_a_voucher_that_came_back_is_found_by_its_mark(vault: Vault) -> None:
    vault.notary.vouch("consent:1", b"all")
    vault.notary.vouch("consent:2", b"all")
    (name,) = references_of(Shreds(vouchers=["consent:2"]))
    assert vault.find_marked(lambda found: found == name).vouchers == ["consent:2"]
