"""Records of opt-outs, kept twice: neither an old catalog nor an old key file forgets them.

A record lies in the catalog, sealed under a key of its own (mien.vault.subjects). A copy of it
lies here beside the keys. In return the catalog keeps the record's key, wrapped under a recovery
key that every key file has from its beginning. The recovery key is replaced whenever a record
is erased, so that what an old catalog says of it does not open any more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from mien.errors import KeyDestroyedError, TamperedError
from mien.vault.keys import KeyStore
from mien.vault.seal import make_key, seal, unseal

_RECOVERY = "recovery of suppressions"


class SuppressionCopies:
    """Copies of records, by their subjects. Threads may share it."""

    def __init__(self, keys: KeyStore, *, turn: threading.RLock) -> None:
        self._keys = keys
        self._turn = turn
        if keys.find_secret(_RECOVERY) is None:
            self._begin()

    def find_subjects(self) -> set[str]:
        """All that have both a copy and the key that opens it."""
        with self._turn:
            return self._keys.find_suppressions()

    def find(self, subject: str) -> bytes | None:
        with self._turn:
            return self._keys.find_suppression(subject)

    def put(self, subject: str, content: bytes) -> None:
        """Keeps a copy, in the place of an older one."""
        with self._turn, self._keys.transaction():
            self._keys.put_suppression(subject, content)

    def wrap_key(self, subject: str) -> bytes:
        """The subject's key as the catalog keeps it. Raises `KeyDestroyedError` without one."""
        with self._turn:
            return self._wrap(subject, recovery=self._find_recovery())

    def is_wrapped(self, subject: str, wrapped: bytes) -> bool:
        """Would this give the subject's key back?"""
        with self._turn:
            key = self._keys.find_subject_key(subject)
            try:
                return self._unwrap(subject, wrapped) == key
            except TamperedError:
                return False

    def holds_key(self, subject: str) -> bool:
        with self._turn:
            return self._keys.find_subject_key(subject) is not None

    def recover_key(self, subject: str, wrapped: bytes) -> None:
        """Puts the subject's key back where it is lost. Raises `TamperedError` for a wrong one."""
        with self._turn, self._keys.transaction():
            self._keys.put_subject_key(subject, self._unwrap(subject, wrapped))

    def renew(self, subjects: Iterable[str]) -> Mapping[str, bytes]:
        """Another recovery key; the keys of those that still have one, wrapped under it."""
        recovery = make_key()
        with self._turn, self._keys.transaction():
            self._keys.put_secret(_RECOVERY, recovery)
            return {
                subject: self._wrap(subject, recovery=recovery)
                for subject in subjects
                if self._keys.find_subject_key(subject) is not None
            }

    def _begin(self) -> None:
        # Under the key file's write lock, so that two processes agree on one.
        with self._turn, self._keys.transaction():
            if self._keys.find_secret(_RECOVERY) is None:
                self._keys.put_secret(_RECOVERY, make_key())

    def _wrap(self, subject: str, *, recovery: bytes) -> bytes:
        key = self._keys.find_subject_key(subject)
        if key is None:
            raise KeyDestroyedError("The key of this suppression is gone: it was lifted.")
        return seal(recovery, key, context=f"recovery:{subject}")

    def _unwrap(self, subject: str, wrapped: bytes) -> bytes:
        return unseal(self._find_recovery(), wrapped, context=f"recovery:{subject}")

    def _find_recovery(self) -> bytes:
        recovery = self._keys.find_secret(_RECOVERY)
        if recovery is None:
            raise TamperedError(
                f"The secret {_RECOVERY!r} is gone from the key file. Put back the newest keys."
            )
        return recovery
