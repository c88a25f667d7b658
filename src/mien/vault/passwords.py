"""Passwords: what is kept of them, and whether one fits.

Argon2id with 64 MiB, three passes and one lane: the memory and passes that RFC 9106 recommends
where 2 GiB are too much, in one lane, so that a sign-in occupies one processor and no more.
"""

from __future__ import annotations

import base64
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error

MEMORY_KIB = 64 * 1024
PASSES = 3


class Passwords:
    """Makes and checks hashes. Threads may share it."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        salt, digest = (_encode(secrets.token_bytes(size)) for size in (16, 32))
        # A hash of no password: to check one against it takes as long as against any other.
        self._nobodys = f"$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${digest}"

    def make_hash(self, password: str) -> str:
        """What is kept: salted, with the parameters that it was made with."""
        return self._hasher.hash(_normalise(password))

    def fits(self, kept: str, password: str) -> bool:
        """Is it the password that the hash was made of? It takes as long where none is kept."""
        try:
            self._hasher.verify(kept or self._nobodys, _normalise(password))
        except (Argon2Error, ValueError):  # the hash is none, or none of ASCII
            return False
        return bool(kept)

    def is_outdated(self, kept: str) -> bool:
        """Was it made with other parameters than those of today?"""
        return self._hasher.check_needs_rehash(kept)


def _normalise(password: str) -> bytes:
    """The same bytes however a keyboard composes its letters."""
    return unicodedata.normalize("NFC", password).encode(errors="backslashreplace")


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode().rstrip("=")
