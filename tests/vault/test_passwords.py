"""Passwords: hashes that others can check too, and no difference where there is none."""

from __future__ import annotations

import argon2
import pytest

from mien.vault.passwords import MEMORY_KIB, PASSES, Passwords

CHEAP = Passwords(memory_kib=64, passes=1)
REFERENCE = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
"""Of `password` with the salt `somesalt`: from the tests of the reference implementation."""


def test_it_knows_the_hash_of_the_reference_implementation() -> None:
    assert CHEAP.fits(REFERENCE, "password")
    assert not CHEAP.fits(REFERENCE, "Password")


def test_a_hash_says_with_what_it_was_made() -> None:
    kept = Passwords().make_hash("seven blue herons wait")
    assert kept.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1$")
    assert (MEMORY_KIB, PASSES) == (64 * 1024, 3)


def test_each_hash_has_a_salt_of_its_own() -> None:
    first, second = CHEAP.make_hash("the same"), CHEAP.make_hash("the same")
    assert first != second
    assert CHEAP.fits(first, "the same")
    assert CHEAP.fits(second, "the same")


def test_letters_are_the_same_however_they_are_composed() -> None:
    kept = CHEAP.make_hash("un caf\u00e9 cr\u00e8me")
    assert CHEAP.fits(kept, "un cafe\u0301 cre\u0300me")
    assert not CHEAP.fits(kept, "un cafe creme")


def test_what_is_no_text_is_a_password_all_the_same() -> None:
    kept = CHEAP.make_hash("broken \udc80 surrogate")
    assert CHEAP.fits(kept, "broken \udc80 surrogate")


@pytest.mark.parametrize("kept", ["", "no hash", "$argon2id$v=19$m=64,t=1,p=1$AAAA$AAAA"])
@pytest.mark.parametrize("password", ["", "anything"])
def test_nothing_fits_where_no_hash_is_kept(kept: str, password: str) -> None:
    assert not CHEAP.fits(kept, password)


def test_as_much_is_done_where_none_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[argon2.Parameters] = []
    verify = argon2.PasswordHasher.verify

    def note(self: argon2.PasswordHasher, kept: str, password: bytes) -> bool:
        checked.append(argon2.extract_parameters(kept))
        return verify(self, kept, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", note)
    CHEAP.fits(CHEAP.make_hash("right"), "wrong")
    CHEAP.fits("", "wrong")
    assert len(checked) == 2
    assert checked[0] == checked[1]


def test_a_hash_is_outdated_once_parameters_rise() -> None:
    kept = CHEAP.make_hash("seven blue herons wait")
    assert not CHEAP.is_outdated(kept)
    assert Passwords(memory_kib=128, passes=1).is_outdated(kept)
    assert Passwords(memory_kib=64, passes=2).is_outdated(kept)
