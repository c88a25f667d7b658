"""AES-256-GCM envelopes: bytes sealed under a key and bound to the place where they belong.

An envelope is a random 96-bit nonce, the ciphertext and the 128-bit tag, 28 bytes more than
what it holds. The context is authenticated with it: an envelope moved to another place, or
opened as something else, does not open.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mien.errors import TamperedError

KEY_BYTES = 32
NONCE_BYTES = 12
ENVELOPE_BYTES = NONCE_BYTES + 16


def make_key() -> bytes:
    """A fresh random key of 32 bytes."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, content: bytes, *, context: str) -> bytes:
    """The content as an envelope bound to the context."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, context.encode())


def unseal(key: bytes, envelope: bytes, *, context: str) -> bytes:
    """What the envelope holds. Raises `TamperedError` unless key, context and bytes all fit."""
    nonce, ciphertext = envelope[:NONCE_BYTES], envelope[NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, context.encode())
    except (InvalidTag, ValueError) as error:
        kind = context.partition(":")[0]
        raise TamperedError(
            f"A sealed {kind} does not open: its bytes, its key or its place changed. "
            "Restore the data folder together with the keys that belong to it."
        ) from error
