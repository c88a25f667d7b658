"""Copies of opt-outs beside the keys, and the way back where older keys are put in their place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mien.errors import KeyDestroyedError, TamperedError, VaultError
from mien.vault.shreds import Shreds
from mien.vault.vault import Vault
from vault.samples import open_vault

ANN, BEN = "suppression:1", "suppression:2"


def seal(vault: Vault, subject: str) -> bytes:
    return vault.subjects.seal(b"face", subject=subject, context="face")


def opens(vault: Vault, subject: str, sealed: bytes) -> bool:
    try:
        return vault.subjects.unseal(sealed, subject=subject, context="face") == b"face"
    except VaultError:
        return False


def back_up(home: Path) -> Path:
    return Path(shutil.copytree(home, home.with_name("backup")))


def put_back(home: Path) -> None:
    shutil.rmtree(home)
    shutil.copytree(home.with_name("backup"), home)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_a_copy_counts_together_with_its_key(home: Path) -> None:
    with open_vault(home) as vault:
        vault.suppressions.put(ANN, b"no key")
        assert vault.suppressions.find_subjects() == set()
        seal(vault, ANN)
        assert vault.suppressions.find_subjects() == {ANN}
        assert vault.suppressions.find(ANN) == b"no key"
        vault.suppressions.put(ANN, b"newer")
    with open_vault(home) as vault:
        assert vault.suppressions.find(ANN) == b"newer"
        assert vault.suppressions.find(BEN) is None


def test_a_key_comes_back_to_keys_that_are_older_than_it(home: Path) -> None:
    with open_vault(home):
        pass
    back_up(home)
    with open_vault(home) as vault:
        sealed = seal(vault, ANN)
        wrapped = vault.suppressions.wrap_key(ANN)
        assert vault.suppressions.is_wrapped(ANN, wrapped)
    put_back(home)
    with open_vault(home) as vault:
        assert not vault.suppressions.holds_key(ANN)
        assert not vault.suppressions.is_wrapped(ANN, wrapped), "the key is not there"
        assert not opens(vault, ANN, sealed)
        vault.suppressions.recover_key(ANN, wrapped)
        assert vault.suppressions.is_wrapped(ANN, wrapped)
        assert opens(vault, ANN, sealed)


def test_a_key_that_is_there_is_not_replaced(home: Path) -> None:
    with open_vault(home) as vault:
        seal(vault, ANN)
        wrapped = vault.suppressions.wrap_key(ANN)
        vault.shred(Shreds(subjects=[ANN]))
        sealed = seal(vault, ANN)
        vault.suppressions.recover_key(ANN, wrapped)
        assert opens(vault, ANN, sealed)


def test_a_wrapped_key_says_nothing_and_belongs_to_one_subject(home: Path) -> None:
    with open_vault(home) as vault:
        for subject in (ANN, BEN):
            seal(vault, subject)
        wrapped = vault.suppressions.wrap_key(ANN)
        assert wrapped != vault.suppressions.wrap_key(ANN)
        assert not vault.suppressions.is_wrapped(BEN, wrapped)
        with pytest.raises(TamperedError):
            vault.suppressions.recover_key(BEN, wrapped)


def test_a_key_that_is_gone_cannot_be_wrapped(home: Path) -> None:
    with open_vault(home) as vault, pytest.raises(KeyDestroyedError):
        vault.suppressions.wrap_key(ANN)


def test_after_renewal_older_wrapped_keys_do_not_open(home: Path) -> None:
    with open_vault(home) as vault:
        sealed = {subject: seal(vault, subject) for subject in (ANN, BEN)}
        old = {subject: vault.suppressions.wrap_key(subject) for subject in (ANN, BEN)}
        vault.shred(Shreds(subjects=[ANN]))
        renewed = vault.suppressions.renew([ANN, BEN])
        assert renewed.keys() == {BEN}, "one that is erased is not wrapped again"
        with pytest.raises(TamperedError):
            vault.suppressions.recover_key(ANN, old[ANN])
        assert not opens(vault, ANN, sealed[ANN])
        assert not vault.suppressions.is_wrapped(BEN, old[BEN])
        assert vault.suppressions.is_wrapped(BEN, renewed[BEN])


def test_erasing_destroys_copy_and_key_and_both_are_counted(home: Path) -> None:
    with open_vault(home) as vault:
        for subject in (ANN, BEN):
            seal(vault, subject)
            vault.suppressions.put(subject, b"copy of " + subject.encode())
        shreds = Shreds(subjects=[ANN])
        assert vault.count_left(shreds)["keys"] == 2
        vault.shred(shreds)
        assert vault.count_left(shreds)["keys"] == 0
        assert vault.suppressions.find_subjects() == {BEN}
        vault.scrub()
    assert b"copy of suppression:1" not in (home / "keys" / "keys.db").read_bytes()
    assert b"copy of suppression:2" in (home / "keys" / "keys.db").read_bytes()


def test_two_processes_agree_on_the_way_back(home: Path) -> None:
    with open_vault(home) as one, open_vault(home) as other:
        seal(one, ANN)
        assert other.suppressions.is_wrapped(ANN, one.suppressions.wrap_key(ANN))


def test_a_lost_way_back_is_told(home: Path) -> None:
    with open_vault(home) as vault:
        seal(vault, ANN)
        vault.forget_parts("recovery of suppressions")
        with pytest.raises(TamperedError, match="Put back the newest keys"):
            vault.suppressions.wrap_key(ANN)
