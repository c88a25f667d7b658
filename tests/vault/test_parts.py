"""Streams of sealed parts: in order, all of them, under their own name, and the newest only."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

from mien.errors import KeyDestroyedError, TamperedError
from mien.vault.vault import Vault
from vault.samples import open_vault

PARTS = [b"header", b"first", b"second"]


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with open_vault(tmp_path) as opened:
        yield opened


def unseal(vault: Vault, envelopes: list[bytes], *, name: str = "snapshot:a") -> list[bytes]:
    return list(vault.unseal_parts(name, envelopes))


def test_parts_come_out_as_they_went_in(vault: Vault) -> None:
    sealed = list(vault.seal_parts("snapshot:a", PARTS))
    assert len(sealed) == len(PARTS) + 1, "the end is marked"
    assert unseal(vault, sealed) == PARTS


def test_no_parts_are_still_an_end(vault: Vault) -> None:
    sealed = list(vault.seal_parts("snapshot:a", []))
    assert unseal(vault, sealed) == []
    with pytest.raises(TamperedError, match=r"The end of snapshot:a is lacking"):
        unseal(vault, [])


def test_no_other_order_opens(vault: Vault) -> None:
    sealed = list(vault.seal_parts("snapshot:a", PARTS))
    for order in permutations(sealed):
        if list(order) != sealed:
            with pytest.raises(TamperedError):
                unseal(vault, list(order))


def test_every_missing_part_is_noticed(vault: Vault) -> None:
    sealed = list(vault.seal_parts("snapshot:a", PARTS))
    for lacking in range(len(sealed)):
        with pytest.raises(TamperedError):
            unseal(vault, sealed[:lacking] + sealed[lacking + 1 :])


def test_every_cut_is_noticed_after_what_was_whole(vault: Vault) -> None:
    sealed = list(vault.seal_parts("snapshot:a", PARTS))
    for length in range(len(sealed)):
        stream = vault.unseal_parts("snapshot:a", sealed[:length])
        assert [next(stream) for _ in range(length)] == PARTS[:length]
        with pytest.raises(TamperedError, match="lacking"):
            next(stream)


def test_a_part_twice_is_noticed(vault: Vault) -> None:
    sealed = list(vault.seal_parts("snapshot:a", PARTS))
    with pytest.raises(TamperedError):
        unseal(vault, [sealed[0], *sealed])


def test_what_follows_the_end_is_never_opened(vault: Vault) -> None:
    sealed = list(vault.seal_parts("snapshot:a", PARTS))
    assert unseal(vault, [*sealed, b"anything"]) == PARTS


def test_parts_of_two_names_cannot_be_exchanged(vault: Vault) -> None:
    one = list(vault.seal_parts("snapshot:a", PARTS))
    two = list(vault.seal_parts("snapshot:b", PARTS))
    with pytest.raises(TamperedError):
        unseal(vault, two)
    with pytest.raises(TamperedError):
        unseal(vault, [one[0], two[1], *one[2:]])
    assert unseal(vault, two, name="snapshot:b") == PARTS


def test_sealing_again_makes_what_was_sealed_before_unreadable(vault: Vault) -> None:
    old = list(vault.seal_parts("snapshot:a", PARTS))
    new = list(vault.seal_parts("snapshot:a", [b"header", b"newer"]))
    with pytest.raises(TamperedError):
        unseal(vault, old)
    with pytest.raises(TamperedError):
        unseal(vault, [new[0], *old[1:]])
    assert unseal(vault, new) == [b"header", b"newer"]


def test_a_name_that_was_never_sealed_has_no_key(vault: Vault) -> None:
    with pytest.raises(KeyDestroyedError, match="no key for snapshot:c"):
        unseal(vault, [b"x"], name="snapshot:c")


def test_parts_are_sealed_one_at_a_time_as_they_are_asked_for(vault: Vault) -> None:
    taken: list[bytes] = []

    def make_parts() -> Iterator[bytes]:
        for part in PARTS:
            taken.append(part)
            yield part

    stream = vault.seal_parts("snapshot:a", make_parts())
    next(stream)
    assert taken == PARTS[:1]


def test_parts_open_after_reopening(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        sealed = list(vault.seal_parts("snapshot:a", PARTS))
    with open_vault(tmp_path) as vault:
        assert unseal(vault, sealed) == PARTS
