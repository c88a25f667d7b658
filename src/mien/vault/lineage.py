"""The logs that a home has kept, one after the other: their keys, and how far each is signed.

A log signs under a key of its own, and never two histories. Where entries that it signed are
lost, another log begins, which remembers where, and after which signed head. The first one
signs with the deployment's key. The newest head of each lies sealed beside the keys, so that
a catalog that lost entries is not taken for the whole.
"""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from mien.vault.keys import KeyStore
from mien.vault.signer import Signer, make_signing_key

_LOGS, _HEAD = "audit logs", "audit head"
_HASH_BYTES = 32
_SIZE = struct.Struct("<Q")


class Head(NamedTuple):
    """How far a log is signed: the hash of the last entry, and the roots of the full subtrees.

    The largest of these comes first. Of a log that signed nothing yet, there is nothing.
    """

    size: int = 0
    last: bytes = b""
    peaks: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Log:
    """One of the logs. Before its entry `first` stand those of the logs before it.

    `predecessor` is the last checkpoint of the log that it succeeds; the first has none.
    """

    number: int
    signer: Signer
    first: int = 0
    predecessor: str = ""

    @property
    def origin(self) -> str:
        return self.signer.origin


class Lineage:
    """The logs of a deployment. Threads may share it; whatever another process did is seen."""

    def __init__(
        self, keys: KeyStore, *, turn: threading.RLock, first_signer: Callable[[], Signer]
    ) -> None:
        self._keys = keys
        self._turn = turn
        self._first_signer = first_signer
        self._signers: dict[str, Signer] = {}

    @property
    def current(self) -> Log:
        """The log that entries are written into now."""
        return self.list_logs()[-1]

    def list_logs(self) -> list[Log]:
        """All of them, the first one first."""
        logs = [Log(0, self._first_signer())]
        for number, stored in enumerate(self._read(), start=1):
            signer = self._open_signer(stored["key"])
            logs.append(Log(number, signer, stored["first"], stored["predecessor"]))
        return logs

    def begin(self, *, first: int, predecessor: str) -> Log:
        """Another log, from this entry on. It takes the place of one that never signed."""
        with self._turn, self._keys.transaction():
            stored = self._read()
            if stored and not self.find_head(self.current).size:
                stored.pop()
            key = make_signing_key().hex()
            stored.append({"key": key, "first": first, "predecessor": predecessor})
            self._keys.put_secret(_LOGS, json.dumps(stored).encode())
            return self.current

    def find_head(self, log: Log) -> Head:
        """The newest head of the log that was signed."""
        with self._turn:
            content = self._keys.find_secret(_name_head(log))
        if content is None:
            return Head()
        (size,) = _SIZE.unpack_from(content)
        places = range(_SIZE.size, len(content), _HASH_BYTES)
        last, *peaks = [content[at : at + _HASH_BYTES] for at in places]
        return Head(size, last, tuple(peaks))

    def keep_head(self, log: Log, head: Head) -> None:
        """Remembers a head that was signed, unless a later one is known."""
        with self._turn, self._keys.transaction():
            if self.find_head(log).size < head.size:
                content = _SIZE.pack(head.size) + head.last + b"".join(head.peaks)
                self._keys.put_secret(_name_head(log), content)

    def _read(self) -> list[dict[str, Any]]:
        with self._turn:
            content = self._keys.find_secret(_LOGS)
        stored: list[dict[str, Any]] = [] if content is None else json.loads(content)
        return stored

    def _open_signer(self, key: str) -> Signer:
        if key not in self._signers:
            self._signers[key] = Signer(bytes.fromhex(key))
        return self._signers[key]


def _name_head(log: Log) -> str:
    return f"{_HEAD} {log.number}" if log.number else _HEAD
