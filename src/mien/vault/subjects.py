"""What is kept of subjects: sealed under a key of their own, which goes when they go.

A subject is named by a kind and an id, such as `person:UUID`, `suppression:UUID` or
`case:UUID`. Sealed content lies with whoever asked for it; only the keys lie here.
"""

from __future__ import annotations

import threading

from mien.errors import KeyDestroyedError
from mien.vault.keys import KeyStore
from mien.vault.seal import seal, unseal


class Subjects:
    """Seals and opens what is kept of subjects. Threads may share it."""

    def __init__(self, keys: KeyStore, *, turn: threading.RLock) -> None:
        self._keys = keys
        self._turn = turn

    def list_all(self) -> list[str]:
        """Every subject that has a key."""
        with self._turn:
            return list(self._keys.iter_subjects())

    def seal(self, content: bytes, *, subject: str, context: str) -> bytes:
        """Under the subject's key, made where there is none; `context` says what it is."""
        with self._turn, self._keys.transaction():
            key = self._keys.make_subject_key(subject)
        return seal(key, content, context=f"{subject}:{context}")

    def unseal(self, sealed: bytes, *, subject: str, context: str) -> bytes:
        """Raises `KeyDestroyedError`, or `TamperedError` for what was sealed as something else."""
        with self._turn:
            key = self._keys.find_subject_key(subject)
        if key is None:
            raise KeyDestroyedError("The key of this subject is gone: it was erased.")
        return unseal(key, sealed, context=f"{subject}:{context}")
