"""The logs of a home: each with a key of its own, remembered with how far it was signed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mien.vault.lineage import Head, Lineage
from mien.vault.vault import Vault
from vault.samples import open_vault, read_everything

HASH = bytes(range(32))
HEAD = Head(3, HASH, (HASH, HASH[::-1]))


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with open_vault(tmp_path) as opened:
        yield opened


@pytest.fixture
def logs(vault: Vault) -> Lineage:
    return vault.notary.logs


def test_the_first_log_is_signed_with_the_deployments_key(vault: Vault, logs: Lineage) -> None:
    (log,) = logs.list_logs()
    assert log == logs.current
    assert (log.number, log.first, log.predecessor) == (0, 0, "")
    assert log.origin == vault.notary.signer.origin


def test_a_head_is_remembered_and_never_an_earlier_one(logs: Lineage) -> None:
    log = logs.current
    assert logs.find_head(log) == Head()
    logs.keep_head(log, HEAD)
    logs.keep_head(log, Head(2, HASH, (HASH,)))
    assert logs.find_head(log) == HEAD


def test_another_log_has_another_key_and_a_head_of_its_own(logs: Lineage) -> None:
    first = logs.current
    logs.keep_head(first, HEAD)
    note = first.signer.sign(3, HASH)
    second = logs.begin(first=2, predecessor=note)
    assert logs.list_logs() == [first, second]
    assert (second.number, second.first, second.predecessor) == (1, 2, note)
    assert second.origin != first.origin
    assert logs.find_head(second) == Head()
    logs.keep_head(second, Head(4, HASH, (HASH,)))
    assert logs.find_head(first) == HEAD
    assert logs.find_head(second).size == 4


def test_a_log_that_never_signed_is_replaced(logs: Lineage) -> None:
    first = logs.current
    logs.keep_head(first, HEAD)
    note = first.signer.sign(3, HASH)
    given_up = logs.begin(first=2, predecessor=note)
    second = logs.begin(first=1, predecessor=note)
    assert logs.list_logs() == [first, second]
    assert given_up.origin != second.origin
    logs.keep_head(second, HEAD)
    third = logs.begin(first=1, predecessor=second.signer.sign(3, HASH))
    assert [log.origin for log in logs.list_logs()] == [
        log.origin for log in (first, second, third)
    ]


def test_what_another_process_began_is_seen(vault: Vault, logs: Lineage, tmp_path: Path) -> None:
    log = logs.current
    with open_vault(tmp_path) as other:
        second = other.notary.logs.begin(first=5, predecessor=log.signer.sign(9, HASH))
        other.notary.logs.keep_head(second, HEAD)
    assert logs.current.origin == second.origin
    assert logs.find_head(logs.current) == HEAD
    assert vault.notary.logs.current == logs.current


def test_all_of_it_outlives_the_process(tmp_path: Path) -> None:
    told = []
    for is_first in (True, False):
        with open_vault(tmp_path) as vault:
            logs = vault.notary.logs
            if is_first:
                logs.keep_head(logs.current, HEAD)
                logs.begin(first=2, predecessor=logs.current.signer.sign(3, HASH))
            told.append([(log.number, log.origin, log.predecessor) for log in logs.list_logs()])
    assert told[0] == told[1]
    assert len(told[0]) == 2


def test_no_signing_key_lies_in_the_clear(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        logs = vault.notary.logs
        log = logs.begin(first=2, predecessor=logs.current.signer.sign(3, HASH))
        private = log.signer._private.private_bytes_raw()
    for content in read_everything(tmp_path).values():
        assert private not in content
        assert private.hex().encode() not in content


def test_threads_that_begin_at_once_agree_in_the_end(logs: Lineage) -> None:
    note = logs.current.signer.sign(3, HASH)
    threads = [
        threading.Thread(target=logs.begin, kwargs={"first": 1, "predecessor": note})
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [log.number for log in logs.list_logs()] == [0, 1]
