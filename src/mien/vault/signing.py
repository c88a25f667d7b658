"""The deployment's signature: whoever has the public key can tell what was signed here."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Signature:
    """An Ed25519 signature of 64 bytes, and the public key of 32 that it is checked with."""

    signature: bytes
    public_key: bytes


def make_signing_key() -> bytes:
    """A fresh Ed25519 key of 32 bytes."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def sign(key: bytes, message: bytes) -> Signature:
    private = Ed25519PrivateKey.from_private_bytes(key)
    return Signature(private.sign(message), private.public_key().public_bytes_raw())
